// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/baseline/baseline_store.hpp"
#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/gate_inputs.hpp"
#include "analyzer/cli/gate_view.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/policy_option.hpp"
#include "analyzer/cli/store_path.hpp"
#include "analyzer/cli/table.hpp"
#include "analyzer/cli/wall_clock.hpp"
#include "analyzer/gate/noise_model.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kFewRuns = 5;

std::string calibration_text(const NoiseModel& model, const Policy& policy, const Terminal& terminal) {
  std::string out = fmt::format(
      "runs differ by +-{} although nothing changed ({}, median step {} ms)\n"
      "  between runs    +-{} that steps do not explain\n"
      "  within a run    +-{} per step, neighbours correlated by {:.2f}\n"
      "  warm-up         {} left out at most\n\n",
      plain_share(model.run_sd), counted(model.runs.size(), "run"), milliseconds(model.median_step_ns),
      plain_share(model.between_sd), plain_share(model.within_sd), model.autocorrelation,
      counted(model.warmup_steps, "step"));
  TextTable table({{"runs per side", Align::kRight}, {"smallest slowdown shown", Align::kRight}});
  for (size_t k = 1; k <= kMostCalibratedRuns; ++k) {
    table.add_row({std::to_string(k) + (k < 3 ? " *" : ""), plain_share(model.detectable.at(k - 1))});
  }
  out += table.render(terminal);
  out += fmt::format(
      "  with {:.0f} % probability at a false-alarm rate of {:g} %; * with this model in the store\n",
      100 * policy.power, 100 * policy.alpha);
  return model.runs.size() >= kFewRuns
             ? out
             : out + "note: the spread of fewer than 5 runs is itself known to a factor of two at best\n";
}

nlohmann::ordered_json calibration_json(const NoiseModel& model) {
  nlohmann::ordered_json document = json_head("calibrate", 1);
  document["noise"] = nlohmann::ordered_json::parse(noise_model_to_json(model));
  return document;
}

}  // namespace

int run_calibrate(const Command& command, const std::vector<std::string>& args) {
  std::vector<std::string> paths;
  std::string store_file;
  std::string policy_file;
  bool json = false;
  OptionSet options(command);
  options.positionals("RUN", paths,
                      "runs of one program under the same conditions; 3 at least, better 5 to 10");
  options.value("--store", store_file, "FILE", "keep the result in this baseline store, for `gate`");
  policy_option(&options, policy_file);
  options.flag("--json", json, "print JSON (stepscope.calibrate/1)");
  options.note("Example: stepscope calibrate run1 run2 run3 run4 run5 --store baselines.db");
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  const Result<Policy> policy = policy_of_option(policy_file);
  if (!policy.ok()) {
    return report_failure(policy.status());
  }
  std::vector<RunSummary> runs;
  for (const std::string& path : paths) {
    Result<RunSummary> summary = summary_of_recording(path);
    if (!summary.ok()) {
      return report_failure(summary.status());
    }
    runs.push_back(std::move(summary).value());
  }
  const Result<NoiseModel> model = calibrate(runs, policy.value());
  if (!model.ok()) {
    return report_failure(model.status());
  }
  if (!store_file.empty()) {
    Result<BaselineStore> store = BaselineStore::open(store_path(store_file), BaselineStore::Mode::kAppend);
    const Status kept =
        store.ok() ? store.value().record_noise_model(model.value().key, noise_model_to_json(model.value()),
                                                      {.by = "", .now_ns = wall_now_ns(), .expires_ns = 0})
                   : store.status();
    if (!kept.ok()) {
      return report_failure(kept);
    }
  }
  return json
             ? print_json(calibration_json(model.value()))
             : print_result(calibration_text(model.value(), policy.value(), inspect_terminal(STDOUT_FILENO)));
}

}  // namespace stepscope::analysis::cli
