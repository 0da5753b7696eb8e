// SPDX-License-Identifier: Apache-2.0
//
// How sure a gate must be at each look, when it may look again after more runs.
//
// Looking after every run and stopping at the first "significant" result would raise a false alarm far more often than at
// the rate alpha. Lan and DeMets (Biometrika 1983) spend alpha over the looks: alpha(t) of it may be used up when the share t of
// the information planned for the last look is there. We take Kim and DeMets' (Biometrika 1987) power family with exponent 1,
// alpha(t) = alpha * t: every run buys the same share. O'Brien and Fleming's function spends next to nothing at the early looks,
// whose levels (1e-5 and less) a t test of two or three runs cannot honour when run-to-run noise has heavy tails; Pocock's spends so
// much of it early that the last look is weak. Boundaries come from the joint normal distribution of the looks (Armitage,
// McPherson, Rowe 1969, by numerical integration) and are applied to t tests as nominal significance levels (Jennison and
// Turnbull 2000, chapter 4.4), which the tests show to hold.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace stepscope::analysis {

// The one-sided nominal level of each of the first `looks`. `information`: ascending, positive, the last is the plan's end. One look:
// alpha.
[[nodiscard]] std::vector<double> nominal_levels(std::span<const double> information, double alpha,
                                                 size_t looks = static_cast<size_t>(-1));

// The level of the look that `candidates` runs allow, when the gate looks after each candidate run from `first` to `last`
// against `base` runs: information is 1 / (1/base + 1/n). More candidates than `last`: as if that many had been planned.
[[nodiscard]] double level_at(size_t base, size_t candidates, size_t first, size_t last, double alpha);

}  // namespace stepscope::analysis
