// SPDX-License-Identifier: Apache-2.0
//
// How much runs of one workload on one cluster differ although nothing changed (A/A).
//
//   NoiseModel model = calibrate(runs, policy).value();
//   model.detectable[2];   // the change that 3 runs per side can see, as a share of the step
//
// All spreads are standard deviations of logarithms, so shares of the step time to a good approximation. A model speaks for the
// runs of one fingerprint key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/gate/policy.hpp"
#include "analyzer/gate/run_summary.hpp"

namespace stepscope::analysis {

inline constexpr size_t kMostCalibratedRuns = 10;

struct NoiseModel {
  std::string key;  // Fingerprint::key
  std::vector<std::string> runs;
  double median_step_ns = 0;  // geometric mean of the runs' medians
  double run_sd = 0;      // of the runs' medians: what a gate's test sees. Its degrees of freedom: runs - 1
  double between_sd = 0;  // of it, what is not explained by the steps inside the runs
  double within_sd = 0;   // of steps inside a run (robust: 1.4826 MAD), median over runs
  double autocorrelation = 0;  // of neighbouring steps, median over runs
  size_t warmup_steps = 0;     // left out at the start, the most of any run
  // [k - 1]: the slowdown that k runs per side show with probability Policy::power at level Policy::alpha, run_sd being the noise;
  // by the data alone from 3 runs on, with this model below.
  std::array<double, kMostCalibratedRuns> detectable{};
};

// Errors: kUsage with fewer than 3 usable runs or one run given twice, kNotComparable for runs of different fingerprints.
[[nodiscard]] Result<NoiseModel> calibrate(std::span<const RunSummary> runs, const Policy& policy);

// The text that a baseline store keeps. Byte-stable.
[[nodiscard]] std::string noise_model_to_json(const NoiseModel& model);
// `where` names the source in errors (kUnreadable).
[[nodiscard]] Result<NoiseModel> noise_model_from_json(std::string_view text, std::string_view where);

}  // namespace stepscope::analysis
