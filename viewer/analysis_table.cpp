// SPDX-License-Identifier: Apache-2.0
#include "viewer/analysis_table.hpp"

#include <algorithm>
#include <cmath>

#include "analyzer/diff.hpp"
#include "analyzer/findings.hpp"
#include "analyzer/work_words.hpp"
#include "viewer/model/format.hpp"

namespace stepscope::viewer {
namespace {

using analysis::AnalyzedRun;

std::optional<Place> place_of(const std::optional<analysis::Pointer>& where, Side side,
                              const RunModel& model) {
  if (!where) {
    return std::nullopt;
  }
  for (uint32_t lane = 0; lane < model.lanes.size(); ++lane) {
    if (model.lanes[lane].source_lane == where->lane) {
      return Place{side, lane, where->begin_ns, where->end_ns};
    }
  }
  return std::nullopt;
}

// The train step of this rank in which the leaf takes longest.
std::optional<Place> place_on_rank(const AnalyzedRun& run, int32_t rank, const std::string& leaf_name,
                                   Side side, const RunModel& model) {
  const size_t leaf_at = run.ledger->leaf_index(leaf_name);
  const analysis::ProcessSteps* of = nullptr;
  size_t longest = 0;
  int64_t most = 0;
  for (const analysis::ProcessLedger& process : run.ledger->processes) {
    if (run.run->processes()[process.steps.process].rank != rank || leaf_at == run.ledger->leaves.size()) {
      continue;
    }
    for (size_t s = 0; s < process.steps.steps.size(); ++s) {
      const int64_t ns = run.ledger->row(process, s)[leaf_at];
      if (process.steps.steps[s].step_class == analysis::StepClass::kTrain && ns > most) {
        most = ns;
        longest = s;
        of = &process.steps;
      }
    }
  }
  if (of == nullptr) {
    return std::nullopt;
  }
  const analysis::Step& step = of->steps[longest];
  return find_place_in(model, side, of->process, step.begin_ns, step.end_ns, leaf_name);
}

std::string text_of(const analysis::Observation::Value& value, const std::string& unit) {
  if (const double* number = std::get_if<double>(&value)) {
    return evidence_value(*number, unit);
  }
  const std::string* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : "";
}

std::vector<EvidenceRow> evidence_of(const analysis::Finding& finding) {
  std::vector<EvidenceRow> rows;
  for (const analysis::Observation& seen : finding.evidence) {
    rows.push_back({seen.name, text_of(seen.base, seen.unit), text_of(seen.candidate, seen.unit)});
  }
  return rows;
}

void add_findings(DiffTable& table, const std::vector<analysis::Finding>& findings, Side side,
                  const RunModel& model) {
  for (const analysis::Finding& finding : findings) {
    table.findings.push_back({finding.text, finding.advice, std::string(confidence_name(finding.confidence)),
                              finding.effect_ns, finding.id, place_of(finding.where, side, model),
                              evidence_of(finding)});
  }
}

// A finding whose evidence points nowhere leads to where a term that it accounts for shows best.
void add_missing_places(DiffTable& table, const std::vector<analysis::Finding>& findings) {
  for (size_t i = 0; i < findings.size(); ++i) {
    std::vector<std::string> accounted = findings[i].terms;
    accounted.push_back(findings[i].id);
    for (const TermRow& term : table.terms) {
      const bool whose = findings[i].rank < 0 || term.rank == findings[i].rank;
      if (!table.findings[i].place && whose && term.place &&
          std::find(accounted.begin(), accounted.end(), term.name) != accounted.end()) {
        table.findings[i].place = term.place;
      }
    }
  }
}

// A finding's pointer is better than our own guess: it comes from the evidence.
std::optional<Place> place_of_term(const DiffTable& table, const std::string& term, Side side,
                                   const RunModel& model) {
  for (const FindingRow& finding : table.findings) {
    if (finding.id == term && finding.place) {
      return finding.place;
    }
  }
  return find_place(model, side, term);
}

// "The runs are comparable with notes. Longer sequences, not a slowdown: ...": what the program says first.
std::string status_of(const analysis::Diff& diff) {
  const std::string runs =
      std::string("The runs are ") + std::string(verdict_name(diff.comparability.verdict)) + ".";
  const std::string amounts = work_amounts(diff);
  std::string verdict = work_verdict(diff);
  return amounts.empty() ? runs : runs + " Work: " + verdict + (verdict.empty() ? "" : ": ") + amounts + ".";
}

void add_remarks(DiffTable& table, const analysis::Diff& diff) {
  for (const analysis::Difference& difference : diff.comparability.differences) {
    table.remarks.push_back(difference.key + ": " + difference.base + " → " + difference.candidate);
  }
  for (const analysis::HiddenTerm& hidden : diff.hidden) {
    table.remarks.push_back("hidden behind other work: " + hidden.name + " " +
                            format_delta_ms(static_cast<double>(hidden.delta_ns)) + " ms");
  }
  for (const std::string& caveat : diff.caveats) {
    table.remarks.push_back(caveat);
  }
}

}  // namespace

DiffTable table_of_run(const AnalyzedRun& run, const RunModel& model) {
  DiffTable table;
  size_t count = 0;
  const std::vector<int64_t> means =
      run.ledger->class_means(analysis::StepClass::kTrain, &table.a_step_ns, &count);
  if (means.empty()) {
    table.status =
        model.step_method.empty() ? "no train steps in this run" : "no train steps: " + model.step_method;
    return table;
  }
  add_findings(table, find_in_run(run), Side::kA, model);
  for (size_t leaf = 0; leaf < means.size(); ++leaf) {
    if (means[leaf] == 0) {
      continue;
    }
    TermRow row;
    row.name = run.ledger->leaves[leaf];
    row.category = analysis::category_of_leaf(row.name);
    row.a_ns = means[leaf];
    row.share = static_cast<double>(means[leaf]) / static_cast<double>(std::max<int64_t>(1, table.a_step_ns));
    row.place = place_of_term(table, row.name, Side::kA, model);
    table.terms.push_back(std::move(row));
  }
  table.status = "Mean over " + format_count(count) + " train steps. " + model.step_method;
  table.sort(TermOrder::kEffect, true);
  return table;
}

DiffTable table_of_diff(const analysis::Diff& diff, const AnalyzedRun& a, const AnalyzedRun& b,
                        const RunModel& model_a, const RunModel& model_b) {
  DiffTable table;
  table.comparison = true;
  table.status = status_of(diff);
  table.a_step_ns = diff.base.mean_step_ns;
  table.b_step_ns = diff.candidate.mean_step_ns;
  table.delta_ns = diff.delta_ns;
  const std::vector<analysis::Finding> findings = find_in_diff(diff, {&a, 1}, {&b, 1});
  add_findings(table, findings, Side::kB, model_b);
  for (const analysis::Term& term : diff.terms) {
    TermRow row;
    row.name = term.name;
    row.category = analysis::category_of_leaf(term.name);
    row.a_ns = term.base_ns;
    row.b_ns = term.candidate_ns;
    row.delta_ns = term.delta_ns;
    row.share = term.share;
    row.low_ns = term.interval.low_ns;
    row.high_ns = term.interval.high_ns;
    row.modelled = term.modelled;
    row.flagged = term.flagged;
    row.rank = term.rank;
    // What shrank is seen best where it still was.
    const bool shrank = term.delta_ns < 0;
    if (term.rank >= 0) {
      row.place = place_on_rank(shrank ? a : b, term.rank, term.name, shrank ? Side::kA : Side::kB,
                                shrank ? model_a : model_b);
    }
    if (!row.place) {
      row.place = shrank ? find_place(model_a, Side::kA, term.name)
                         : place_of_term(table, term.name, Side::kB, model_b);
    }
    table.terms.push_back(std::move(row));
  }
  add_missing_places(table, findings);
  add_remarks(table, diff);
  return table;
}

}  // namespace stepscope::viewer
