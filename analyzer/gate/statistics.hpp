// SPDX-License-Identifier: Apache-2.0
//
// Summaries of a few numbers and the rank test that others report, so that their results can be held against ours. Internal
// to the library. Spans are unsorted; empty spans give 0.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace stepscope::analysis {

[[nodiscard]] double mean_of(std::span<const double> values);
// Of n - 1; 0 for fewer than two values.
[[nodiscard]] double sample_variance(std::span<const double> values);
// Of an even count: the mean of the middle two.
[[nodiscard]] double median_of(std::span<const double> values);
// The smallest value that at least the share `p` of the values do not exceed (nearest rank).
[[nodiscard]] double nearest_rank(std::span<const double> values, double p);
// Correlation of neighbours, 0 for fewer than three values or constant ones.
[[nodiscard]] double lag1_autocorrelation(std::span<const double> values);

// An interval of the median from order statistics: [x(k), x(n+1-k)] with the largest k whose coverage, by the binomial
// distribution, is at least `confidence`. `known` is false when even [min, max] does not reach it: 6 values for 95 %.
struct MedianInterval {
  bool known = false;
  double low = 0;
  double high = 0;
  double coverage = 0;
};
[[nodiscard]] MedianInterval median_interval(std::span<const double> values, double confidence);

// Mann and Whitney's U test, two-sided, p exact also with ties: over all ways to deal the pooled values out to the two sides
// (Streitberg and Roehmel 1986, by counting). For at most 60 values; p is -1 above that or for an empty side.
struct RankTest {
  double u = 0;  // of the first side: pairs in which its value is larger, ties count half
  double p = -1;
};
[[nodiscard]] RankTest mann_whitney(std::span<const double> a, std::span<const double> b);

// Benjamini and Hochberg 1995: which hypotheses are rejected so that at most the share q of the rejections is expected to
// be false.
[[nodiscard]] std::vector<bool> false_discovery(std::span<const double> p_values, double q);
// The least q at which that procedure rejects each of them.
[[nodiscard]] std::vector<double> false_discovery_q(std::span<const double> p_values);

}  // namespace stepscope::analysis
