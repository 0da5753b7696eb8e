// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace stepscope::analysis {
namespace {

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  std::sort(copy.begin(), copy.end());
  return copy;
}

// Twice the rank of each of the sorted values: ties share the mean of their ranks, and twice that is whole.
std::vector<int64_t> doubled_ranks(const std::vector<double>& values) {
  std::vector<int64_t> ranks(values.size());
  for (size_t i = 0; i < values.size();) {
    size_t end = i;
    while (end < values.size() && values[end] == values[i]) {
      ++end;
    }
    std::fill(ranks.begin() + static_cast<std::ptrdiff_t>(i),
              ranks.begin() + static_cast<std::ptrdiff_t>(end), static_cast<int64_t>(i + 1 + end));
    i = end;
  }
  return ranks;
}

// counts[s]: in how many ways `take` of the ranks add up to s. Doubles: 60 over 30 is below 2^57, exact enough for a p-value.
std::vector<double> ways_to_sum(const std::vector<int64_t>& ranks, size_t take) {
  const auto most = static_cast<size_t>(std::accumulate(ranks.begin(), ranks.end(), int64_t{0}));
  std::vector<std::vector<double>> ways(take + 1, std::vector<double>(most + 1, 0.0));
  ways[0][0] = 1;
  for (const int64_t rank : ranks) {
    const auto r = static_cast<size_t>(rank);
    for (size_t k = take; k > 0; --k) {
      for (size_t s = most; s >= r; --s) {
        ways[k][s] += ways[k - 1][s - r];
      }
    }
  }
  return ways[take];
}

}  // namespace

double mean_of(std::span<const double> values) {
  return values.empty()
             ? 0.0
             : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double sample_variance(std::span<const double> values) {
  if (values.size() < 2) {
    return 0;
  }
  const double middle = mean_of(values);
  double sum = 0;
  for (const double value : values) {
    sum += (value - middle) * (value - middle);
  }
  return sum / static_cast<double>(values.size() - 1);
}

double median_of(std::span<const double> values) {
  if (values.empty()) {
    return 0;
  }
  std::vector<double> copy(values.begin(), values.end());
  const auto half = copy.begin() + static_cast<std::ptrdiff_t>(copy.size() / 2);
  std::nth_element(copy.begin(), half, copy.end());
  return copy.size() % 2 == 1 ? *half : 0.5 * (*half + *std::max_element(copy.begin(), half));
}

double nearest_rank(std::span<const double> values, double p) {
  if (values.empty()) {
    return 0;
  }
  const std::vector<double> copy = sorted(values);
  const auto rank = static_cast<size_t>(std::ceil(p * static_cast<double>(copy.size()) - 1e-9));
  return copy[std::clamp<size_t>(rank, 1, copy.size()) - 1];
}

double lag1_autocorrelation(std::span<const double> values) {
  if (values.size() < 3) {
    return 0;
  }
  const double middle = mean_of(values);
  double variance = 0;
  double covariance = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double off = values[i] - middle;
    variance += off * off;
    covariance += i + 1 < values.size() ? off * (values[i + 1] - middle) : 0;
  }
  return variance > 0 ? covariance / variance : 0.0;
}

MedianInterval median_interval(std::span<const double> values, double confidence) {
  MedianInterval interval;
  const std::vector<double> copy = sorted(values);
  const size_t n = copy.size();
  double tail = 0;                                      // P(Binomial(n, 1/2) < k)
  double term = std::pow(0.5, static_cast<double>(n));  // P(Binomial = k)
  for (size_t k = 0; 2 * k < n; ++k) {
    tail += term;
    term *= static_cast<double>(n - k) / static_cast<double>(k + 1);
    if (1 - 2 * tail < confidence) {
      break;
    }
    interval = {true, copy[k], copy[n - 1 - k], 1 - 2 * tail};
  }
  return interval;
}

RankTest mann_whitney(std::span<const double> a, std::span<const double> b) {
  RankTest test;
  for (const double x : a) {
    for (const double y : b) {
      test.u += x > y ? 1.0 : x == y ? 0.5 : 0.0;
    }
  }
  constexpr size_t kMost = 60;
  if (a.empty() || b.empty() || a.size() + b.size() > kMost) {
    return test;
  }
  std::vector<double> pooled(a.begin(), a.end());
  pooled.insert(pooled.end(), b.begin(), b.end());
  std::sort(pooled.begin(), pooled.end());
  const std::vector<double> ways = ways_to_sum(doubled_ranks(pooled), a.size());
  // Sum of ranks = U + n (n + 1) / 2; everything doubled.
  const auto n = static_cast<double>(a.size());
  const auto mine = static_cast<size_t>(std::lround(2 * test.u + n * (n + 1)));
  double all = 0;
  double below = 0;
  double above = 0;
  for (size_t s = 0; s < ways.size(); ++s) {
    all += ways[s];
    below += s <= mine ? ways[s] : 0;
    above += s >= mine ? ways[s] : 0;
  }
  test.p = std::min(1.0, 2 * std::min(below, above) / all);
  return test;
}

std::vector<bool> false_discovery(std::span<const double> p_values, double q) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  size_t rejected = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const double limit = q * static_cast<double>(i + 1) / static_cast<double>(order.size());
    rejected = p_values[order[i]] <= limit ? i + 1 : rejected;
  }
  std::vector<bool> result(p_values.size(), false);
  for (size_t i = 0; i < rejected; ++i) {
    result[order[i]] = true;
  }
  return result;
}

std::vector<double> false_discovery_q(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> q_values(p_values.size(), 1.0);
  double least = 1;
  for (size_t i = order.size(); i-- > 0;) {
    least =
        std::min(least, p_values[order[i]] * static_cast<double>(order.size()) / static_cast<double>(i + 1));
    q_values[order[i]] = least;
  }
  return q_values;
}

}  // namespace stepscope::analysis
