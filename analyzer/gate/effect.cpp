// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/effect.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analyzer/gate/distributions.hpp"
#include "analyzer/gate/statistics.hpp"

namespace stepscope::analysis {
namespace {

constexpr double kFewRuns = 3;

struct RunSide {
  double n = 0;
  double mean = 0;
  double variance = 0;  // at least that of the resolution
};

RunSide side_of(std::span<const double> values, double resolution) {
  return {static_cast<double>(values.size()), mean_of(values),
          std::max(sample_variance(values), resolution * resolution / 12)};
}

double pooled_variance(const RunSide& a, const RunSide& b) {
  const double degrees = a.n + b.n - 2;
  return degrees > 0 ? ((a.n - 1) * a.variance + (b.n - 1) * b.variance) / degrees : 0.0;
}

// Whether runs that scatter like this are likely under the model.
bool fits(const RunSide& a, const RunSide& b, const KnownNoise& model) {
  const double degrees = a.n + b.n - 2;
  if (degrees <= 0 || model.sd <= 0) {
    return model.sd > 0;
  }
  constexpr double kLevel = 0.01;
  return 1 - f_cdf(pooled_variance(a, b) / (model.sd * model.sd), degrees, model.degrees) >= kLevel;
}

void by_welch(const RunSide& base, const RunSide& candidate, Effect* effect) {
  const double a = base.variance / base.n;
  const double b = candidate.variance / candidate.n;
  effect->source = NoiseSource::kWelch;
  effect->standard_error = std::sqrt(a + b);
  effect->degrees = (a + b) * (a + b) / (a * a / (base.n - 1) + b * b / (candidate.n - 1));
}

// Whether the side with fewer runs, one or two, may be taken to scatter as the other.
bool scatters_alike(const RunSide& base, const RunSide& candidate) {
  const RunSide& small = base.n < candidate.n ? base : candidate;
  const RunSide& large = base.n < candidate.n ? candidate : base;
  constexpr double kLevel = 0.05;
  return small.n < 2 || 1 - f_cdf(small.variance / large.variance, small.n - 1, large.n - 1) >= kLevel;
}

void by_one_scatter(const RunSide& base, const RunSide& candidate, NoiseSource source, double sd,
                    double degrees, Effect* effect) {
  effect->source = source;
  effect->sd = sd;
  effect->standard_error = sd * std::sqrt(1 / base.n + 1 / candidate.n);
  effect->degrees = degrees;
}

// Chi-squared / degrees at the middles of equal slices of probability.
std::vector<double> variance_grid(size_t runs) {
  constexpr size_t kSlices = 24;
  std::vector<double> grid;
  const auto degrees = static_cast<double>(runs - 1);
  for (size_t i = 0; i < kSlices; ++i) {
    grid.push_back(chi_squared_quantile((static_cast<double>(i) + 0.5) / kSlices, degrees) / degrees);
  }
  return grid;
}

// Standard errors that Welch's test would multiply with its quantile, over what two sides of sd 1 may show.
std::vector<double> welch_limits(size_t base, size_t candidates, double level) {
  std::vector<double> limits;
  const std::vector<double> first = variance_grid(base);
  const std::vector<double> second = variance_grid(candidates);
  for (const double x : first) {
    for (const double y : second) {
      Effect effect;
      by_welch({static_cast<double>(base), 0, x}, {static_cast<double>(candidates), 0, y}, &effect);
      limits.push_back(effect.standard_error * student_t_quantile(1 - level, effect.degrees));
    }
  }
  return limits;
}

}  // namespace

double Effect::lower(double level) const {
  return estimate - standard_error * student_t_quantile(1 - level, degrees);
}

double Effect::upper(double level) const {
  return estimate + standard_error * student_t_quantile(1 - level, degrees);
}

Effect compare_runs(std::span<const double> base_values, std::span<const double> candidate_values,
                    const std::optional<KnownNoise>& model, double resolution) {
  const RunSide base = side_of(base_values, resolution);
  const RunSide candidate = side_of(candidate_values, resolution);
  Effect effect;
  effect.estimate = candidate.mean - base.mean;
  effect.sd = std::sqrt(pooled_variance(base, candidate));
  const double fewest = std::min(base.n, candidate.n);
  const bool fitting = model.has_value() && model->degrees > 0 && fits(base, candidate, *model);
  effect.model_refused = model.has_value() && !fitting;
  if (fitting && fewest < kFewRuns) {
    by_one_scatter(base, candidate, NoiseSource::kModel, model->sd, model->degrees, &effect);
  } else if (base.n != candidate.n && fewest < kFewRuns && scatters_alike(base, candidate)) {
    by_one_scatter(base, candidate, NoiseSource::kPrediction, effect.sd, base.n + candidate.n - 2, &effect);
  } else if (fewest >= 2) {
    by_welch(base, candidate, &effect);
  } else {
    return effect;
  }
  effect.p_greater = student_t_cdf(-effect.estimate / effect.standard_error, effect.degrees);
  return effect;
}

double detectable_change(size_t base, size_t candidates, double sd, double degrees, double level,
                         double power) {
  const double error = std::sqrt(1 / static_cast<double>(base) + 1 / static_cast<double>(candidates));
  std::vector<double> limits;
  if (degrees > 0) {  // the scatter comes from elsewhere: its own uncertainty is that of `degrees`
    constexpr size_t kSlices = 200;
    const double quantile = student_t_quantile(1 - level, degrees);
    for (size_t i = 0; i < kSlices; ++i) {
      const double share = (static_cast<double>(i) + 0.5) / kSlices;
      limits.push_back(error * quantile * std::sqrt(chi_squared_quantile(share, degrees) / degrees));
    }
  } else if (std::min(base, candidates) >= 2) {
    limits = welch_limits(base, candidates, level);
  } else {
    return -1;
  }
  const auto power_of = [&](double change) {
    double sum = 0;
    for (const double limit : limits) {
      sum += normal_cdf((change - limit) / error);
    }
    return sum / static_cast<double>(limits.size());
  };
  double low = 0;
  double high = error;
  while (power_of(high) < power && high < 1e6) {
    high *= 2;
  }
  for (int i = 0; i < 50; ++i) {
    const double middle = 0.5 * (low + high);
    (power_of(middle) < power ? low : high) = middle;
  }
  return high * sd;
}

size_t runs_to_decide(const Effect& effect, const MoreRuns& now, double threshold, double level, bool both,
                      size_t most) {
  const bool slower = effect.estimate >= threshold;
  const double room = slower ? effect.estimate : threshold - effect.estimate;
  for (size_t more = 0; more <= most; ++more) {
    const auto base = static_cast<double>(now.base + (both ? more : 0));
    const auto candidates = static_cast<double>(now.candidates + more);
    const double degrees =
        effect.source == NoiseSource::kModel
            ? effect.degrees
            : std::max(1.0, std::min(base, candidates) - 1 + std::max(base, candidates) - 1);
    const double error = effect.sd * std::sqrt(1 / base + 1 / candidates);
    if (error * student_t_quantile(1 - level, degrees) < room) {
      return more;
    }
  }
  return most + 1;
}

}  // namespace stepscope::analysis
