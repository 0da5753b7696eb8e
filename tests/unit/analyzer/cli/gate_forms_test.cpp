// SPDX-License-Identifier: Apache-2.0
//
// The forms of a gate's result that others parse or draw, with names that a recorded program may choose and numbers that may be
// missing: nothing of them becomes markup, ends a cell, a line or an attribute.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/cli/gate_plot.hpp"
#include "analyzer/cli/gate_view.hpp"

namespace stepscope::analysis::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kHostile = "a|b `c` <script>&amp;\"d\" *e* [f](g) $h$\n::error,x::y \x01\xff#1 \\|";

RunSummary summary_named(const std::string& run, std::vector<int64_t> steps) {
  RunSummary summary;
  summary.run = run;
  summary.train_steps = steps.size();
  summary.median_step_ns = steps.empty() ? 0 : steps[steps.size() / 2];
  summary.train_step_ns = std::move(steps);
  return summary;
}

MetricChange metric_named(const std::string& name, double base, double candidate) {
  MetricChange metric;
  metric.name = name;
  metric.change = {true, base, candidate, base == 0 ? 0.0 : candidate / base - 1, 0.1, 0.2, 0.001};
  metric.warned = true;
  return metric;
}

GateReport hostile_report() {
  GateReport report;
  report.verdict = "regression";
  report.exit_code = 1;
  report.reasons = {"slow: " + kHostile, "also " + kHostile};
  report.visible = 0.01;
  report.base = {summary_named(kHostile, {1'000'000, 1'100'000, 1'000'000})};
  report.candidate = {summary_named(kHostile + "2", {1'300'000, 1'200'000})};
  GateResult result;
  result.verdict = GateVerdict::kRegression;
  result.base = {{kHostile, "c0ffee", 1e6, 3, 0, ""}};
  result.candidate = {{kHostile + "2", "", 1.2e6, 2, 0, "left out: " + kHostile}};
  result.base_used = result.candidate_used = 1;
  result.threshold = 0.02;
  result.step = {true, 1e6, 1.2e6, 0.2, 0.1, 0.3, 0.00001};
  result.metrics = {metric_named("leaf/host/" + kHostile + "_ns", 1e6, 2e6),
                    metric_named("step_p95_ns", 0, 1e6)};
  result.notes = {kHostile};
  report.result = result;
  report.causes.source = "runs " + kHostile;
  report.causes.terms = {{"host/" + kHostile, 1e6, 2e6, 1e6, true},
                         {std::string(5000, 'k'), 1e6, 1e6, -8e5, false}};
  report.causes.findings = {{"id", kHostile, kHostile, 1e6}};
  return report;
}

// What is left when every character that a backslash makes plain is taken out.
std::string without_escaped(std::string_view line) {
  std::string out;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else {
      out += line[i];
    }
  }
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// The first thing that keeps this from being XML, or of HTML what XML allows too; "" when there is none.
std::string markup_fault(const std::string& text) {
  const std::set<std::string> kVoid{"meta", "wbr"};
  std::vector<std::string> open;
  for (size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    size_t end = at + 1;
    for (bool quoted = false; end < text.size() && (quoted || text[end] != '>'); ++end) {
      quoted = quoted != (text[end] == '"');
      if (quoted && text[end] == '<') {
        return "< in an attribute";
      }
    }
    const std::string tag = text.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, std::min(tag.find_first_of(" /", 1), tag.size()));
    if (end == text.size() || tag.empty()) {
      return "a tag without an end";
    }
    if (tag.front() == '/') {
      if (open.empty() || "/" + open.back() != tag) {
        return "<" + tag + "> closes <" + (open.empty() ? "nothing" : open.back()) + ">";
      }
      open.pop_back();
    } else if (tag.back() != '/' && tag.front() != '!' && tag.front() != '?' && !kVoid.contains(name)) {
      open.push_back(name);
    }
    at = end;
  }
  for (size_t at = text.find('&'); at != std::string::npos; at = text.find('&', at + 1)) {
    const size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz", at + 1);
    if (end == at + 1 || end == std::string::npos || text[end] != ';') {
      return "& that begins no entity";
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> stays open";
}

TEST(GateForms, MarkdownTablesHaveTheirColumnsWhateverNamesHold) {
  const std::string text = gate_markdown(hostile_report());
  size_t columns = 0;  // of the table that the line is in
  size_t rows = 0;
  for (const std::string& line : lines_of(text)) {
    const std::string plain = without_escaped(line);
    const size_t bars = static_cast<size_t>(std::count(plain.begin(), plain.end(), '|'));
    if (!line.starts_with("|")) {
      EXPECT_EQ(bars, 0U) << line;
      columns = 0;
      continue;
    }
    EXPECT_TRUE(columns == 0 || bars == columns) << line;
    columns = bars;
    ++rows;
    EXPECT_EQ(plain.find_first_of("`[]&$"), std::string::npos) << line;
    EXPECT_LT(line.size(), 1000U) << "a name of pages is cut";
  }
  EXPECT_GE(rows, 14U);
  EXPECT_THAT(without_escaped(text), Not(HasSubstr("<script")));
}

TEST(GateForms, JUnitIsXml) {
  const std::string text = gate_junit(hostile_report());
  EXPECT_EQ(markup_fault(text), "");
  EXPECT_THAT(text, Not(HasSubstr("\x01")));
  EXPECT_THAT(text, Not(HasSubstr("\xff")));
}

TEST(GateForms, AnAnnotationIsOneLineWithOneMessage) {
  for (const std::string& line : lines_of(gate_annotations(hostile_report()))) {
    EXPECT_TRUE(line.starts_with("::error title=") || line.starts_with("::warning title=")) << line;
    const size_t end = line.find("::", 2);
    ASSERT_NE(end, std::string::npos);
    const std::string title = line.substr(line.find('=') + 1, end - line.find('=') - 1);
    EXPECT_EQ(title.find_first_of(":,"), std::string::npos) << title;
    EXPECT_TRUE(title.ends_with("regression") || title.ends_with("cause") || title.ends_with("_ns")) << title;
  }
}

TEST(GateForms, ThePageIsWellFormedWhateverNamesHold) {
  const std::string page = gate_html(hostile_report());
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("circle class=\"candidate out\"")) << "a run that is not counted is a ring";
}

