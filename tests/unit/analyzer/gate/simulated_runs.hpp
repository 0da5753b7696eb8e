// SPDX-License-Identifier: Apache-2.0
//
// Summaries of runs that never ran: steps with noise inside the run and between runs, as numbers only.
//
//   Noise noise{.between = 0.005, .within = 0.01, .rho = 0.5};
//   std::vector<RunSummary> base = SimulatedRuns(noise, seed).runs(3, "base");
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/gate/run_summary.hpp"
#include "analyzer/resample.hpp"

namespace stepscope::analysis {

struct Noise {
  double between = 0.005;  // standard deviations of log step time
  double within = 0.01;
  double rho = 0;            // of neighbouring steps
  bool heavy_tails = false;  // both noises from Student's t with 4 degrees of freedom, of the same variance
  double drift = 0;          // over a run, of either sign, uniform up to this
  double walk = 0;  // of the level from each run to the next one made, a random walk: a machine that changes
  bool with_mean = false;  // runs also have the mean step, which stands guard beside the median
  size_t steps = 100;
};

class SimulatedRuns {
 public:
  SimulatedRuns(const Noise& noise, uint64_t seed) : noise_(noise), random_(seed) {}

  RunSummary one(const std::string& name, double slower = 0);
  std::vector<RunSummary> runs(size_t count, const std::string& name, double slower = 0);

 private:
  double uniform();
  double normal();
  double deviate();  // of variance 1

  Noise noise_;
  Random random_;
  double wandered_ = 0;
  bool kept_ = false;
  double second_ = 0;
};

}  // namespace stepscope::analysis
