// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/spending.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "analyzer/gate/distributions.hpp"

namespace stepscope::analysis {
namespace {

// The density of the score S = Z * sqrt(information) of what has not crossed a boundary yet, on a grid.
struct Density {
  double low = 0;
  double step = 0;
  std::vector<double> at;  // an odd number of points, for Simpson's rule
};

constexpr double kFarAway = 8;  // standard deviations below which nothing is kept

double normal_density(double x) {
  return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi);
}

// Simpson's rule over the grid of `density(i) * weight(s_i)`.
template <typename Weight>
double integrated(const Density& density, const Weight& weight) {
  double sum = 0;
  for (size_t i = 0; i < density.at.size(); ++i) {
    const double factor = i == 0 || i + 1 == density.at.size() ? 1.0 : i % 2 == 1 ? 4.0 : 2.0;
    sum += factor * density.at[i] * weight(density.low + density.step * static_cast<double>(i));
  }
  return sum * density.step / 3;
}

// What crosses the score `boundary` at the next look, which adds the information `more`.
double crossing(const Density& before, double boundary, double more) {
  const double sd = std::sqrt(more);
  return integrated(before, [&](double s) { return normal_cdf((s - boundary) / sd); });
}

// What has not crossed `boundary` at the next look, when `total` is there. `finest`: the narrowest kernel that the result will be
// integrated against; the grid is twice as fine.
Density propagated(const Density& before, double boundary, double more, double total, double finest) {
  constexpr double kMostPoints = 4000;
  const double sd = std::sqrt(more);
  Density next;
  next.low = -kFarAway * std::sqrt(total);
  const double range = boundary - next.low;
  const size_t half = static_cast<size_t>(std::min(kMostPoints / 2, std::ceil(range / finest)));
  const size_t points = 2 * std::max<size_t>(half, 40) + 1;
  next.step = range / static_cast<double>(points - 1);
  for (size_t i = 0; i < points; ++i) {
    const double x = next.low + next.step * static_cast<double>(i);
    next.at.push_back(before.at.empty() ? normal_density(x / sd) / sd : integrated(before, [&](double s) {
      return normal_density((x - s) / sd) / sd;
    }));
  }
  return next;
}

}  // namespace

std::vector<double> nominal_levels(std::span<const double> information, double alpha, size_t looks) {
  std::vector<double> levels;
  double finest = std::sqrt(information.front());
  for (size_t i = 1; i < information.size(); ++i) {
    finest = std::min(finest, std::sqrt(information[i] - information[i - 1]));
  }
  Density density;
  double spent = 0;
  double before = 0;
  for (const double now : information.first(std::min(looks, information.size()))) {
    const double may = alpha * now / information.back() - spent;
    double low = 0;  // bisection for the boundary of z
    double high = kFarAway;
    for (int i = 0; i < 60; ++i) {
      const double z = 0.5 * (low + high);
      const double crossed =
          density.at.empty() ? 1 - normal_cdf(z) : crossing(density, z * std::sqrt(now), now - before);
      (crossed > may ? low : high) = z;
    }
    const double z = 0.5 * (low + high);
    levels.push_back(normal_cdf(-z));
    density = propagated(density, z * std::sqrt(now), now - before, now, finest);
    before = now;
    spent += may;
  }
  return levels;
}

double level_at(size_t base, size_t candidates, size_t first, size_t last, double alpha) {
  last = std::max(last, candidates);
  if (last <= first) {
    return alpha;
  }
  std::vector<double> information;
  for (size_t n = first; n <= last; ++n) {
    information.push_back(1 / (1 / static_cast<double>(base) + 1 / static_cast<double>(n)));
  }
  const size_t look = std::max(candidates, first) - first;
  return nominal_levels(information, alpha, look + 1).back();
}

}  // namespace stepscope::analysis
