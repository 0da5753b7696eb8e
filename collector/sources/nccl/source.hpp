// SPDX-License-Identifier: Apache-2.0
//
// The NCCL source: collectives and communicators, as NCCL's profiler plugin interface tells them. See source_registry.hpp
// for when these are called.
#pragma once

#include <stdint.h>

#include "trace/spool_writer.hpp"

namespace stepscope::collector::nccl {

int64_t tick(trace::Ring* ring, int64_t now_ns) noexcept;
void finish(trace::Ring* ring, int64_t deadline_ns) noexcept;
void forget() noexcept;

}  // namespace stepscope::collector::nccl
