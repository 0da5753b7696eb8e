// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/what_if.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "analyzer/replay/replay_run.hpp"

namespace stepscope::analysis {
namespace {

// Per train step: time of a leaf on a rank (-1: mean over ranks), waits of a synchronising call.
struct Usual {
  std::map<std::pair<int32_t, std::string>, double> leaf_ns;
  std::map<std::string, double> waits;

  [[nodiscard]] double of(int32_t rank, const std::string& leaf_name) const {
    const auto own = leaf_ns.find({rank, leaf_name});
    if (own != leaf_ns.end()) {
      return own->second;
    }
    const auto all = leaf_ns.find({-1, leaf_name});
    const bool has_rank = leaf_ns.lower_bound({rank, ""}) != leaf_ns.end() &&
                          leaf_ns.lower_bound({rank, ""})->first.first == rank;
    return has_rank || all == leaf_ns.end() ? 0 : all->second;
  }
};

struct ReplayedSide {
  std::vector<ReplayedRun> runs;
  Usual usual;
  double error = 0;
  std::string reason;
};

// Adds what a run does per train step to the mean over `runs` runs.
void add_usual(const ReplayedRun& run, size_t runs, Usual* usual) {
  std::map<int32_t, double> steps;
  for (const ReplayedStep& step : run.steps()) {
    steps[step.rank] += 1;
  }
  const auto ranks = static_cast<double>(steps.size());
  for (const RecordedGraph::Part& part : run.recorded().parts()) {
    if (steps[part.rank] > 0) {
      const double per_step = part.total_ns / steps[part.rank] / static_cast<double>(runs);
      usual->leaf_ns[{part.rank, part.leaf}] += per_step;
      usual->leaf_ns[{-1, part.leaf}] += per_step / ranks;
    }
  }
  for (const RecordedGraph::Site& site : run.recorded().sites()) {
    usual->waits[site.name] +=
        static_cast<double>(site.waits) / static_cast<double>(run.steps().size()) / static_cast<double>(runs);
  }
}

Result<ReplayedSide> replay_side(std::span<const AnalyzedRun> runs) {
  ReplayedSide side;
  for (const AnalyzedRun& one : runs) {
    Result<ReplayedRun> run = ReplayedRun::make(*one.run, *one.ledger);
    if (!run.ok()) {
      return run.status();
    }
    if (!run.value().reason().empty()) {
      side.reason = one.run->path() + ": " + run.value().reason();
      return side;
    }
    side.error = std::max(side.error, run.value().error());
    side.runs.push_back(std::move(run).value());
  }
  for (const ReplayedRun& run : side.runs) {
    add_usual(run, side.runs.size(), &side.usual);
  }
  return side;
}

// The leaf whose time a term is; empty for terms that are no leaf's.
std::string_view leaf_of_term(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kData[] = {
      {term::kFetch, leaf::kFetchCpu},
      {term::kStarved, leaf::kFetchStarved},
      {term::kIo, leaf::kFetchIo},
      {term::kBlocked, leaf::kFetchBlocked},
      {term::kWorkers, {}},
      {term::kSlowWorker, {}},
      {term::kWork, {}}};
  const auto* const found =
      std::find_if(std::begin(kData), std::end(kData), [&](const auto& row) { return row.first == name; });
  return found == std::end(kData) ? name : found->second;
}

// Fewer than one wait in so many steps is none.
constexpr double kSomeWaits = 0.25;

// Of anything that is scaled, ns: sums of a million such fit.
constexpr double kLongestScaled = 1e12;

// How much shorter the step of this run is when the leaf is as on the other side; nothing when it cannot be.
std::optional<double> shortened_ns(const ReplayedRun& run, const std::string& leaf_name, const Usual& own,
                                   const Usual& other) {
  const RecordedGraph& recorded = run.recorded();
  std::vector<double> factors(recorded.parts().size(), 1);
  bool any = false;
  for (size_t p = 0; p < factors.size(); ++p) {
    const RecordedGraph::Part& part = recorded.parts()[p];
    const double mine = own.of(part.rank, part.leaf);
    if (p != kFixedPart && part.leaf == leaf_name && mine > 0) {
      factors[p] = other.of(part.rank, leaf_name) / mine;
      any = true;
    }
  }
  std::vector<int64_t> weights = recorded.graph().weights();
  for (size_t e = 0; e < weights.size(); ++e) {
    const double factor = factors[recorded.edge_parts()[e]];
    if (factor != 1) {
      weights[e] = std::llround(std::min(static_cast<double>(weights[e]) * factor, kLongestScaled));
    }
  }
  if (leaf_name.starts_with(leaf::kIdlePrefix)) {
    for (const auto& [name, waits] : other.waits) {
      const auto mine = own.waits.find(name);
      if (waits >= kSomeWaits && (mine == own.waits.end() || mine->second < kSomeWaits)) {
        return std::nullopt;
      }
    }
    for (const RecordedGraph::Site& site : recorded.sites()) {
      const auto theirs = other.waits.find(site.name);
      if (theirs == other.waits.end() || theirs->second < kSomeWaits) {
        any = true;
        for (const uint32_t edge : site.edges) {
          weights[edge] = ReplayGraph::kAbsent;
        }
      }
    }
  }
  if (!any) {
    return std::nullopt;
  }
  return run.mean_step_ns(recorded.graph().weights()) - run.mean_step_ns(weights);
}

// Mean over the runs of a side.
std::optional<int64_t> mean_shortened_ns(const ReplayedSide& side, const std::string& leaf_name,
                                         const Usual& other) {
  double total = 0;
  for (const ReplayedRun& run : side.runs) {
    const std::optional<double> one = shortened_ns(run, leaf_name, side.usual, other);
    if (!one.has_value()) {
      return std::nullopt;
    }
    total += *one;
  }
  return std::llround(total / static_cast<double>(side.runs.size()));
}

TermWhatIf bracket(const Term& one, const ReplayedSide& base, const ReplayedSide& candidate) {
  TermWhatIf out;
  out.term = one.name;
  const std::string leaf_name(leaf_of_term(one.name));
  if (leaf_name.empty()) {
    out.reason = "other workers make other batches: not replayed";
    return out;
  }
  out.removed_ns = mean_shortened_ns(candidate, leaf_name, base.usual);
  out.added_ns = mean_shortened_ns(base, leaf_name, candidate.usual);
  if (out.added_ns.has_value()) {
    out.added_ns = -*out.added_ns;
  }
  if (!out.known()) {
    out.reason = "nothing that was recorded one by one belongs to it";
  }
  return out;
}

}  // namespace

int64_t TermWhatIf::low_ns() const {
  return std::min(removed_ns.value_or(added_ns.value_or(0)), added_ns.value_or(removed_ns.value_or(0)));
}

int64_t TermWhatIf::high_ns() const {
  return std::max(removed_ns.value_or(added_ns.value_or(0)), added_ns.value_or(removed_ns.value_or(0)));
}

const TermWhatIf* WhatIf::find(std::string_view term) const {
  const auto found =
      std::find_if(terms.begin(), terms.end(), [&](const TermWhatIf& one) { return one.term == term; });
  return found == terms.end() ? nullptr : &*found;
}

Result<WhatIf> replay_what_if(const Diff& diff, std::span<const AnalyzedRun> base,
                              std::span<const AnalyzedRun> candidate, const WhatIfOptions& options) {
  WhatIf out;
  ReplayedSide sides[2];
  for (const size_t s : {0U, 1U}) {
    Result<ReplayedSide> side = replay_side(s == 0 ? base : candidate);
    if (!side.ok()) {
      return side.status();
    }
    sides[s] = std::move(side).value();
    if (!sides[s].reason.empty()) {
      out.reason = sides[s].reason;
      return out;
    }
  }
  out.base_error = sides[0].error;
  out.candidate_error = sides[1].error;
  for (const Term& one : diff.terms) {  // the largest first
    // A rank of many that is slow grows a small term, and a large one of those who wait for it.
    if (out.terms.size() < options.most_terms && std::abs(one.delta_ns) >= diff.min_effect_ns / 4) {
      out.terms.push_back(bracket(one, sides[0], sides[1]));
    }
  }
  return out;
}

}  // namespace stepscope::analysis
