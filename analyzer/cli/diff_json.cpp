// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "analyzer/cli/diff_view.hpp"
#include "analyzer/cli/findings_view.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/what_if_view.hpp"
#include "analyzer/work_words.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

// Whole ns: the intervals come from resampling and have no meaning below that. Null where nobody knows.
ordered_json interval_json(const Diff& diff, const Interval& interval) {
  if (!diff.intervals_known) {
    return nullptr;
  }
  return {std::llround(interval.low_ns), std::llround(interval.high_ns)};
}

ordered_json side_json(const DiffSide& side) {
  return {{"runs", side.runs},
          {"steps", side.steps},
          {"mean_step_ns", side.mean_step_ns},
          {"run_means_ns", side.run_means_ns},
          {"noise_share", side.noise_share < 0 ? ordered_json(nullptr) : ordered_json(side.noise_share)}};
}

ordered_json comparability_json(const Comparability& comparability) {
  ordered_json differences = ordered_json::array();
  for (const Difference& difference : comparability.differences) {
    differences.push_back({{"key", difference.key},
                           {"base", difference.base},
                           {"candidate", difference.candidate},
                           {"blocking", difference.blocking}});
  }
  return {{"verdict", verdict_name(comparability.verdict)}, {"differences", std::move(differences)}};
}

// The findings that account for a term: by name, or with its time among their evidence, and in its direction.
ordered_json causes_of(const Term& term, std::span<const Finding> findings) {
  ordered_json ids = ordered_json::array();
  for (const Finding& finding : findings) {
    const bool listed =
        std::find(finding.terms.begin(), finding.terms.end(), term.name) != finding.terms.end() ||
        std::any_of(finding.evidence.begin(), finding.evidence.end(),
                    [&term](const Observation& one) { return one.name == term.name; });
    if ((listed || finding.id == term.name) && (finding.effect_ns < 0) == (term.delta_ns < 0)) {
      ids.push_back(finding.id);
    }
  }
  return ids;
}

ordered_json terms_json(const DiffReport& report) {
  ordered_json list = ordered_json::array();
  for (const Term& term : report.diff.terms) {
    const MatchTier* tier = report.kernels.tier_of(term.name);
    list.push_back(
        {{"leaf", term.name},
         {"cause", causes_of(term, report.findings)},
         {"rank", term.rank < 0 ? ordered_json(nullptr) : ordered_json(term.rank)},
         {"baseline_ns", term.base_ns},
         {"candidate_ns", term.candidate_ns},
         {"delta_ns", term.delta_ns},
         {"ci_ns", interval_json(report.diff, term.interval)},
         {"share", term.share},
         {"match_tier", tier == nullptr ? ordered_json(nullptr) : ordered_json(match_tier_name(*tier))},
         {"what_if_ns", nullptr},
         {"modelled", term.modelled},
         {"flagged", term.flagged}});
    if (report.chains != nullptr) {
      add_chain(*report.chains, term, &list.back());
    }
  }
  return list;
}

// null where the amount of work is not known on both sides, or not counted alike.
ordered_json work_json(const Diff& diff) {
  const WorkPart& work = diff.work;
  if (!work.change.known()) {
    return nullptr;
  }
  return {{"unit", work_unit_name(work.change.unit)},
          {"base_per_step", work.change.base_per_step},
          {"candidate_per_step", work.change.candidate_per_step},
          {"base_ns_per_unit", work.base_ns_per_unit},
          {"candidate_ns_per_unit", work.candidate_ns_per_unit},
          {"explained_ns", work.explained_ns},
          {"rest_ns", work.rest_ns},
          {"rest_ci_ns", interval_json(diff, work.rest_interval)},
          {"rest_flagged", work.rest_flagged},
          {"explains_step", work.explains_step},
          {"cause", work.change.differs() ? ordered_json(work_cause(work.change)) : ordered_json(nullptr)}};
}

}  // namespace

ordered_json refusal_json(const Diff& diff) {
  ordered_json document = json_head("diff", 1);
  document["comparability"] = comparability_json(diff.comparability);
  document["base"] = {{"runs", diff.base.runs}};
  document["candidate"] = {{"runs", diff.candidate.runs}};
  return document;
}

ordered_json diff_json(const DiffReport& report) {
  const Diff& diff = report.diff;
  ordered_json document = json_head("diff", 1);
  document["comparability"] = comparability_json(diff.comparability);
  document["base"] = side_json(diff.base);
  document["candidate"] = side_json(diff.candidate);
  document["delta_ns"] = diff.delta_ns;
  document["ci_ns"] = interval_json(diff, diff.interval);
  document["noise_known"] = diff.noise_known;
  document["by_ranks"] = diff.by_ranks;
  document["flagged"] = diff.flagged;
  document["work"] = work_json(diff);
  document["min_effect_ns"] = diff.min_effect_ns;
  document["findings"] = findings_json(report.findings, report.candidates);
  document["terms"] = terms_json(report);
  document["residual_ns"] = diff.residual_ns;
  if (report.what_if != nullptr) {
    document["what_if"] = what_if_json(*report.what_if);
    for (ordered_json& entry : document["terms"]) {
      add_what_if(*report.what_if, entry["leaf"], &entry);
    }
  }
  document["hidden"] = ordered_json::array();
  for (const HiddenTerm& hidden : diff.hidden) {
    document["hidden"].push_back({{"name", hidden.name}, {"delta_ns", hidden.delta_ns}});
  }
  document["classes"] = ordered_json::array();
  for (const ClassDiff& c : diff.classes) {
    document["classes"].push_back({{"class", step_class_name(c.step_class)},
                                   {"base_steps", c.base_steps},
                                   {"candidate_steps", c.candidate_steps},
                                   {"base_mean_ns", c.base_mean_ns},
                                   {"candidate_mean_ns", c.candidate_mean_ns}});
  }
  document["caveats"] = diff.caveats;
  if (report.kernels.known) {
    document["kernels"] = kernels_json(report.kernels);
  }
  if (report.by.has_value()) {
    document["by"] = by_json(*report.by);
  }
  return document;
}

}  // namespace stepscope::analysis::cli
