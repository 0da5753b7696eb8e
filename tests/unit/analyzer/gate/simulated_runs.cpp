// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/analyzer/gate/simulated_runs.hpp"

#include <cmath>

#include "analyzer/gate/statistics.hpp"

namespace stepscope::analysis {

RunSummary SimulatedRuns::one(const std::string& name, double slower) {
  RunSummary run;
  run.run = name;
  run.id = name;
  run.step_method = "nvtx";
  run.fingerprint.key = "0123456789abcdef";
  run.train_steps = noise_.steps;
  run.class_steps[0] = noise_.steps;
  wandered_ += noise_.walk > 0 ? noise_.walk * normal() : 0;
  const double level = std::log(100e6) + std::log1p(slower) + wandered_ + noise_.between * deviate();
  const double slope = noise_.drift * (2 * uniform() - 1);
  double step = deviate();
  std::vector<double> values;
  for (size_t i = 0; i < noise_.steps; ++i) {
    step = noise_.rho * step + std::sqrt(1 - noise_.rho * noise_.rho) * deviate();
    const double part = static_cast<double>(i) / static_cast<double>(noise_.steps);
    run.train_step_ns.push_back(std::llround(std::exp(level + slope * part + noise_.within * step)));
    values.push_back(static_cast<double>(run.train_step_ns.back()));
  }
  run.median_step_ns = std::llround(median_of(values));
  if (noise_.with_mean) {
    run.metrics["step_mean_ns"] = mean_of(values);
  }
  return run;
}

std::vector<RunSummary> SimulatedRuns::runs(size_t count, const std::string& name, double slower) {
  std::vector<RunSummary> out;
  for (size_t i = 0; i < count; ++i) {
    out.push_back(one(name + std::to_string(i), slower));
  }
  return out;
}

double SimulatedRuns::uniform() {
  return (static_cast<double>(random_.next() >> 11U) + 0.5) * 0x1p-53;
}

// Box and Muller; the second of the pair is kept.
double SimulatedRuns::normal() {
  if (kept_) {
    kept_ = false;
    return second_;
  }
  const double radius = std::sqrt(-2 * std::log(uniform()));
  const double angle = 6.283185307179586 * uniform();
  second_ = radius * std::sin(angle);
  kept_ = true;
  return radius * std::cos(angle);
}

double SimulatedRuns::deviate() {
  if (!noise_.heavy_tails) {
    return normal();
  }
  double squares = 0;
  for (int i = 0; i < 4; ++i) {
    const double x = normal();
    squares += x * x;
  }
  return normal() / std::sqrt(squares / 4) / std::sqrt(2.0);
}

}  // namespace stepscope::analysis
