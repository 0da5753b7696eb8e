// SPDX-License-Identifier: Apache-2.0
//
// Runs with what was computed from them, and the findings of two of them.
#pragma once

#include <string>
#include <vector>

#include "analyzer/findings.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {

class FindingsFixture : public RunTest {
 protected:
  struct Analysis {
    analysis::Run run;
    Ledger ledger;
    Evidence evidence;
    [[nodiscard]] AnalyzedRun view() const { return {&run, &ledger, &evidence}; }
  };

  static Analysis analyze(analysis::Run run) {
    Ledger ledger = ledger_of(run);
    Result<Evidence> evidence = gather_evidence(run, ledger);
    ::stepscope::testing::require(evidence.status());
    return {std::move(run), std::move(ledger), std::move(evidence).value()};
  }

  // The terms they are about are left in `terms_`.
  std::vector<Finding> compare(const Analysis& a, const Analysis& b) {
    const AnalyzedRun base_side[] = {a.view()};
    const AnalyzedRun candidate_side[] = {b.view()};
    const Result<Diff> diff = diff_analyzed(base_side, candidate_side, {});
    ::stepscope::testing::require(diff.status());
    EXPECT_EQ(diff.value().residual_ns, 0);
    terms_ = diff.value().terms;
    return find_in_diff(diff.value(), base_side, candidate_side);
  }

  static const Finding* with_id(const std::vector<Finding>& found, std::string_view id) {
    for (const Finding& finding : found) {
      if (finding.id == id) {
        return &finding;
      }
    }
    return nullptr;
  }

  std::vector<Term> terms_;
};

}  // namespace stepscope::analysis
