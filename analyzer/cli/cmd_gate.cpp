// SPDX-License-Identifier: Apache-2.0
//
// gate: 1. summarise the candidate's runs  2. load the base  3. judge; with --run record one more run and judge again, until it is
// decided  4. ask why  5. write every form that was asked for.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/gate_causes.hpp"
#include "analyzer/cli/gate_inputs.hpp"
#include "analyzer/cli/gate_view.hpp"
#include "analyzer/cli/locate.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/policy_option.hpp"
#include "analyzer/cli/record_run.hpp"
#include "analyzer/cli/store_path.hpp"
#include "analyzer/cli/view_hint.hpp"
#include "analyzer/gate/verdict.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kRunsOfAPlan = 10;  // with --run, where nothing else is said

struct GateArguments {
  std::vector<std::string> candidates;
  BaseSource base;
  std::string policy_file, max_regression, run_command, record_to;
  size_t max_runs = 0;
  std::string json, markdown, junit, html;
  bool github = false;
  bool bisect = false;
};

std::optional<int> parse_gate(const Command& command, const std::vector<std::string>& args,
                              GateArguments& out) {
  OptionSet options(command);
  options.positionals("CAND", out.candidates, "runs of how it is now", false);
  options.values("--baseline", out.base.words, "NAME|RUN",
                 "a name in the baseline store, or runs of how it was");
  store_option(&options, out.base.store);
  options.count("--window", out.base.window, "N", "the last N runs of the name (default: 20)");
  policy_option(&options, out.policy_file);
  options.value("--max-regression", out.max_regression, "PERCENT", "how much slower may pass (default: 2)");
  options.count("--max-runs", out.max_runs, "N", "look after each candidate run, at most so many");
  options.value("--run", out.run_command, "CMD", "record more candidate runs with this shell command");
  options.value("-o,--output", out.record_to, "DIR", "where --run puts them, as DIR/run-<n>");
  options.value("--json", out.json, "FILE", "write JSON (stepscope.gate/1)");
  options.value("--markdown", out.markdown, "FILE", "append a job summary");
  options.value("--junit", out.junit, "FILE", "write JUnit XML, a test case per metric");
  options.value("--html", out.html, "FILE", "write a page with plots");
  options.flag("--github", out.github, "print annotations for GitHub");
  options.flag("--bisect", out.bisect, "exit codes for `git bisect run`: 125 where it cannot tell");
  options.note(
      "exit codes: 0 pass, 1 regression, 2 usage or policy, 3 inconclusive, 4 not comparable, 5 unreadable\n"
      "Example: stepscope gate new1 new2 new3 --baseline main --max-regression 2");
  return options.parse(args);
}

// What is wrong with the arguments, or "".
std::string objection(const GateArguments& arguments) {
  if (arguments.base.words.empty()) {
    return "--baseline is missing: a name in the baseline store, or runs of how it was";
  }
  if (arguments.candidates.empty() && arguments.run_command.empty()) {
    return "CAND is missing: runs of how it is now, or --run with a command that makes them";
  }
  return arguments.base.window == 0 ? "--window 0: at least one run of the baseline is needed" : "";
}

Result<Policy> policy_of(const GateArguments& arguments) {
  Result<Policy> loaded = policy_of_option(arguments.policy_file);
  if (!loaded.ok()) {
    return loaded;
  }
  Policy policy = loaded.value();
  if (!arguments.max_regression.empty()) {
    char* end = nullptr;
    const double percent = std::strtod(arguments.max_regression.c_str(), &end);
    constexpr double kMost = 1000;
    if (*end != '\0' || !(percent >= 0 && percent <= kMost)) {
      return Status(Code::kUsage,
                    fmt::format("gate: --max-regression {}: write a number of percent from 0 to 1000",
                                arguments.max_regression));
    }
    policy.max_regression = percent / 100;
  }
  policy.max_runs = arguments.max_runs > 0 ? arguments.max_runs : policy.max_runs;
  if (!arguments.run_command.empty() && policy.max_runs == 0) {
    policy.max_runs = kRunsOfAPlan;
  }
  return policy;
}

struct Candidates {
  std::vector<RunSummary> runs;
  std::vector<std::string> paths;

  Status add(const std::string& path) {
    Result<RunSummary> summary = summary_of_recording(path);
    if (!summary.ok()) {
      return summary.status();
    }
    runs.push_back(std::move(summary).value());
    paths.push_back(path);
    return {};
  }
};

// One more run of the candidate. What the command prints goes to stderr: stdout is the gate's.
Status record_candidate(const GateArguments& arguments, Candidates* candidates) {
  const Result<std::string> library = find_collector();
  if (!library.ok()) {
    return library.status();
  }
  RecordRequest request;
  request.command = {"/bin/sh", "-c", "exec 1>&2\n" + arguments.run_command};
  request.library = library.value();
  for (size_t n = candidates->runs.size() + 1; !arguments.record_to.empty() && request.output.empty(); ++n) {
    const std::string next = fmt::format("{}/run-{}", arguments.record_to, n);
    request.output = access(next.c_str(), F_OK) == 0 ? "" : next;
  }
  const Result<RecordedRun> recorded = record_run(request);
  if (!recorded.ok()) {
    return recorded.status();
  }
  print_note(recorded.value().closing);
  if (const int code = recorded.value().outcome.exit_code;
      code != 0 || recorded.value().outcome.start_error != 0) {
    return {Code::kUsage,
            fmt::format("gate: --run: the command failed with exit code {}; mend it first", code)};
  }
  return candidates->add(recorded.value().directory);
}

struct Judged {
  GateBase base;
  GateResult result;
};

