// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/noise_model.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "analyzer/gate/effect.hpp"
#include "analyzer/gate/statistics.hpp"
#include "analyzer/gate/usable_run.hpp"

namespace stepscope::analysis {
namespace {

struct StepNoise {
  double sd = 0;               // of log step time, robust
  double rho = 0;              // of neighbours
  double median_variance = 0;  // that this gives to the median of the run
};

StepNoise step_noise(const RunSummary& run) {
  std::vector<double> logs;
  for (const int64_t ns : run.train_step_ns) {
    logs.push_back(std::log(static_cast<double>(std::max<int64_t>(ns, 1))));
  }
  const double middle = median_of(logs);
  std::vector<double> off;
  for (const double value : logs) {
    off.push_back(std::fabs(value - middle));
  }
  StepNoise noise;
  noise.sd = 1.4826 * median_of(off);
  constexpr double kMostRho = 0.95;
  noise.rho = std::clamp(lag1_autocorrelation(logs), -kMostRho, kMostRho);
  // Of a median of n: pi/2 times that of the mean; of correlated values: (1 + rho) / (1 - rho) times that.
  noise.median_variance = noise.sd * noise.sd * 1.5708 * (1 + noise.rho) / (1 - noise.rho) /
                          static_cast<double>(std::max<size_t>(1, run.train_steps));
  return noise;
}

Status check_calibration(std::span<const RunSummary> runs, const Policy& policy) {
  std::vector<const RunSummary*> all;
  for (const RunSummary& run : runs) {
    all.push_back(&run);
    if (const std::string why = why_unusable(run, policy); !why.empty()) {
      return {Code::kUsage, fmt::format("{}: {}; calibrate with runs that a gate would count", run.run, why)};
    }
    if (const std::string differs = what_differs(runs.front(), run); !differs.empty()) {
      return {Code::kNotComparable,
              fmt::format("{} and {}: not the same conditions: {}; calibrate each by itself",
                          runs.front().run, run.run, differs)};
    }
  }
  if (const std::string repeated = repeated_run(all); !repeated.empty()) {
    return {Code::kUsage, repeated};
  }
  constexpr size_t kFewest = 3;
  return runs.size() < kFewest
             ? Status(Code::kUsage,
                      fmt::format("{} runs are too few to tell how much runs differ; give 3, better 5 to 10",
                                  runs.size()))
             : Status();
}

}  // namespace

Result<NoiseModel> calibrate(std::span<const RunSummary> runs, const Policy& policy) {
  if (Status status = check_calibration(runs, policy); !status.ok()) {
    return status;
  }
  NoiseModel model;
  model.key = runs.front().fingerprint.key;
  std::vector<double> medians;
  std::vector<double> sds;
  std::vector<double> rhos;
  double explained = 0;
  for (const RunSummary& run : runs) {
    model.runs.push_back(run.run);
    medians.push_back(std::log(static_cast<double>(run.median_step_ns)));
    const StepNoise noise = step_noise(run);
    sds.push_back(noise.sd);
    rhos.push_back(noise.rho);
    explained += noise.median_variance / static_cast<double>(runs.size());
    model.warmup_steps =
        std::max(model.warmup_steps, run.class_steps.at(static_cast<size_t>(StepClass::kWarmup)));
  }
  const double variance = sample_variance(medians);
  model.median_step_ns = std::exp(mean_of(medians));
  model.run_sd = std::sqrt(std::max(variance, 1 / (12 * model.median_step_ns * model.median_step_ns)));
  model.between_sd = std::sqrt(std::max(0.0, variance - explained));
  model.within_sd = median_of(sds);
  model.autocorrelation = median_of(rhos);
  for (size_t k = 1; k <= kMostCalibratedRuns; ++k) {
    const double degrees = k < 3 ? static_cast<double>(runs.size() - 1) : 0.0;
    model.detectable.at(k - 1) =
        std::expm1(detectable_change(k, k, model.run_sd, degrees, policy.alpha, policy.power));
  }
  return model;
}

}  // namespace stepscope::analysis
