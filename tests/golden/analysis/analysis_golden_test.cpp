// SPDX-License-Identifier: Apache-2.0
//
// Whole analyses as text: simulated jobs in, a table out, compared with a file. A change of these files is a change of
// what users see, to be looked at line by line. To rewrite them: STEPSCOPE_UPDATE_GOLDEN=1 ctest -R analysis_golden.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analyzer/diff.hpp"
#include "analyzer/findings.hpp"
#include "tests/support/job_simulator.hpp"

namespace stepscope::analysis {
namespace {

struct Scenario {
  const char* name;
  const char* base;
  const char* candidate;
};

constexpr Scenario kScenarios[] = {
    {"slower_getitem", "steps=60 fetch.cpu=18ms collate=2ms seed=1",
     "steps=60 fetch.cpu=38ms collate=2ms seed=2"},
    {"two_causes_and_hidden", "steps=60 fetch.cpu=4ms seed=1",
     "steps=60 fetch.cpu=14ms optimizer=4ms seed=2"},
    {"starved_with_checkpoints", "steps=60 fetch.cpu=18ms checkpoint.every=20 checkpoint=40ms seed=1",
     "steps=60 fetch.cpu=18ms fetch.starved=16ms affinity=1 throttled_permille=300 checkpoint.every=10 "
     "checkpoint=40ms seed=2"},
    {"not_comparable", "steps=60 seed=1",
     "steps=60 batch_size=64 count_items=0 workers=4 torch=2.1.0 seed=2"},
    {"nothing_changed", "steps=60 fetch.cpu=18ms seed=1", "steps=60 fetch.cpu=18ms seed=2"},
};

struct Analysis {
  Run run;
  Ledger ledger;
  Evidence evidence;
};

Analysis analyze(const std::string& dir, const char* text) {
  testing::write_job(dir, text);
  Result<Run> run = Run::open(dir, {});
  testing::require(run.status());
  LedgerOptions options;
  options.cache = Cache::kNone;
  Result<Ledger> ledger = build_ledger(run.value(), options);
  testing::require(ledger.status());
  Result<Evidence> evidence = gather_evidence(run.value(), ledger.value());
  testing::require(evidence.status());
  return {std::move(run).value(), std::move(ledger).value(), std::move(evidence).value()};
}

std::string table(const Diff& diff, const std::vector<Finding>& findings) {
  std::string out = fmt::format("{}\n", verdict_name(diff.comparability.verdict));
  for (const Difference& one : diff.comparability.differences) {
    out += fmt::format("  {}{}: {} -> {}\n", one.blocking ? "! " : "", one.key, one.base, one.candidate);
  }
  out += fmt::format("step {} -> {} ns, {:+} ns{}, residual {}\n", diff.base.mean_step_ns,
                     diff.candidate.mean_step_ns, diff.delta_ns, diff.flagged ? " *" : "", diff.residual_ns);
  for (const Term& one : diff.terms) {
    // Not in ns: the last digits of modelled terms and intervals are floating point and differ between machines.
    out += fmt::format("  {:<18}{:>+9.2f} ms  [{:+.2f}, {:+.2f}]{}{}\n", one.name,
                       static_cast<double>(one.delta_ns) / 1e6, one.interval.low_ns / 1e6,
                       one.interval.high_ns / 1e6, one.modelled ? " modelled" : "", one.flagged ? " *" : "");
  }
  for (const HiddenTerm& one : diff.hidden) {
    out += fmt::format("hidden {} {:+.2f} ms\n", one.name, static_cast<double>(one.delta_ns) / 1e6);
  }
  for (const ClassDiff& one : diff.classes) {
    out += fmt::format("class {}: {} -> {} steps, {} -> {} ns\n", step_class_name(one.step_class),
                       one.base_steps, one.candidate_steps, one.base_mean_ns, one.candidate_mean_ns);
  }
  for (const Finding& one : findings) {
    out += fmt::format("finding ({}): {}\n", confidence_name(one.confidence), one.text);
  }
  for (const std::string& one : diff.caveats) {
    out += fmt::format("caveat: {}\n", one);
  }
  return out;
}

class AnalysisGolden : public ::testing::TestWithParam<Scenario> {};

TEST_P(AnalysisGolden, SaysTheSame) {
  std::string pattern = ::testing::TempDir() + "golden-XXXXXX";
  const std::string root = mkdtemp(pattern.data());
  const Analysis base = analyze(root + "/base", GetParam().base);
  const Analysis candidate = analyze(root + "/candidate", GetParam().candidate);
  std::filesystem::remove_all(root);
  const AnalyzedRun a[] = {{&base.run, &base.ledger, &base.evidence}};
  const AnalyzedRun b[] = {{&candidate.run, &candidate.ledger, &candidate.evidence}};
  const Result<Diff> diff = diff_analyzed(a, b, {});
  testing::require(diff.status());
  const std::string seen = table(diff.value(), find_in_diff(diff.value(), a, b));
  const std::string file = std::string(STEPSCOPE_GOLDEN_DIR) + "/" + GetParam().name + ".txt";
  if (std::getenv("STEPSCOPE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(file) << seen;
    return;
  }
  std::ifstream in(file);
  std::stringstream expected;
  expected << in.rdbuf();
  EXPECT_EQ(seen, expected.str()) << file;
}

INSTANTIATE_TEST_SUITE_P(Jobs, AnalysisGolden, ::testing::ValuesIn(kScenarios),
                         [](const auto& scenario) { return std::string(scenario.param.name); });

}  // namespace
}  // namespace stepscope::analysis
