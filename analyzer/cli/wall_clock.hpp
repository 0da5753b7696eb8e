// SPDX-License-Identifier: Apache-2.0
//
// When a command runs, for records that say when they were made and whether they have expired.
#pragma once

#include <chrono>
#include <cstdint>

namespace stepscope::analysis::cli {

// ns since 1970 UTC.
inline int64_t wall_now_ns() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace stepscope::analysis::cli
