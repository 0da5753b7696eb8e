// SPDX-License-Identifier: Apache-2.0
//
// The CUPTI source: what the GPU did, as CUPTI's activity records. See source_registry.hpp for when these are called.
#pragma once

#include <stdint.h>

#include "trace/spool_writer.hpp"

namespace stepscope::collector::cupti {

int64_t tick(trace::Ring* ring, int64_t now_ns) noexcept;
void finish(trace::Ring* ring, int64_t deadline_ns) noexcept;
void forget() noexcept;

}  // namespace stepscope::collector::cupti
