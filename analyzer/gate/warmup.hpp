// SPDX-License-Identifier: Apache-2.0
//
// Where a run has settled, beyond what the classes of its steps say. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace stepscope::analysis {

// How many of the first steps to leave out: one change point by least absolute deviations (two levels, each its median), looked
// for once and in the first half only. It counts when the steps before it are longer by more than three of the robust standard
// deviations (1.4826 MAD) of the steps behind it and by more than 1 %; else 0. So many that at least 10 steps stay.
[[nodiscard]] size_t unsettled_steps(std::span<const int64_t> step_ns);

}  // namespace stepscope::analysis
