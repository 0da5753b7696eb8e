// SPDX-License-Identifier: Apache-2.0
//
// What a gate says, in the forms that people, CI systems and programs read. All are made from one report; equal reports give equal
// bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/cli/terminal.hpp"
#include "analyzer/gate/policy.hpp"
#include "analyzer/gate/run_summary.hpp"
#include "analyzer/gate/verdict.hpp"

namespace stepscope::analysis::cli {

// Part of the change of the mean step: a term of a diff, or a leaf where only summaries are there.
struct GateTerm {
  std::string name;
  double base_ns = 0;
  double candidate_ns = 0;
  double delta_ns = 0;  // of a diff not always candidate - base (METRICS.md)
  bool flagged = false;
  int32_t rank = -1;  // the one rank whose own time changed; -1: no single one, or not known
};

// Why the step changed.
struct GateCauses {
  std::string source;  // "stepscope diff of 3 base and 3 candidate runs", "leaves of the runs' summaries"
  std::vector<GateTerm> terms;  // largest first
  struct Sentence {
    std::string id, text, advice;
    double effect_ns = 0;
  };
  std::vector<Sentence> findings;
};

struct GateReport {
  std::string verdict;  // gate_verdict_name, or "usage", "not_comparable", "unreadable"
  int exit_code = 0;
  std::vector<std::string> reasons;
  std::optional<GateResult> result;  // none when the runs could not be judged
  Policy policy;
  double visible = -1;  // smallest_visible
  GateCauses causes;
  std::vector<RunSummary> base, candidate;  // those judged, for plots
  std::string view;                         // command that shows why; "" when there is nothing to see
};

// "stepscope-gate: verdict=pass exit=0 ...": keys and order do not change; a number that is not known is "na".
[[nodiscard]] std::string gate_last_line(const GateReport& report);
[[nodiscard]] std::string gate_text(const GateReport& report,
                                    const Terminal& terminal);             // with the last line
[[nodiscard]] nlohmann::ordered_json gate_json(const GateReport& report);  // stepscope.gate/1
[[nodiscard]] std::string gate_markdown(const GateReport& report);         // for a job summary or a comment
[[nodiscard]] std::string gate_junit(const GateReport& report);            // one test case per metric
[[nodiscard]] std::string gate_annotations(const GateReport& report);  // ::error lines of GitHub, 10 at most
[[nodiscard]] std::string gate_html(const GateReport& report);         // one page, no network

// "+1.23 %", "not known".
[[nodiscard]] std::string signed_share(double share);
// "1.23 %".
[[nodiscard]] std::string plain_share(double share);
// "one-sided bounds -0.2 % .. +0.9 %".
[[nodiscard]] std::string bounds_text(const Change& change);
// "for the same work ", before a change, where the sides differ in their work; else "".
[[nodiscard]] std::string_view same_work_text(const GateResult& result);
// Where the noise comes from, for people: "Welch", ...
[[nodiscard]] std::string noise_text(NoiseSource source);
// A metric's value in its unit: "12.30 ms", "1.5 GiB", "1234/s".
[[nodiscard]] std::string metric_value(const std::string& name, double value);
// Terms worth a line: the largest, at most `most`, without those that show as 0.00 ms.
[[nodiscard]] std::vector<GateTerm> shown_terms(const GateReport& report, size_t most);
// The mean train step, which guards the median; null where it was not compared.
[[nodiscard]] const MetricChange* mean_step(const GateReport& report);
// Metrics that warn or decide against the candidate.
[[nodiscard]] std::vector<const MetricChange*> noteworthy(const GateReport& report);

}  // namespace stepscope::analysis::cli
