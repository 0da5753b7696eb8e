// SPDX-License-Identifier: Apache-2.0
// One row of kind `batch_fetch`, from the calling thread. Hot: no lock, no allocation, no system call.
#pragma once

#include "collector/sources/host/fetch_meter.hpp"

namespace stepscope::collector::python {

[[gnu::hot]] void write_fetch(const FetchTask& of, const FetchUsage& used) noexcept;

}  // namespace stepscope::collector::python
