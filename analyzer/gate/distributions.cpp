// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/distributions.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace stepscope::analysis {
namespace {

constexpr double kTiny = 1e-300;
constexpr double kEnough = 1e-15;
constexpr int kMostTerms = 500;

double away_from_zero(double x) {
  return std::fabs(x) < kTiny ? kTiny : x;
}

double beta_fraction(double a, double b, double x) {
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m <= kMostTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    fraction *= d * c;
    if (std::fabs(d * c - 1) < kEnough) {
      break;
    }
  }
  return fraction;
}

// Regularized incomplete beta function I_x(a, b).
double incomplete_beta(double a, double b, double x) {
  if (x <= 0 || x >= 1) {
    return x <= 0 ? 0.0 : 1.0;
  }
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                   : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

// Regularized lower incomplete gamma function P(a, x).
double incomplete_gamma(double a, double x) {
  if (x <= 0) {
    return 0;
  }
  const double front = std::exp(-x + a * std::log(x) - std::lgamma(a));
  if (x < a + 1) {
    double term = 1 / a;
    double sum = term;
    for (int n = 1; n <= kMostTerms && std::fabs(term) > std::fabs(sum) * kEnough; ++n) {
      term *= x / (a + n);
      sum += term;
    }
    return sum * front;
  }
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / b;
  double fraction = d;
  for (int n = 1; n <= kMostTerms; ++n) {
    const double an = -n * (n - a);
    b += 2;
    d = 1 / away_from_zero(an * d + b);
    c = away_from_zero(b + an / c);
    fraction *= d * c;
    if (std::fabs(d * c - 1) < kEnough) {
      break;
    }
  }
  return 1 - front * fraction;
}

// The x with cdf(x) = p, for a cdf that grows from below p at `low` to above p somewhere above `high`.
template <typename Cdf>
double inverted(const Cdf& cdf, double p, double low, double high) {
  while (cdf(high) < p && high < 1e12) {
    low = high;
    high *= 2;
  }
  for (int i = 0; i < 200 && high - low > 1e-13 * (1 + std::fabs(high)); ++i) {
    const double middle = 0.5 * (low + high);
    (cdf(middle) < p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

double normal_quantile(double p) {
  constexpr double kA[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                           1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr double kB[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                           6.680131188771972e+01, -1.328068155288572e+01};
  constexpr double kC[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                           -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr double kD[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                           3.754408661907416e+00};
  constexpr double kLow = 0.02425;
  p = std::clamp(p, 1e-300, 1 - 1e-16);
  const auto tail = [&](double q) {
    return (((((kC[0] * q + kC[1]) * q + kC[2]) * q + kC[3]) * q + kC[4]) * q + kC[5]) /
           ((((kD[0] * q + kD[1]) * q + kD[2]) * q + kD[3]) * q + 1);
  };
  double x = 0;
  if (p < kLow) {
    x = tail(std::sqrt(-2 * std::log(p)));
  } else if (p > 1 - kLow) {
    x = -tail(std::sqrt(-2 * std::log1p(-p)));
  } else {
    const double q = p - 0.5;
    const double r = q * q;
    x = (((((kA[0] * r + kA[1]) * r + kA[2]) * r + kA[3]) * r + kA[4]) * r + kA[5]) * q /
        (((((kB[0] * r + kB[1]) * r + kB[2]) * r + kB[3]) * r + kB[4]) * r + 1);
  }
  const double error = normal_cdf(x) - p;
  const double u = error * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
  return x - u / (1 + x * u / 2);
}

double student_t_cdf(double t, double degrees) {
  const double tail = 0.5 * incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
  return t > 0 ? 1 - tail : tail;
}

double student_t_quantile(double p, double degrees) {
  if (p < 0.5) {
    return -student_t_quantile(1 - p, degrees);
  }
  // Newton from the normal quantile, which lies to the left: the cdf is concave there, so no step goes too far.
  const double front = std::exp(std::lgamma((degrees + 1) / 2) - std::lgamma(degrees / 2)) /
                       std::sqrt(degrees * std::numbers::pi);
  double t = std::max(0.0, normal_quantile(p));
  for (int i = 0; i < kMostTerms; ++i) {
    const double density = front * std::pow(1 + t * t / degrees, -(degrees + 1) / 2);
    const double step = (p - student_t_cdf(t, degrees)) / density;
    t += step;
    if (!(step > 1e-12 * (1 + t))) {
      break;
    }
  }
  return t;
}

double chi_squared_cdf(double x, double degrees) {
  return incomplete_gamma(degrees / 2, x / 2);
}

double chi_squared_quantile(double p, double degrees) {
  return inverted([degrees](double x) { return chi_squared_cdf(x, degrees); }, p, 0, degrees + 1);
}

double f_cdf(double x, double numerator_degrees, double denominator_degrees) {
  const double scaled = numerator_degrees * x;
  return x <= 0 ? 0.0
                : incomplete_beta(numerator_degrees / 2, denominator_degrees / 2,
                                  scaled / (scaled + denominator_degrees));
}

}  // namespace stepscope::analysis
