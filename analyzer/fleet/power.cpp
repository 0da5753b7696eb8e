// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/power.hpp"

#include <algorithm>
#include <cmath>

namespace stepscope::analysis {
namespace {

double log_factorial(size_t n) {
  return std::lgamma(static_cast<double>(n) + 1);
}

// P(Binomial(n, p) >= least), by summing what is below; logarithms, since (1 - p)^n of a large fleet is no double.
double binomial_tail(size_t n, double p, size_t least) {
  if (p <= 0 || p >= 1) {
    return p >= 1 || least == 0 ? 1 : 0;
  }
  double below = 0;
  for (size_t x = 0; x < least; ++x) {
    below += std::exp(log_factorial(n) - log_factorial(x) - log_factorial(n - x) +
                      static_cast<double>(x) * std::log(p) + static_cast<double>(n - x) * std::log1p(-p));
  }
  return 1 - below;
}

double poisson_tail(double mean, size_t least) {
  double below = 0;
  for (size_t x = 0; mean > 0 && x < least; ++x) {
    below += std::exp(static_cast<double>(x) * std::log(mean) - mean - log_factorial(x));
  }
  return mean > 0 ? 1 - below : 0;
}

// The least x of [0, most] at which `power`, which grows, reaches kPower; it does at `most`.
template <typename Power>
double least_reaching(double most, const Power& power) {
  double low = 0;
  double high = most;
  for (int i = 0; i < 50; ++i) {
    const double middle = 0.5 * (low + high);
    (power(middle) >= kPower ? high : low) = middle;
  }
  return high;
}

}  // namespace

Detectable detectable(const Stratum& fleet, Exposure exposure, double alpha, size_t least) {
  Detectable out;
  const bool hours = exposure == Exposure::kHours;
  const double all = hours ? fleet.hours : static_cast<double>(fleet.runs);
  const double there = hours ? fleet.hours_there : static_cast<double>(fleet.runs_there);
  if (fleet.failed == 0 || there <= 0 || there >= all) {
    return out;
  }
  const double average = static_cast<double>(fleet.failed) / all;
  const auto failed_elsewhere = static_cast<size_t>(std::lround(average * (all - there)));
  // By hours there is no end to how many may fail; where this many do not do, no fleet's runs would.
  const size_t most = hours ? fleet.failed + 1000 : fleet.runs_there;
  Stratum found = fleet;
  for (size_t x = std::max<size_t>(least, 1); x <= most && !out.possible; ++x) {
    found.failed_there = x;
    found.failed = x + failed_elsewhere;
    out.possible = excess_p_value({&found, 1}, exposure) <= alpha;
    out.failures = x;
  }
  if (!out.possible) {
    return {};
  }
  if (hours) {
    const double mean = least_reaching(static_cast<double>(2 * out.failures) + 20,
                                       [&](double m) { return poisson_tail(m, out.failures); });
    out.risk = mean / there;
  } else {
    out.risk = least_reaching(1, [&](double p) { return binomial_tail(fleet.runs_there, p, out.failures); });
  }
  out.ratio = out.risk / average;
  return out;
}

}  // namespace stepscope::analysis
