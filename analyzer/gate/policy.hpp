// SPDX-License-Identifier: Apache-2.0
//
// Policy: what a gate lets pass. From a TOML file, from options, or as it is here.
//
//   [gate]
//   max_regression_percent = 2.0     # the step may get this much slower
//   alpha = 0.05                     # false alarms, one-sided
//   fdr = 0.05                       # false warnings among the warnings
//   min_steps = 10                   # train steps a run needs after warm-up
//   max_runs = 8                     # candidate runs at most, looked at one by one
//   on_inconclusive = "fail"         # or "pass", "inconclusive" (exit code 3)
//   on_data_loss = "ignore"          # or "inconclusive"
//   on_incomplete_run = "ignore"     # or "inconclusive"
//
//   [metrics.data_wait_ns]           # of a metric (run_summary.hpp); "leaf/comm.exposed/*" means all that begin so
//   max_regression_percent = 10.0
//   gate = true                      # decides too; else it warns
//   [metrics."leaf/idle.gc_ns"]
//   ignore = true
//
//   [step_classes.eval]              # steps that do not count
//   max_share_percent = 20.0         # with more of them a run is no measurement of training
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis {

inline constexpr size_t kFewestSteps = 3;  // that a policy may ask of a run

enum class OnInconclusive : uint8_t { kInconclusive, kPass, kFail };

struct MetricPolicy {
  double max_regression = -1;  // share of the base; negative: not set
  bool gate = false;
  bool ignore = false;
};

struct Policy {
  double max_regression = 0.02;  // share of the base's step
  double alpha = 0.05;
  double power = 0.8;  // at which the smallest change that can be seen is told
  double fdr = 0.05;
  size_t min_steps = 10;
  size_t max_runs = 0;  // 0: one look at what is there
  OnInconclusive on_inconclusive = OnInconclusive::kInconclusive;
  bool ignore_data_loss = false;
  bool ignore_incomplete = false;
  std::map<std::string, MetricPolicy> metrics;  // by name, or by beginning with a '*' behind it
  std::map<StepClass, double> most_share;       // of all steps

  // The longest entry that fits the name; none: nullptr.
  [[nodiscard]] const MetricPolicy* metric(std::string_view name) const;
};

// `where` names the file in errors. kUsage, with the line: not TOML, an unknown key, a value of the wrong type or range.
[[nodiscard]] Result<Policy> parse_policy(std::string_view text, const std::string& where);
// kUsage when the file cannot be read.
[[nodiscard]] Result<Policy> load_policy(const std::string& path);

}  // namespace stepscope::analysis
