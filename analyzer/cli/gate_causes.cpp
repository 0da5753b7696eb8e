// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/gate_causes.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "analyzer/cli/diff_view.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/run_side.hpp"
#include "analyzer/diff.hpp"
#include "analyzer/findings.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr size_t kMostRuns = 5;

Status add_last(std::span<const std::string> paths, RunSide* side) {
  for (const std::string& path : paths.last(std::min(kMostRuns, paths.size()))) {
    if (Status status = side->add(path); !status.ok()) {
      return status;
    }
  }
  return {};
}

}  // namespace

Result<GateCauses> causes_by_diff(std::span<const std::string> base_paths,
                                  std::span<const std::string> candidate_paths) {
  RunSide base;
  RunSide candidate;
  if (Status status = add_last(base_paths, &base); !status.ok()) {
    return status;
  }
  if (Status status = add_last(candidate_paths, &candidate); !status.ok()) {
    return status;
  }
  const Result<Diff> diff = diff_analyzed(base.analyzed, candidate.analyzed, {});
  if (!diff.ok()) {
    return diff.status();
  }
  if (diff.value().comparability.verdict == Verdict::kNotComparable) {
    return Status(Code::kNotComparable,
                  fmt::format("{} and {}: not comparable: {}; gate runs of the same work", base_paths.back(),
                              candidate_paths.back(), blocking_differences(diff.value().comparability)));
  }
  GateCauses causes;
  causes.source = fmt::format("stepscope diff of {} and {}", counted(base.runs.size(), "base run"),
                              counted(candidate.runs.size(), "candidate run"));
  for (const Term& term : diff.value().terms) {
    causes.terms.push_back({term.name, static_cast<double>(term.base_ns),
                            static_cast<double>(term.candidate_ns), static_cast<double>(term.delta_ns),
                            term.flagged, term.rank});
  }
  for (const Finding& finding : find_in_diff(diff.value(), base.analyzed, candidate.analyzed)) {
    causes.findings.push_back(
        {finding.id, finding.text, finding.advice, static_cast<double>(finding.effect_ns)});
  }
  return causes;
}

GateCauses causes_by_leaves(std::span<const RunSummary> base, std::span<const RunSummary> candidate) {
  constexpr std::string_view kPrefix = "leaf/";
  constexpr std::string_view kSuffix = "_ns";
  std::map<std::string, GateTerm> terms;
  const auto add = [&](std::span<const RunSummary> side, double GateTerm::*value) {
    for (const RunSummary& run : side) {
      for (const auto& [name, ns] : run.metrics) {
        if (name.starts_with(kPrefix) && name.ends_with(kSuffix)) {
          const std::string leaf = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
          terms[leaf].name = leaf;
          terms[leaf].*value += ns / static_cast<double>(side.size());
        }
      }
    }
  };
  add(base, &GateTerm::base_ns);
  add(candidate, &GateTerm::candidate_ns);
  GateCauses causes;
  causes.source = "leaves of the runs' summaries";
  for (auto& [name, term] : terms) {
    term.delta_ns = term.candidate_ns - term.base_ns;
    causes.terms.push_back(term);
  }
  std::stable_sort(causes.terms.begin(), causes.terms.end(), [](const GateTerm& a, const GateTerm& b) {
    return std::fabs(a.delta_ns) > std::fabs(b.delta_ns);
  });
  return causes;
}

}  // namespace stepscope::analysis::cli
