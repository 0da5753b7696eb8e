// SPDX-License-Identifier: Apache-2.0
//
// Orders in which the values of a series could as well have come, were there no change in it. Internal to analyzer/trend.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analyzer/resample.hpp"

namespace stepscope::analysis {

class Rearrangements {
 public:
  // `correlation`: 0 = every order is as likely as any other; above: the order of the ranks of a Gaussian AR(1) series, so
  // that values keep their distribution and neighbours are alike.
  Rearrangements(std::span<const double> values, double correlation, uint64_t seed);
  // The next one; valid until the next call.
  [[nodiscard]] std::span<const double> next();

 private:
  [[nodiscard]] double normal();

  Random random_;
  double correlation_;
  std::vector<double> sorted_;
  std::vector<double> arranged_;
  std::vector<double> series_;
  std::vector<size_t> order_;
};

// Correlation of neighbouring values in [0, 0.95], from what hardly mistakes level shifts for it; 0 where noise of independent values
// explains it, and for fewer than 12 values.
[[nodiscard]] double neighbour_correlation(std::span<const double> values);

// Median of absolute deviations from the median, scaled to the SD of Gaussian noise.
[[nodiscard]] double robust_sd(std::vector<double> deviations);
[[nodiscard]] double median_of(std::vector<double> values);

}  // namespace stepscope::analysis
