// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/excess.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analyzer/gate/distributions.hpp"

namespace stepscope::analysis {
namespace {

// The number of failures there, where the place does not matter: probability[i] is that of `least` + i.
struct FailureCounts {
  size_t least = 0;
  std::vector<double> probability;
};

double log_choose(size_t n, size_t k) {
  const auto logarithm = [](size_t m) { return std::lgamma(static_cast<double>(m) + 1); };  // of m!
  return logarithm(n) - logarithm(k) - logarithm(n - k);
}

FailureCounts hypergeometric(const Stratum& stratum) {
  const size_t elsewhere = stratum.runs - stratum.runs_there;
  FailureCounts out;
  out.least = stratum.failed > elsewhere ? stratum.failed - elsewhere : 0;
  const double all = log_choose(stratum.runs, stratum.failed);
  for (size_t x = out.least; x <= std::min(stratum.failed, stratum.runs_there); ++x) {
    out.probability.push_back(
        std::exp(log_choose(stratum.runs_there, x) + log_choose(elsewhere, stratum.failed - x) - all));
  }
  return out;
}

double share_there(const Stratum& stratum) {
  return stratum.hours > 0 ? std::clamp(stratum.hours_there / stratum.hours, 0.0, 1.0) : 0.0;
}

FailureCounts binomial(const Stratum& stratum) {
  const double share = share_there(stratum);
  const size_t n = stratum.failed;
  FailureCounts out;
  if (share <= 0 || share >= 1) {
    out.least = share <= 0 ? 0 : n;
    out.probability = {1};
    return out;
  }
  for (size_t x = 0; x <= n; ++x) {
    out.probability.push_back(std::exp(log_choose(n, x) + static_cast<double>(x) * std::log(share) +
                                       static_cast<double>(n - x) * std::log1p(-share)));
  }
  return out;
}

FailureCounts sum_of(const FailureCounts& a, const FailureCounts& b) {
  FailureCounts out;
  out.least = a.least + b.least;
  out.probability.resize(a.probability.size() + b.probability.size() - 1);
  for (size_t i = 0; i < a.probability.size(); ++i) {
    for (size_t j = 0; j < b.probability.size(); ++j) {
      out.probability[i + j] += a.probability[i] * b.probability[j];
    }
  }
  return out;
}

double exact_p(std::span<const Stratum> strata, Exposure exposure, size_t observed) {
  FailureCounts all{0, {1}};
  for (const Stratum& stratum : strata) {
    if (stratum.failed != 0) {
      all = sum_of(all, exposure == Exposure::kRuns ? hypergeometric(stratum) : binomial(stratum));
    }
  }
  double p = 0;
  for (size_t i = 0; i < all.probability.size(); ++i) {
    const size_t x = all.least + i;
    p += x > observed ? all.probability[i] : x == observed ? 0.5 * all.probability[i] : 0;
  }
  return std::min(1.0, p);
}

double normal_p(std::span<const Stratum> strata, Exposure exposure, size_t observed) {
  double mean = 0;
  double variance = 0;
  for (const Stratum& stratum : strata) {
    const auto failed = static_cast<double>(stratum.failed);
    const auto runs = static_cast<double>(stratum.runs);
    const double share = exposure == Exposure::kHours
                             ? share_there(stratum)
                             : (runs > 0 ? static_cast<double>(stratum.runs_there) / runs : 0);
    mean += failed * share;
    const double finite = exposure == Exposure::kHours ? 1 : (runs > 1 ? (runs - failed) / (runs - 1) : 0);
    variance += failed * share * (1 - share) * finite;
  }
  return variance > 0 ? normal_cdf((mean - static_cast<double>(observed)) / std::sqrt(variance)) : 1;
}

}  // namespace

double excess_p_value(std::span<const Stratum> strata, Exposure exposure) {
  size_t observed = 0;
  double products = 0;
  double width = 1;
  bool telling = false;
  for (const Stratum& stratum : strata) {
    observed += stratum.failed_there;
    const double own =
        1 + static_cast<double>(exposure == Exposure::kRuns ? std::min(stratum.failed, stratum.runs_there)
                                                            : stratum.failed);
    products += width * own;
    width += own - 1;
    telling =
        telling || (stratum.failed != 0 && stratum.runs_there != 0 && stratum.runs_there < stratum.runs);
  }
  if (!telling) {
    return 1;
  }
  return products <= kMostProducts ? exact_p(strata, exposure, observed)
                                   : normal_p(strata, exposure, observed);
}

}  // namespace stepscope::analysis
