// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/step_summary.hpp"
#include "analyzer/cli/table.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

struct StepsView {
  const Run& run;
  const Steps& steps;
  std::optional<StepClass> only;
  bool list = false;

  [[nodiscard]] bool shows(StepClass step_class) const { return !only.has_value() || *only == step_class; }
};

ordered_json json_of(const StepsView& view) {
  ordered_json document = json_head("steps", 1);
  document["run"] = view.run.path();
  document["processes"] = ordered_json::array();
  for (const ProcessSteps& process : view.steps.processes) {
    ordered_json entry;
    entry["process"] = view.run.processes()[process.process].base;
    entry["rank"] = view.run.processes()[process.process].rank;
    entry["method"] = step_method_name(process.method);
    entry["confidence"] = process.confidence;
    entry["detail"] = process.detail;
    entry["classes"] = ordered_json::array();
    for (const ClassSummary& c : summarize_classes({&process, 1})) {
      if (view.shows(c.step_class)) {
        entry["classes"].push_back({{"class", step_class_name(c.step_class)},
                                    {"steps", c.steps},
                                    {"mean_ns", c.mean_ns},
                                    {"median_ns", c.median_ns},
                                    {"p95_ns", c.p95_ns},
                                    {"min_ns", c.min_ns},
                                    {"max_ns", c.max_ns}});
      }
    }
    entry["steps"] = ordered_json::array();
    for (const Step& step : process.steps) {
      if (view.shows(step.step_class)) {
        entry["steps"].push_back({{"index", step.index},
                                  {"number", step.number},
                                  {"class", step_class_name(step.step_class)},
                                  {"begin_ns", step.begin_ns},
                                  {"duration_ns", step.duration_ns()},
                                  {"micro_steps", step.micro_steps}});
      }
    }
    document["processes"].push_back(std::move(entry));
  }
  return document;
}

std::string class_table(const StepsView& view, const ProcessSteps& process, const Terminal& terminal) {
  TextTable table({{"class"},
                   {"steps", Align::kRight},
                   {"mean ms", Align::kRight},
                   {"median", Align::kRight},
                   {"p95", Align::kRight},
                   {"min", Align::kRight},
                   {"max", Align::kRight}});
  const auto ms = [](int64_t ns) { return milliseconds(static_cast<double>(ns)); };
  for (const ClassSummary& c : summarize_classes({&process, 1})) {
    if (view.shows(c.step_class)) {
      table.add_row({std::string(step_class_name(c.step_class)), std::to_string(c.steps), ms(c.mean_ns),
                     ms(c.median_ns), ms(c.p95_ns), ms(c.min_ns), ms(c.max_ns)});
    }
  }
  return table.empty() ? "" : table.render(terminal);
}

std::string step_list(const StepsView& view, const ProcessSteps& process, const Terminal& terminal) {
  TextTable table({{"step", Align::kRight}, {"class"}, {"at s", Align::kRight}, {"ms", Align::kRight}});
  const int64_t origin = view.run.time_range().begin_ns;
  for (const Step& step : process.steps) {
    if (view.shows(step.step_class)) {
      table.add_row({std::to_string(step.number), std::string(step_class_name(step.step_class)),
                     fmt::format("{:.3f}", static_cast<double>(step.begin_ns - origin) / 1e9),
                     milliseconds(static_cast<double>(step.duration_ns()))});
    }
  }
  return table.empty() ? "" : "\n" + table.render(terminal);
}

std::string text_of(const StepsView& view, const Terminal& terminal) {
  std::string out;
  for (const ProcessSteps& process : view.steps.processes) {
    out += out.empty() ? "" : "\n";
    out += styled(fmt::format("{}: {}", printable(view.run.processes()[process.process].base),
                              counted(process.steps.size(), "step")),
                  Style::kBold, terminal);
    out += fmt::format(", found by {}, confidence {:.2f}\n  {}\n", step_method_name(process.method),
                       process.confidence, printable(process.detail));
    out += class_table(view, process, terminal);
    out += view.list ? step_list(view, process, terminal) : "";
  }
  return out;
}

}  // namespace

int run_steps(const Command& command, const std::vector<std::string>& args) {
  std::string path;
  std::string class_name;
  std::string method_name = "auto";
  bool list = false;
  bool json = false;
  OptionSet options(command);
  options.positional("RUN", path, "run directory or *.stepscope file");
  options.choice("--class", class_name, {"train", "warmup", "checkpoint", "eval", "epoch_start"},
                 "only steps of this class");
  options.value("--method", method_name, "METHOD", "find them this way alone");
  options.flag("--list", list, "also every single step");
  options.flag("--json", json, "print JSON (stepscope.steps/1)");
  options.note(
      "METHOD is auto (the first that finds any), api, nvtx, profiler, optimizer, collective or kernels.");
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  StepOptions how;
  StepMethod method = StepMethod::kNone;
  if (parse_step_method(method_name, &method) && method != StepMethod::kNone) {
    how.only = method;
  } else if (method_name != "auto") {
    return report_usage("steps", fmt::format("--method {}: there is no such method", method_name));
  }
  const Result<Run> run = open_run(path);
  if (!run.ok()) {
    return report_failure(run.status());
  }
  const Result<Steps> steps = find_steps(run.value(), how);
  if (!steps.ok()) {
    return report_failure(steps.status());
  }
  StepsView view{run.value(), steps.value(), std::nullopt, list};
  StepClass wanted = StepClass::kTrain;
  if (!class_name.empty() && parse_step_class(class_name, &wanted)) {
    view.only = wanted;
  }
  const int written =
      json ? print_json(json_of(view)) : print_result(text_of(view, inspect_terminal(STDOUT_FILENO)));
  if (written == kExitOk && steps.value().total() == 0) {
    return no_steps(path);
  }
  return written;
}

}  // namespace stepscope::analysis::cli
