// SPDX-License-Identifier: Apache-2.0
//
// Forms that CI systems read: JUnit XML and GitHub's workflow commands.
#include <algorithm>

#include <fmt/format.h>

#include "analyzer/cli/format.hpp"
#include "analyzer/cli/gate_view.hpp"
#include "analyzer/cli/markup.hpp"

namespace stepscope::analysis::cli {
namespace {

// Of the message of a workflow command: what would end it.
std::string command_escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    out += c == '%' ? std::string("%25") : std::string(1, c);
  }
  return out;
}

// Of a property before the message: a name such as aten::add would end the properties.
std::string property_escaped(std::string_view text) {
  std::string out;
  for (const char c : command_escaped(text)) {
    out += c == ':' ? std::string("%3A") : c == ',' ? std::string("%2C") : std::string(1, c);
  }
  return out;
}

std::string top_causes(const GateReport& report) {
  std::string text;
  for (const GateTerm& term : shown_terms(report, 5)) {
    text += fmt::format("{} ms  {}\n", signed_milliseconds(term.delta_ns), term.name);
  }
  for (const GateCauses::Sentence& finding : report.causes.findings) {
    text += finding.text + "\n";
  }
  return text;
}

struct TestCase {
  std::string name;
  std::string failure;  // message; empty: passed
  std::string error;    // message, of what could not be decided
  std::string body;
};

std::string reasons_text(const GateReport& report) {
  return fmt::format("{}", fmt::join(report.reasons, "; "));
}

std::vector<TestCase> test_cases(const GateReport& report) {
  TestCase step{"step_time", "", "", top_causes(report)};
  if (report.verdict == "regression" || (report.verdict == "inconclusive" && report.exit_code == 1)) {
    step.failure = reasons_text(report);
  } else if (report.verdict != "pass" && report.exit_code != 0) {
    step.error = report.verdict + ": " + reasons_text(report);
  }
  std::vector<TestCase> cases{std::move(step)};
  if (report.result.has_value()) {
    for (const MetricChange& metric : report.result->metrics) {
      const std::string what = fmt::format("{} -> {} ({})", metric_value(metric.name, metric.change.base),
                                           metric_value(metric.name, metric.change.candidate),
                                           signed_share(metric.change.estimate));
      TestCase one{metric.name, "", "", (metric.warned ? "warning: " : "") + what};
      if (metric.verdict == GateVerdict::kRegression) {
        one.failure = what;
      } else if (metric.verdict == GateVerdict::kInconclusive) {
        one.error = "inconclusive: " + what;
      }
      cases.push_back(std::move(one));
    }
  }
  return cases;
}

}  // namespace

std::string gate_junit(const GateReport& report) {
  size_t failures = 0;
  size_t errors = 0;
  std::string body;
  for (const TestCase& one : test_cases(report)) {
    body += fmt::format("  <testcase classname=\"stepscope.gate\" name=\"{}\">\n", markup_escaped(one.name));
    if (!one.failure.empty()) {
      ++failures;
      body += fmt::format("    <failure message=\"{}\">", markup_escaped(one.failure));
    } else if (!one.error.empty()) {
      ++errors;
      body += fmt::format("    <error message=\"{}\">", markup_escaped(one.error));
    } else {
      body += "    <system-out>";
    }
    std::string lines;  // line ends stay, all else is made safe
    for (size_t at = 0; at < one.body.size();) {
      const size_t end = std::min(one.body.find('\n', at), one.body.size());
      lines += markup_escaped(std::string_view(one.body).substr(at, end - at)) + "\n";
      at = end + 1;
    }
    body += lines;
    body += !one.failure.empty() ? "</failure>\n" : !one.error.empty() ? "</error>\n" : "</system-out>\n";
    body += "  </testcase>\n";
  }
  const size_t tests = test_cases(report).size();
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"stepscope gate\" "
      "tests=\"{}\" "
      "failures=\"{}\" errors=\"{}\">\n{}</testsuite>\n</testsuites>\n",
      tests, failures, errors, body);
}

std::string gate_annotations(const GateReport& report) {
  constexpr size_t kMost = 10;  // GitHub shows so many of each kind per step
  std::vector<std::string> lines;
  if (report.verdict != "pass") {
    const std::string_view kind = report.exit_code == 0 || report.exit_code == 3 ? "warning" : "error";
    for (const std::string& reason : report.reasons) {
      lines.push_back(
          fmt::format("::{} title=stepscope gate%3A {}::{}", kind, report.verdict, command_escaped(reason)));
    }
  }
  if (report.verdict == "regression") {
    for (const GateCauses::Sentence& finding : report.causes.findings) {
      lines.push_back(
          fmt::format("::error title=stepscope gate%3A cause::{}", command_escaped(finding.text)));
    }
  }
  for (const MetricChange* metric : noteworthy(report)) {
    if (!metric->verdict.has_value()) {
      lines.push_back(fmt::format("::warning title=stepscope gate%3A {}::{}: {} -> {}",
                                  property_escaped(metric->name), command_escaped(metric->name),
                                  metric_value(metric->name, metric->change.base),
                                  metric_value(metric->name, metric->change.candidate)));
    }
  }
  std::string out;
  for (size_t i = 0; i < std::min(kMost, lines.size()); ++i) {
    out += lines[i] + "\n";
  }
  return out;
}

}  // namespace stepscope::analysis::cli