TEST(GateForms, AResultWithoutStepsOrWithoutAResultIsDrawnAllTheSame) {
  GateReport report = hostile_report();
  report.base = {summary_named("base", {})};
  report.candidate = {summary_named("candidate", {})};
  report.result->base = {{"base", "", 0, 0, 0, "no train step"}};
  report.result->candidate = {{"candidate", "", 0, 0, 0, "no train step"}};
  report.result->step = Change();
  report.causes = GateCauses();
  report.visible = -1;
  for (int i = 0; i < 2; ++i, report.result.reset()) {
    for (const std::string& text : {gate_html(report), gate_junit(report)}) {
      EXPECT_EQ(markup_fault(text), "");
      EXPECT_THAT(text, Not(HasSubstr("nan")));
      EXPECT_THAT(text, Not(HasSubstr("inf")));
    }
    EXPECT_THAT(gate_html(report), Not(HasSubstr("polyline class")));
  }
}

// With no run of the base that counts there is nothing to be allowed on top of, and the axis is that of the runs there are.
TEST(GateForms, CandidatesWithoutABaseAreDrawnByThemselves) {
  GateResult result;
  result.candidate = {{"one", "", 5e6, 3, 0, ""}, {"two", "", 6e6, 3, 0, ""}};
  const std::string plot = run_plot_svg(result);
  EXPECT_EQ(markup_fault(plot), "");
  EXPECT_THAT(plot, Not(HasSubstr("allowed")));
  EXPECT_THAT(plot, HasSubstr("cx=\"4.5"));
  EXPECT_THAT(plot, HasSubstr("cx=\"95."));
  EXPECT_EQ(run_plot_svg(GateResult()), "");
}

// Steps that agree to the nanosecond, or are of one length only: an axis needs a length all the same.
TEST(GateForms, EqualStepsHaveAnAxis) {
  const std::vector<RunSummary> runs{summary_named("same", {5'000'000, 5'000'000})};
  const std::string plot = step_plot_svg(runs, runs);
  EXPECT_EQ(markup_fault(plot), "");
  EXPECT_THAT(plot, HasSubstr("class=\"grid\""));
  EXPECT_THAT(plot, HasSubstr("5.00 ms"));
  EXPECT_THAT(plot, Not(HasSubstr("nan")));
}

TEST(GateForms, BarsOfTheWaterfallMeet) {
  const std::vector<GateTerm> terms{{"one", 0, 3e6, 3e6, true}, {"two", 2e6, 1e6, -1e6, false}};
  const std::string table = waterfall_table(terms, 10e6, 13e6);
  EXPECT_EQ(markup_fault(table), "");
  EXPECT_THAT(table, HasSubstr("all else")) << "10 + 3 - 1 is not 13";
  EXPECT_THAT(table, HasSubstr("<td>one</td>"));
  EXPECT_THAT(table, HasSubstr("+3.00"));
  // 10 to 13 with 2 % of margin at both ends: one from 10 to 13, two from 13 back to 12.
  EXPECT_THAT(table, HasSubstr("rect class=\"worse\" x=\"1.9"));
  EXPECT_THAT(table, HasSubstr("rect class=\"better\" x=\"66."));
}

}  // namespace
}  // namespace stepscope::analysis::cli
