// SPDX-License-Identifier: Apache-2.0
#include "analyzer/trend/rearrangement.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace stepscope::analysis {
namespace {

constexpr double kMadToSd = 1.4826;
constexpr double kMostCorrelation = 0.95;
constexpr double kTrimmed = 0.15;  // of the differences

// Lag-1 autocorrelation of what the best single step leaves, corrected for the two levels that were fitted.
double correlation_of_residuals(std::span<const double> values) {
  const size_t n = values.size();
  std::vector<double> sums(n + 1, 0);
  std::partial_sum(values.begin(), values.end(), sums.begin() + 1);
  size_t best = 0;
  double largest = -1;
  for (size_t k = 1; k < n; ++k) {
    const double left = sums[k] / static_cast<double>(k);
    const double right = (sums[n] - sums[k]) / static_cast<double>(n - k);
    const double gain = static_cast<double>(k) * static_cast<double>(n - k) * (left - right) * (left - right);
    if (gain > largest) {
      largest = gain;
      best = k;
    }
  }
  const double left = sums[best] / static_cast<double>(best);
  const double right = (sums[n] - sums[best]) / static_cast<double>(n - best);
  double products = 0;
  double squares = 0;
  double before = 0;
  for (size_t i = 0; i < n; ++i) {
    const double residual = values[i] - (i < best ? left : right);
    products += residual * before;
    squares += residual * residual;
    before = residual;
  }
  const double raw = squares > 0 ? products / squares : 0;
  // Kendall 1954 has (1 + 3 rho) / n of bias for one mean; a fitted step costs about another such term.
  return (static_cast<double>(n) * raw + 2) / (static_cast<double>(n) - 6);
}

// Mean square difference at a lag, without the largest, which have steps in them.
double trimmed_square_difference(std::span<const double> values, size_t lag) {
  std::vector<double> squares;
  for (size_t i = lag; i < values.size(); ++i) {
    squares.push_back((values[i] - values[i - lag]) * (values[i] - values[i - lag]));
  }
  std::sort(squares.begin(), squares.end());
  squares.resize(squares.size() - static_cast<size_t>(kTrimmed * static_cast<double>(squares.size())));
  return std::accumulate(squares.begin(), squares.end(), 0.0) / static_cast<double>(squares.size());
}

// Var(x[i+2] - x[i]) / Var(x[i+1] - x[i]) = 1 + rho in an AR(1) series.
double correlation_of_differences(std::span<const double> values) {
  const double one = trimmed_square_difference(values, 1);
  return one > 0 ? trimmed_square_difference(values, 2) / one - 1 : 0;
}

}  // namespace

double median_of(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return values.size() % 2 == 1 ? *middle : (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double robust_sd(std::vector<double> deviations) {
  for (double& deviation : deviations) {
    deviation = std::abs(deviation);
  }
  return kMadToSd * median_of(std::move(deviations));
}

double neighbour_correlation(std::span<const double> values) {
  const size_t n = values.size();
  if (n < 12) {
    return 0;  // nothing can be said
  }
  // Several steps leave much after the best one, but are in few differences.
  const double estimate = std::min(correlation_of_residuals(values), correlation_of_differences(values));
  const double noise = 1.645 / std::sqrt(static_cast<double>(n));  // 95th percentile for independent values
  return estimate > noise ? std::min(estimate, kMostCorrelation) : 0;
}

Rearrangements::Rearrangements(std::span<const double> values, double correlation, uint64_t seed)
    : random_(seed),
      correlation_(correlation),
      sorted_(values.begin(), values.end()),
      arranged_(sorted_),
      series_(values.size()),
      order_(values.size()) {
  std::sort(sorted_.begin(), sorted_.end());
}

double Rearrangements::normal() {  // Box and Muller
  constexpr double kUnit = 0x1p-53;
  const double u = (static_cast<double>(random_.next() >> 11) + 1) * kUnit;
  const double v = static_cast<double>(random_.next() >> 11) * kUnit;
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

std::span<const double> Rearrangements::next() {
  if (correlation_ == 0) {
    for (size_t i = arranged_.size(); i > 1; --i) {  // Fisher and Yates
      std::swap(arranged_[i - 1], arranged_[random_.below(i)]);
    }
    return arranged_;
  }
  const double innovation = std::sqrt(1 - correlation_ * correlation_);
  double last = normal();
  for (double& value : series_) {
    value = last;
    last = correlation_ * last + innovation * normal();
  }
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::sort(order_.begin(), order_.end(), [this](size_t a, size_t b) { return series_[a] < series_[b]; });
  for (size_t rank = 0; rank < order_.size(); ++rank) {
    arranged_[order_[rank]] = sorted_[rank];
  }
  return arranged_;
}

}  // namespace stepscope::analysis
