// SPDX-License-Identifier: Apache-2.0
#include "analyzer/findings.hpp"

#include <algorithm>
#include <cstdlib>

#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis {
namespace {

std::vector<Finding> ask_rules(const finding::Case& c) {
  std::vector<Finding> out;
  for (const finding::Rule& rule : finding::rules()) {
    rule.find(c, &out);
  }
  std::stable_sort(out.begin(), out.end(), [](const Finding& a, const Finding& b) {
    return std::abs(a.effect_ns) > std::abs(b.effect_ns);
  });
  return out;
}

}  // namespace

std::string_view confidence_name(Confidence confidence) {
  switch (confidence) {
    case Confidence::kLow:
      return "low";
    case Confidence::kMedium:
      return "medium";
    case Confidence::kHigh:
      break;
  }
  return "high";
}

std::vector<Finding> find_in_run(const AnalyzedRun& run) {
  return ask_rules(finding::Case(run));
}

std::vector<Finding> find_in_diff(const Diff& diff, std::span<const AnalyzedRun> base,
                                  std::span<const AnalyzedRun> candidate) {
  return base.empty() || candidate.empty() ? std::vector<Finding>()
                                           : ask_rules(finding::Case(diff, base, candidate));
}

}  // namespace stepscope::analysis
