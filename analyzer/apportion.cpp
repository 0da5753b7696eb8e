// SPDX-License-Identifier: Apache-2.0
#include "analyzer/apportion.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace stepscope::analysis {
namespace {

__extension__ using Wide = __int128;

Wide floor_div(Wide a, Wide b) {
  const Wide quotient = a / b;
  return a % b != 0 && ((a < 0) != (b < 0)) ? quotient - 1 : quotient;
}

}  // namespace

void apportion(int64_t total, std::span<const int64_t> weights, std::span<int64_t> out) {
  assert(!weights.empty() && out.size() == weights.size());
  Wide sum = 0;
  for (const int64_t weight : weights) {
    sum += weight;
  }
  if (sum == 0) {
    std::fill(out.begin(), out.end(), 0);
    out[0] = total;
    return;
  }
  std::vector<Wide> remainder(weights.size());
  Wide given = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const Wide share = static_cast<Wide>(total) * weights[i];
    const Wide whole = floor_div(share, sum);
    // In units of 1/|sum|, so that a larger one is nearer to the next whole number whatever the sign of sum.
    remainder[i] = sum > 0 ? share - whole * sum : whole * sum - share;
    out[i] = static_cast<int64_t>(whole);
    given += whole;
  }
  auto left = static_cast<size_t>(static_cast<Wide>(total) - given);
  if (left == 0) {
    return;
  }
  std::vector<size_t> order(weights.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return remainder[a] > remainder[b]; });
  for (size_t i = 0; left > 0; ++i, --left) {
    ++out[order[i % order.size()]];
  }
}

std::vector<int64_t> apportion(int64_t total, std::span<const int64_t> weights) {
  std::vector<int64_t> out(weights.size());
  apportion(total, weights, out);
  return out;
}

int64_t rounded_mean(int64_t sum, int64_t count) {
  assert(count > 0);
  const Wide twice = 2 * static_cast<Wide>(sum);
  return static_cast<int64_t>(sum >= 0 ? (twice + count) / (2 * static_cast<Wide>(count))
                                       : (twice - count) / (2 * static_cast<Wide>(count)));
}

std::vector<int64_t> closed_means(std::span<const int64_t> sums, int64_t count) {
  const int64_t total = std::accumulate(sums.begin(), sums.end(), int64_t{0});
  return sums.empty() ? std::vector<int64_t>() : apportion(rounded_mean(total, count), sums);
}

}  // namespace stepscope::analysis
