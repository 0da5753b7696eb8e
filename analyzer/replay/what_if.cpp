// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/what_if.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include <fmt/format.h>

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

// The graphs of all runs: some are kept, the others made whenever they are asked for.
class Graphs {
 public:
  Graphs(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate)
      : sides_{base, candidate} {}

  [[nodiscard]] size_t runs(size_t side) const { return sides_[side].size(); }
  [[nodiscard]] const Run& run(size_t side, size_t index) const { return *sides_[side][index].run; }

  Result<std::shared_ptr<const ReplayedRun>> get(size_t side, size_t index, Gaps gaps) {
    const auto key = std::tuple(side, index, gaps);
    if (const auto found = kept_.find(key); found != kept_.end()) {
      return found->second;
    }
    const AnalyzedRun& one = sides_[side][index];
    Result<ReplayedRun> made = ReplayedRun::make(*one.run, *one.ledger, {kMostEvents, gaps});
    if (!made.ok()) {
      return made.status();
    }
    auto graph = std::make_shared<const ReplayedRun>(std::move(made).value());
    if (kept_.size() < kMostKeptGraphs) {
      kept_[key] = graph;
    }
    return graph;
  }

 private:
  std::span<const AnalyzedRun> sides_[2];
  std::map<std::tuple<size_t, size_t, Gaps>, std::shared_ptr<const ReplayedRun>> kept_;
};

