// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/baseline_view.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/table.hpp"
#include "analyzer/trend/history.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t kShortId = 12;

std::string shown_or_dash(const std::string& text) {
  return text.empty() ? "-" : printable(text);
}

std::string step_time(int64_t ns) {
  return ns == 0 ? "-" : milliseconds(static_cast<double>(ns));
}

Style style_of(BaselineState state) {
  return state == BaselineState::kCurrent ? Style::kPlain : Style::kDim;
}

std::string decisions_text(const BaselineContent& content) {
  std::string out;
  for (const BaselineDecision& decision : content.decisions) {
    std::string runs;
    for (const std::string& run : decision.runs) {
      runs += (runs.empty() ? "" : " ") + short_id(run);
    }
    out +=
        fmt::format("  {}  {}{}: {} ({})\n", utc_minute(decision.time_ns), decision_kind_name(decision.kind),
                    decision.by.empty() ? "" : " by " + printable(decision.by),
                    decision.reason.empty() ? "no reason given" : printable(decision.reason), runs);
  }
  return out.empty() ? out : "\ndecisions:\n" + out;
}

ordered_json decision_json(const BaselineDecision& decision) {
  return {{"decision", decision_kind_name(decision.kind)},
          {"fingerprint", decision.fingerprint},
          {"time_ns", decision.time_ns},
          {"expires_ns", decision.expires_ns},
          {"by", decision.by},
          {"reason", decision.reason},
          {"runs", decision.runs}};
}

}  // namespace

std::string short_id(const std::string& id) {
  return id.substr(0, kShortId);
}

std::string baseline_list_text(const std::string& store, const std::vector<BaselineSeries>& series,
                               const Terminal& terminal) {
  if (series.empty()) {
    return fmt::format("{}: no baselines yet; `stepscope baseline add NAME RUN` adds one\n",
                       printable(store));
  }
  TextTable table({{"name", Align::kLeft, Fit::kShorten},
                   {"fingerprint"},
                   {"runs", Align::kRight},
                   {"current", Align::kRight},
                   {"superseded", Align::kRight},
                   {"expired", Align::kRight},
                   {"median ms", Align::kRight},
                   {"last added"},
                   {"noise"}});
  for (const BaselineSeries& one : series) {
    table.add_row({printable(one.name), printable(one.fingerprint.key), std::to_string(one.runs),
                   std::to_string(one.current), std::to_string(one.superseded), std::to_string(one.expired),
                   step_time(one.median_step_ns), utc_minute(one.last_added_ns),
                   one.noise_model ? "calibrated" : "-"});
  }
  return printable(store) + "\n" + table.render(terminal);
}

ordered_json baseline_list_json(const std::string& store, const std::vector<BaselineSeries>& series) {
  ordered_json document = json_head("baselines", 1);
  document["store"] = store;
  document["series"] = ordered_json::array();
  for (const BaselineSeries& one : series) {
    document["series"].push_back({{"name", one.name},
                                  {"fingerprint", one.fingerprint.key},
                                  {"facts", one.fingerprint.facts},
                                  {"runs", one.runs},
                                  {"current", one.current},
                                  {"superseded", one.superseded},
                                  {"expired", one.expired},
                                  {"median_step_ns", one.median_step_ns},
                                  {"last_added_ns", one.last_added_ns},
                                  {"noise_model", one.noise_model}});
  }
  return document;
}

std::string baseline_show_text(const BaselineContent& content, const Terminal& terminal) {
  TextTable table({{"run"},
                   {"added (UTC)"},
                   {"state"},
                   {"fingerprint"},
                   {"steps", Align::kRight},
                   {"median ms", Align::kRight},
                   {"commit", Align::kLeft, Fit::kShorten},
                   {"recording", Align::kLeft, Fit::kShorten}});
  for (const BaselineRun& run : content.runs) {
    const std::string until = run.expires_ns == 0 || run.state == BaselineState::kExpired
                                  ? ""
                                  : " until " + utc_minute(run.expires_ns);
    table.add_row({short_id(run.id), utc_minute(run.added_ns),
                   Cell(std::string(baseline_state_name(run.state)) + until, style_of(run.state)),
                   printable(run.summary.fingerprint.key), std::to_string(run.summary.train_steps),
                   step_time(run.summary.median_step_ns), shown_or_dash(run.summary.commit),
                   shown_or_dash(run.summary.run)});
  }
  return fmt::format("{} in {}\n", printable(content.name), printable(content.store)) +
         table.render(terminal) + decisions_text(content);
}

ordered_json baseline_show_json(const BaselineContent& content) {
  ordered_json document = json_head("baseline", 1);
  document["store"] = content.store;
  document["name"] = content.name;
  document["runs"] = ordered_json::array();
  for (const BaselineRun& run : content.runs) {
    document["runs"].push_back({{"id", run.id},
                                {"state", baseline_state_name(run.state)},
                                {"added_ns", run.added_ns},
                                {"expires_ns", run.expires_ns},
                                {"added_by", run.added_by},
                                {"fingerprint", run.summary.fingerprint.key},
                                {"run", run.summary.run},
                                {"run_id", run.summary.id},
                                {"commit", run.summary.commit},
                                {"started_ns", run.summary.started_ns},
                                {"train_steps", run.summary.train_steps},
                                {"median_step_ns", run.summary.median_step_ns},
                                {"metrics", run.summary.metrics}});
  }
  document["decisions"] = ordered_json::array();
  for (const BaselineDecision& decision : content.decisions) {
    document["decisions"].push_back(decision_json(decision));
  }
  return document;
}

}  // namespace stepscope::analysis::cli
