// SPDX-License-Identifier: Apache-2.0
//
// apportion: splits a whole number into whole parts in given proportions, by largest remainder, so that the parts
// add up exactly. What keeps every table of this library closed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace stepscope::analysis {

// out[i] ~ total * weights[i] / sum(weights); sum(out) == total always. Weights and total may be negative. With a
// zero sum of weights everything goes to out[0]. Ties of remainders go to the lower index. out.size() == weights.size() > 0.
void apportion(int64_t total, std::span<const int64_t> weights, std::span<int64_t> out);
[[nodiscard]] std::vector<int64_t> apportion(int64_t total, std::span<const int64_t> weights);

// Whole-number mean of sums over `count`: half away from zero. count > 0.
[[nodiscard]] int64_t rounded_mean(int64_t sum, int64_t count);

// Means of a column of sums over `count`, whole numbers that add up to the rounded mean of the total.
[[nodiscard]] std::vector<int64_t> closed_means(std::span<const int64_t> sums, int64_t count);

}  // namespace stepscope::analysis
