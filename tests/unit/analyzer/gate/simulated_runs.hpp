// SPDX-License-Identifier: Apache-2.0
//
// Summaries of runs that never ran: steps with noise inside the run and between runs, as numbers only.
//
//   Noise noise{.between = 0.005, .within = 0.01, .rho = 0.5};
//   std::vector<RunSummary> base = SimulatedRuns(noise, seed).runs(3, "base");
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/gate/distributions.hpp"
#include "analyzer/gate/run_summary.hpp"
#include "analyzer/gate/statistics.hpp"
#include "analyzer/resample.hpp"

namespace stepscope::analysis {

struct Noise {
  double between = 0.005;  // standard deviations of log step time
  double within = 0.01;
  double rho = 0;            // of neighbouring steps
  bool heavy_tails = false;  // both noises from Student's t with 4 degrees of freedom, of the same variance
  double drift = 0;          // over a run, of either sign, uniform up to this
  size_t steps = 100;
};

class SimulatedRuns {
 public:
  SimulatedRuns(const Noise& noise, uint64_t seed) : noise_(noise), random_(seed) {}

  RunSummary one(const std::string& name, double slower = 0) {
    RunSummary run;
    run.run = name;
    run.id = name;
    run.step_method = "nvtx";
    run.fingerprint.key = "0123456789abcdef";
    run.train_steps = noise_.steps;
    run.class_steps[0] = noise_.steps;
    const double level = std::log(100e6) + std::log1p(slower) + noise_.between * deviate();
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
    return run;
  }

  std::vector<RunSummary> runs(size_t count, const std::string& name, double slower = 0) {
    std::vector<RunSummary> out;
    for (size_t i = 0; i < count; ++i) {
      out.push_back(one(name + std::to_string(i), slower));
    }
    return out;
  }

  double uniform() { return (static_cast<double>(random_.next() >> 11U) + 0.5) * 0x1p-53; }

 private:
  double normal() {
    // Box and Muller; the second of the pair is kept.
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

  // Of variance 1.
  double deviate() {
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

  Noise noise_;
  Random random_;
  bool kept_ = false;
  double second_ = 0;
};

}  // namespace stepscope::analysis
