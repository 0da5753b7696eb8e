// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/store_path.hpp"
#include "analyzer/cli/trend_view.hpp"
#include "analyzer/cli/wall_clock.hpp"

namespace stepscope::analysis::cli {
namespace {

struct TrendArguments {
  std::string name;
  std::string store;
  std::string csv;
  std::string metric;
  std::string time;
  std::string commit;
  std::string fingerprint;
  std::string svg;
  std::string html;
  bool json = false;
};

Result<History> history_for(const TrendArguments& arguments) {
  if (!arguments.csv.empty()) {
    return history_of_csv(arguments.csv, {arguments.metric, arguments.time, arguments.commit});
  }
  const Result<BaselineStore> store =
      BaselineStore::open(store_path(arguments.store), BaselineStore::Mode::kRead);
  if (!store.ok()) {
    return store.status();
  }
  return history_of_store(store.value(), arguments.name, {arguments.metric, arguments.fingerprint},
                          wall_now_ns());
}

std::string trend_objection(const TrendArguments& arguments) {
  const bool csv = !arguments.csv.empty();
  if (csv == !arguments.name.empty()) {
    return csv ? "a NAME does not go with --csv" : "a NAME of a baseline or --csv FILE is missing";
  }
  if (csv && !(arguments.fingerprint.empty() && arguments.store.empty())) {
    return "--store and --fingerprint do not go with --csv";
  }
  return !csv && !(arguments.time.empty() && arguments.commit.empty()) ? "--time and --commit go with --csv"
                                                                       : "";
}

}  // namespace

int run_trend(const Command& command, const std::vector<std::string>& args) {
  TrendArguments arguments;
  OptionSet options(command);
  options.positional("NAME", arguments.name, "of the baseline", false);
  store_option(&options, arguments.store);
  options.value("--metric", arguments.metric, "METRIC", "instead of median_step_ns; with --csv the column");
  options.value("--fingerprint", arguments.fingerprint, "KEY", "instead of the latest run's");
  options.value("--csv", arguments.csv, "FILE", "take the history from a CSV file");
  options.value("--time", arguments.time, "COLUMN", "of the CSV file; default time");
  options.value("--commit", arguments.commit, "COLUMN", "of the CSV file; default commit");
  options.value("--svg", arguments.svg, "FILE", "also write a picture");
  options.value("--html", arguments.html, "FILE", "also write a page");
  options.flag("--json", arguments.json, "print JSON (stepscope.trend/1)");
  options.note(
      "One value per run; a change is a level of three runs or more that chance does not explain.\n"
      "Example: stepscope trend main --html trend.html\n"
      "         stepscope trend --csv history.csv --metric step_ms");
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  if (const std::string sentence = trend_objection(arguments); !sentence.empty()) {
    return report_usage("trend", sentence);
  }
  const Result<History> history = history_for(arguments);
  if (!history.ok()) {
    return report_failure(history.status());
  }
  const ChangePoints found = find_change_points(values_of(history.value()), {});
  const TrendReport report{history.value(), found};
  const Status svg = arguments.svg.empty() ? Status() : write_form(arguments.svg, trend_svg(report));
  const Status html = arguments.html.empty() ? Status() : write_form(arguments.html, trend_html(report));
  for (const Status& written : {svg, html}) {
    if (!written.ok()) {
      return report_failure(written);
    }
  }
  const int printed = arguments.json ? print_json(trend_json(report))
                                     : print_result(trend_text(report, inspect_terminal(STDOUT_FILENO)));
  return printed == kExitOk && history.value().points.size() < 2 * kShortestLevel ? kExitInconclusive
                                                                                  : printed;
}

}  // namespace stepscope::analysis::cli