// Both sides in one reading of the gaps.
struct Reading {
  Gaps gaps = Gaps::kFollowGpu;
  Usual usual[2];
  double error[2] = {0, 0};
  std::string reason;     // why it cannot be used
  size_t unlaunched = 0;  // runs whose CUDA calls were not recorded
  uint64_t unmatched = 0;
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

Result<Reading> measure(Graphs& graphs, Gaps gaps) {
  Reading out;
  out.gaps = gaps;
  for (const size_t side : {0U, 1U}) {
    for (size_t i = 0; i < graphs.runs(side); ++i) {
      const Result<std::shared_ptr<const ReplayedRun>> run = graphs.get(side, i, gaps);
      if (!run.ok()) {
        return run.status();
      }
      const ReplayedRun& replay = *run.value();
      if (!replay.reason().empty()) {
        out.reason = graphs.run(side, i).path() + ": " + replay.reason();
        return out;
      }
      out.error[side] = std::max(out.error[side], replay.error());
      out.unlaunched += replay.unlaunched() ? 1U : 0U;
      out.unmatched += replay.unmatched();
      add_usual(replay, graphs.runs(side), &out.usual[side]);
    }
  }
  return out;
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

// How much shorter the step of each side is with each leaf as on the other side, mean over its runs; [leaf][side].
using Shortened = std::vector<std::array<std::optional<double>, 2>>;

Result<Shortened> shortened_sides(Graphs& graphs, const Reading& reading,
                                  std::span<const std::string> leaves) {
  Shortened out(leaves.size(), {0.0, 0.0});
  for (const size_t side : {0U, 1U}) {
    for (size_t i = 0; i < graphs.runs(side); ++i) {
      const Result<std::shared_ptr<const ReplayedRun>> run = graphs.get(side, i, reading.gaps);
      if (!run.ok()) {
        return run.status();
      }
      for (size_t t = 0; t < leaves.size(); ++t) {
        std::optional<double>& total = out[t][side];
        const std::optional<double> one =
            leaves[t].empty() || !total.has_value()
                ? std::nullopt
                : shortened_ns(*run.value(), leaves[t], reading.usual[side], reading.usual[1 - side]);
        total = one.has_value() ? std::optional(*total + *one / static_cast<double>(graphs.runs(side)))
                                : std::nullopt;
      }
    }
  }
  return out;
}

std::optional<int64_t> whole(const std::optional<double>& ns, double sign) {
  return ns.has_value() ? std::optional<int64_t>(std::llround(sign * *ns)) : std::nullopt;
}

// Removed from the candidate, added to the base.
void set_ends(const std::array<std::optional<double>, 2>& shortened, Gaps gaps, TermWhatIf* one) {
  (gaps == Gaps::kFollowGpu ? one->removed_ns : one->removed_host_ns) = whole(shortened[1], 1);
  (gaps == Gaps::kFollowGpu ? one->added_ns : one->added_host_ns) = whole(shortened[0], -1);
}

// What `readings` assume, and that some waits are not seen.
std::vector<std::string> notes_of(const Reading& reading) {
  std::vector<std::string> notes;
  if (reading.unlaunched > 0) {
    notes.emplace_back(
        "CUDA calls were not recorded (level api records them), so what launched a kernel and where the host "
        "waited for the "
        "GPU are not known: one end takes the gaps on a GPU as its own, the other as the host's");
  }
  if (reading.unmatched > 0) {
    notes.push_back(
        fmt::format("{} operations of collectives lack their counterparts on other ranks: what ranks "
                    "wait for each other in them counts as the network's",
                    reading.unmatched));
  }
  return notes;
}

}  // namespace

int64_t TermWhatIf::low_ns() const {
  std::optional<int64_t> low;
  for (const std::optional<int64_t>& one : {removed_ns, added_ns, removed_host_ns, added_host_ns}) {
    low = one.has_value() ? std::min(low.value_or(*one), *one) : low;
  }
  return low.value_or(0);
}

int64_t TermWhatIf::high_ns() const {
  std::optional<int64_t> high;
  for (const std::optional<int64_t>& one : {removed_ns, added_ns, removed_host_ns, added_host_ns}) {
    high = one.has_value() ? std::max(high.value_or(*one), *one) : high;
  }
  return high.value_or(0);
}

const TermWhatIf* WhatIf::find(std::string_view term) const {
  const auto found =
      std::find_if(terms.begin(), terms.end(), [&](const TermWhatIf& one) { return one.term == term; });
  return found == terms.end() ? nullptr : &*found;
}

Result<WhatIf> replay_what_if(const Diff& diff, std::span<const AnalyzedRun> base,
                              std::span<const AnalyzedRun> candidate, const WhatIfOptions& options) {
  WhatIf out;
  std::vector<std::string> leaves;
  for (const Term& one : diff.terms) {  // the largest first
    // A rank of many that is slow grows a small term, and a large one of those who wait for it.
    if (out.terms.size() < options.most_terms && std::abs(one.delta_ns) >= diff.min_effect_ns / 4) {
      out.terms.emplace_back().term = one.name;
      leaves.emplace_back(leaf_of_term(one.name));
    }
  }
  Graphs graphs(base, candidate);
  for (const Gaps gaps : {Gaps::kFollowGpu, Gaps::kFollowHost}) {
    const Result<Reading> measured = measure(graphs, gaps);
    if (!measured.ok()) {
      return measured.status();
    }
    const Reading& reading = measured.value();
    out.reason = reading.reason;
    if (out.reason.empty() && reading.unlaunched > 0 &&
        reading.unlaunched < graphs.runs(0) + graphs.runs(1)) {
      out.reason =
          "CUDA calls were recorded of some runs only, and what a gap on a GPU is means something else "
          "without them";
    }
    if (!out.reason.empty()) {
      out.terms.clear();
      return out;
    }
    const Result<Shortened> shortened = shortened_sides(graphs, reading, leaves);
    if (!shortened.ok()) {
      return shortened.status();
    }
    for (size_t t = 0; t < leaves.size(); ++t) {
      set_ends(shortened.value()[t], gaps, &out.terms[t]);
    }
    out.base_error = std::max(out.base_error, reading.error[0]);
    out.candidate_error = std::max(out.candidate_error, reading.error[1]);
    if (gaps == Gaps::kFollowGpu) {
      out.notes = notes_of(reading);
    }
    if (reading.unlaunched == 0) {
      break;  // there is one reading
    }
  }
  for (size_t t = 0; t < leaves.size(); ++t) {
    if (!out.terms[t].known()) {
      out.terms[t].reason = leaves[t].empty() ? "other workers make other batches: not replayed"
                                              : "nothing that was recorded one by one belongs to it";
    }
  }
  return out;
}

}  // namespace stepscope::analysis
