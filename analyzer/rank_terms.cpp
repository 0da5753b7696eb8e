// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rank_terms.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "analyzer/diff_breakdown.hpp"
#include "analyzer/rank_steps.hpp"

namespace stepscope::analysis {
namespace {

bool knows_ranks(const AnalyzedRun& run) {
  return run.ranks != nullptr && run.ranks->known;
}

int32_t rank_that_changed(const std::map<int32_t, double>& before, const std::map<int32_t, double>& now,
                          int64_t delta_ns) {
  constexpr double kMostOfIt = 0.5;
  constexpr double kOthers = 1.0 / 3;
  const double sign = delta_ns < 0 ? -1 : 1;
  int32_t first = -1;
  double most = 0;
  double second = 0;
  for (const auto& [rank, mean] : now) {
    const auto old = before.find(rank);
    const double change = sign * (mean - (old == before.end() ? 0 : old->second));
    if (change > most) {
      second = most;
      most = change;
      first = rank;
    } else {
      second = std::max(second, change);
    }
  }
  const bool alone = most >= kMostOfIt * std::abs(static_cast<double>(delta_ns)) && second <= kOthers * most;
  return alone ? first : -1;
}

// A term's own means in the base as they would be with the candidate's amount of work: that all ranks have more of it makes none late.
std::map<int32_t, double> grown_by_work(std::map<int32_t, double> means, const Term& one, const Diff& diff) {
  if (diff.work.change.differs() && one.base_ns > 0) {
    const double factor =
        static_cast<double>(one.candidate_ns - one.delta_ns) / static_cast<double>(one.base_ns);
    for (auto& [rank, mean] : means) {
      mean *= factor;
    }
  }
  return means;
}

// Why a side does not know; empty when its jobs are of one rank.
std::string why_unknown(std::span<const AnalyzedRun> side) {
  for (const AnalyzedRun& run : side) {
    if (run.ranks != nullptr && !run.ranks->known && !run.ranks->why_not.empty()) {
      return run.ranks->why_not;
    }
  }
  return "";
}

void add_alignment_caveat(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate,
                          Diff* diff) {
  if (diff->by_ranks) {
    int64_t worst = 0;
    for (const auto& side : {base, candidate}) {
      for (const AnalyzedRun& run : side) {
        worst = std::max(worst, run.ranks->residual_ns);
      }
    }
    diff->caveats.push_back(fmt::format(
        "the step is what the job of {} ranks waited for; their clocks are aligned by the ends of "
        "their collectives to within {:.3f} ms",
        base[0].ranks->ranks(), static_cast<double>(worst) / 1e6));
    return;
  }
  for (const auto& side : {candidate, base}) {
    if (const std::string why = why_unknown(side); !why.empty()) {
      diff->caveats.push_back(
          fmt::format("numbers are means over ranks, and who waited for whom is not known: {}", why));
      return;
    }
  }
}

// A rank that one side lacks and the other has.
void add_missing_caveat(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate,
                        Diff* diff) {
  std::set<int32_t> missing[2];
  for (const size_t side : {0U, 1U}) {
    for (const AnalyzedRun& run : side == 0 ? base : candidate) {
      const std::vector<int32_t> of_run = missing_ranks(*run.run, *run.ledger);
      missing[side].insert(of_run.begin(), of_run.end());
    }
  }
  for (const size_t side : {0U, 1U}) {
    std::vector<int32_t> only;
    std::set_difference(missing[side].begin(), missing[side].end(), missing[1 - side].begin(),
                        missing[1 - side].end(), std::back_inserter(only));
    if (!only.empty()) {
      diff->caveats.push_back(fmt::format(
          "the {} has no recording with steps of rank{} {}: what is missing there can look like time {}",
          side == 0 ? "base" : "candidate", only.size() == 1 ? "" : "s", rank_list(only),
          side == 0 ? "lost" : "saved"));
    }
  }
}

}  // namespace

bool ranks_are_known(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate) {
  const size_t ranks = knows_ranks(base[0]) ? base[0].ranks->ranks() : 0;
  const auto same = [ranks](const AnalyzedRun& run) {
    return knows_ranks(run) && run.ranks->ranks() == ranks;
  };
  return std::all_of(base.begin(), base.end(), same) && std::all_of(candidate.begin(), candidate.end(), same);
}

std::map<int32_t, double> own_means(std::span<const AnalyzedRun> side, std::string_view leaf_name) {
  std::map<int32_t, double> out;
  for (const AnalyzedRun& run : side) {
    const size_t index = run.ledger->leaf_index(leaf_name);
    for (const ProcessLedger& process : run.ledger->processes) {
      int64_t total = 0;
      int64_t steps = 0;
      for (size_t s = 0; s < process.steps.steps.size(); ++s) {
        if (process.steps.steps[s].step_class == StepClass::kTrain) {
          total += index < run.ledger->leaves.size() ? run.ledger->row(process, s)[index] : 0;
          ++steps;
        }
      }
      if (steps > 0) {
        out[run.run->processes()[process.steps.process].rank] +=
            static_cast<double>(total) / static_cast<double>(steps) / static_cast<double>(side.size());
      }
    }
  }
  return out;
}

void name_ranks(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate, Diff* diff) {
  add_missing_caveat(base, candidate, diff);
  add_alignment_caveat(base, candidate, diff);
  constexpr int64_t kSmallest = 20;  // a term is worth a rank from this part of the minimum effect on
  if (!diff->by_ranks) {
    return;
  }
  for (Term& one : diff->terms) {
    const bool changed = one.interval.low_ns > 0 || one.interval.high_ns < 0;
    const bool counts = std::abs(one.delta_ns) * kSmallest >= diff->min_effect_ns;
    // A supply term is modelled from other leaves; a kernel term is so as well where a part of it stayed hidden, and still its leaf's.
    const bool of_its_leaf = !one.modelled || is_kernel_leaf(one.name);
    if (changed && counts && of_its_leaf && !one.name.starts_with(leaf::kCommPrefix)) {
      one.rank = rank_that_changed(grown_by_work(own_means(base, one.name), one, *diff),
                                   own_means(candidate, one.name), one.delta_ns);
    }
  }
}

}  // namespace stepscope::analysis
