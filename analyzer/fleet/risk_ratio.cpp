// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/risk_ratio.hpp"

#include <algorithm>
#include <cmath>

namespace stepscope::analysis {
namespace {

constexpr double kZ = 1.959963984540054;  // 97.5 % quantile of the normal distribution

// Failures and what they are counted against, there and elsewhere; all runs of a stratum or of all strata.
struct TwoByTwo {
  double failed_there = 0;
  double there = 0;
  double failed_elsewhere = 0;
  double elsewhere = 0;
};

TwoByTwo two_by_two(const Stratum& stratum, Exposure exposure) {
  const bool hours = exposure == Exposure::kHours;
  const double there = hours ? stratum.hours_there : static_cast<double>(stratum.runs_there);
  const double all = hours ? stratum.hours : static_cast<double>(stratum.runs);
  const auto failed_there = static_cast<double>(stratum.failed_there);
  return {failed_there, there, static_cast<double>(stratum.failed) - failed_there,
          std::max(0.0, all - there)};
}

// Sums of Mantel and Haenszel and the numerator of Greenland and Robins's variance.
struct RatioSums {
  double above = 0;
  double below = 0;
  double variance = 0;

  void add(const TwoByTwo& t, Exposure exposure) {
    const double all = t.there + t.elsewhere;
    if (all <= 0) {
      return;
    }
    above += t.failed_there * t.elsewhere / all;
    below += t.failed_elsewhere * t.there / all;
    variance += (t.failed_there + t.failed_elsewhere) * t.there * t.elsewhere / (all * all);
    if (exposure == Exposure::kRuns) {
      variance -= t.failed_there * t.failed_elsewhere / all;
    }
  }
};

}  // namespace

RiskRatio risk_ratio(std::span<const Stratum> strata, Exposure exposure) {
  RatioSums sums;
  TwoByTwo together;
  for (const Stratum& stratum : strata) {
    const TwoByTwo t = two_by_two(stratum, exposure);
    sums.add(t, exposure);
    together.failed_there += t.failed_there;
    together.there += t.there;
    together.failed_elsewhere += t.failed_elsewhere;
    together.elsewhere += t.elsewhere;
  }
  if (together.failed_there <= 0) {
    return {0, 0, 0};
  }
  if (sums.above <= 0 || sums.below <= 0) {
    const double added = exposure == Exposure::kRuns ? 1 : 0;
    sums = {};
    sums.add({together.failed_there + 0.5, together.there + added, together.failed_elsewhere + 0.5,
              together.elsewhere + added},
             exposure);
  }
  RiskRatio out;
  if (sums.above <= 0 || sums.below <= 0) {
    return {0, 0, 0};  // no hours on a side: there is nothing to compare with
  }
  out.estimate = sums.above / sums.below;
  const double sd = std::sqrt(std::max(0.0, sums.variance / (sums.above * sums.below)));
  out.low = out.estimate * std::exp(-kZ * sd);
  out.high = out.estimate * std::exp(kZ * sd);
  return out;
}

double least_risk(size_t failed, size_t runs) {
  if (failed == 0 || runs == 0) {
    return 0;
  }
  const auto n = static_cast<double>(runs);
  const double share = static_cast<double>(failed) / n;
  const double middle = share + kZ * kZ / (2 * n);
  const double half = kZ * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n));
  return std::max(0.0, (middle - half) / (1 + kZ * kZ / n));
}

double least_rate(size_t failed, double hours) {
  if (failed == 0 || hours <= 0) {
    return 0;
  }
  const auto n = static_cast<double>(failed);
  const double root = 1 - 1 / (9 * n) - kZ / (3 * std::sqrt(n));
  return std::max(0.0, n * root * root * root) / hours;
}

}  // namespace stepscope::analysis