Result<Judged> judge_until_decided(const GateArguments& arguments, const Policy& policy,
                                   Candidates* candidates) {
  for (const std::string& path : arguments.candidates) {
    if (Status status = candidates->add(path); !status.ok()) {
      return status;
    }
  }
  if (candidates->runs.empty()) {
    if (Status status = record_candidate(arguments, candidates); !status.ok()) {
      return status;
    }
  }
  Result<GateBase> base = load_base(arguments.base, candidates->runs.front().fingerprint.key);
  if (!base.ok()) {
    return base.status();
  }
  while (true) {
    Result<GateResult> result = judge(base.value().runs, candidates->runs, policy, base.value().noise);
    if (!result.ok()) {
      return result.status();
    }
    const GateResult& now = result.value();
    const bool more = !arguments.run_command.empty() && now.verdict == GateVerdict::kInconclusive &&
                      now.candidate_used == candidates->runs.size() && now.base_used > 0 &&
                      candidates->runs.size() < policy.max_runs;
    if (!more) {
      return Judged{std::move(base).value(), std::move(result).value()};
    }
    if (Status status = record_candidate(arguments, candidates); !status.ok()) {
      return status;
    }
  }
}

void refuse_gate(const Status& status, GateReport* report) {
  report->verdict = status.code() == Code::kUsage           ? "usage"
                    : status.code() == Code::kNotComparable ? "not_comparable"
                                                            : "unreadable";
  report->exit_code = report_failure(status);
  report->reasons = {status.message()};
  report->result.reset();
}

// Where the largest term that is clear of noise and moved the step the way it went shows best, in the first run of each side.
std::string view_of(const GateCauses& causes, const std::string& base, const std::string& candidate) {
  double change = 0;
  for (const GateTerm& term : causes.terms) {
    change += term.delta_ns;
  }
  const auto at = std::find_if(causes.terms.begin(), causes.terms.end(), [&](const GateTerm& term) {
    return term.flagged && (term.delta_ns > 0) == (change > 0);
  });
  return at == causes.terms.end() ? "" : view_command(base, candidate, at->name, at->rank);
}

GateReport make_report(const GateArguments& arguments, const Policy& policy) {
  GateReport report;
  report.policy = policy;
  Candidates candidates;
  Result<Judged> judged = judge_until_decided(arguments, policy, &candidates);
  if (!judged.ok()) {
    refuse_gate(judged.status(), &report);
    return report;
  }
  const GateBase& base = judged.value().base;
  report.result = judged.value().result;
  report.verdict = gate_verdict_name(report.result->verdict);
  report.exit_code = gate_exit_code(report.result->verdict, policy);
  report.reasons = report.result->reasons;
  report.visible = smallest_visible(*report.result, policy);
  report.base = base.runs;
  report.candidate = candidates.runs;
  const bool counted = report.result->base_used > 0 && report.result->candidate_used > 0;
  report.causes = causes_by_leaves(report.base, report.candidate);
  if (counted && report.result->verdict != GateVerdict::kPass && !base.recordings.empty()) {
    Result<GateCauses> causes = causes_by_diff(base.recordings, candidates.paths);
    if (!causes.ok() && causes.status().code() == Code::kNotComparable) {
      refuse_gate(causes.status(), &report);
    } else if (causes.ok()) {
      report.causes = std::move(causes).value();
      report.view = view_of(report.causes, base.recordings.front(), candidates.paths.front());
    } else {
      report.result->notes.push_back("why is not known: " + causes.status().message());
    }
  }
  return report;
}

Status write_forms(const GateArguments& arguments, const GateReport& report) {
  std::vector<Status> written;
  if (!arguments.json.empty()) {
    written.push_back(write_form(
        arguments.json,
        gate_json(report).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"));
  }
  if (!arguments.markdown.empty()) {  // a job's summary is one file that all its steps add to
    written.push_back(write_form(arguments.markdown, gate_markdown(report), FileMode::kAppend));
  }
  if (!arguments.junit.empty()) {
    written.push_back(write_form(arguments.junit, gate_junit(report)));
  }
  if (!arguments.html.empty()) {
    written.push_back(write_form(arguments.html, gate_html(report)));
  }
  for (const Status& status : written) {
    if (!status.ok()) {
      return status;
    }
  }
  return {};
}

// git bisect run: 1 to 127 but 125 is bad, 125 cannot be tested, above 127 ends the bisection.
int bisect_code(int code) {
  constexpr int kSkip = 125;
  constexpr int kEnd = 128;
  return code == kExitOk || code == kExitRegression ? code : code == kExitUsage ? kEnd : kSkip;
}

}  // namespace

int run_gate(const Command& command, const std::vector<std::string>& args) {
  GateArguments arguments;
  if (const std::optional<int> exit = parse_gate(command, args, arguments)) {
    return *exit;
  }
  const auto exit_code = [&](int code) { return arguments.bisect ? bisect_code(code) : code; };
  if (const std::string wrong = objection(arguments); !wrong.empty()) {
    return exit_code(report_usage("gate", wrong));
  }
  const Result<Policy> policy = policy_of(arguments);
  if (!policy.ok()) {
    return exit_code(report_failure(policy.status()));
  }
  const GateReport report = make_report(arguments, policy.value());
  if (const Status written = write_forms(arguments, report); !written.ok()) {
    return exit_code(report_failure(written));
  }
  const std::string annotations = arguments.github ? gate_annotations(report) : "";
  const int printed = print_result(annotations + gate_text(report, inspect_terminal(STDOUT_FILENO)));
  // What a policy makes of an inconclusive result is for CI: a bisection must not blame or clear a commit by it.
  const bool cannot_tell = arguments.bisect && report.verdict == "inconclusive";
  return exit_code(printed != kExitOk ? printed : cannot_tell ? kExitInconclusive : report.exit_code);
}

}  // namespace stepscope::analysis::cli
