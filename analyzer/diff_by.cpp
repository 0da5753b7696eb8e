// SPDX-License-Identifier: Apache-2.0
#include "analyzer/diff_by.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "analyzer/kernel_sample.hpp"

namespace stepscope::analysis {
namespace {

bool every_term(std::string_view /*term*/) {
  return true;
}

uint32_t key_of(const SampledKernel& kernel, DiffBy by) {
  switch (by) {
    case DiffBy::kOperator:
      return kernel.place.op;
    case DiffBy::kPhase:
      return kernel.place.phase;
    case DiffBy::kLane:
      return kernel.lane;
    case DiffBy::kModule:
      return kernel.place.module;
    case DiffBy::kFamily:
    case DiffBy::kKernel:
    case DiffBy::kRank:
      break;
  }
  return 0;
}

std::string_view unknown_name(DiffBy by) {
  switch (by) {
    case DiffBy::kOperator:
      return "(kernels whose operator was not recorded)";
    case DiffBy::kPhase:
      return "(kernels whose phase was not recorded)";
    case DiffBy::kLane:
      return "(kernels whose stream is not known)";
    case DiffBy::kModule:
      return "(kernels whose module was not recorded)";
    case DiffBy::kFamily:
    case DiffBy::kKernel:
    case DiffBy::kRank:
      break;
  }
  return "(not known)";
}

PartWeights sample_weights(const KernelSample& sample, const TextPool& pool, DiffBy by) {
  PartWeights out;
  for (const SampledStep& step : sample.steps) {
    for (const SampledKernel& kernel : step.kernels) {
      out[pool.text(kernel.leaf)][key_of(kernel, by)] += kernel.exclusive_ns;
    }
  }
  return out;
}

// All train steps of all runs: a ledger has them by process.
PartWeights rank_weights(std::span<const AnalyzedRun> side) {
  PartWeights out;
  for (const AnalyzedRun& run : side) {
    for (const ProcessLedger& process : run.ledger->processes) {
      const auto rank = static_cast<uint32_t>(run.run->processes()[process.steps.process].rank);
      for (size_t s = 0; s < process.steps.steps.size(); ++s) {
        if (process.steps.steps[s].step_class != StepClass::kTrain) {
          continue;
        }
        const std::span<const int64_t> row = run.ledger->row(process, s);
        for (size_t l = 0; l < row.size(); ++l) {
          if (row[l] != 0) {
            out[run.ledger->leaves[l]][rank] += row[l];
          }
        }
      }
    }
  }
  return out;
}

class Rows {
 public:
  void add(const std::string& name, bool kernels, int64_t base_ns, int64_t candidate_ns, int64_t delta_ns) {
    DiffRow& row = rows_[name];
    row.name = name;
    row.kernels = kernels;
    row.base_ns += base_ns;
    row.candidate_ns += candidate_ns;
    row.delta_ns += delta_ns;
  }
  void add_term(const Term& term) {
    add(term.name, is_kernel_leaf(term.name), term.base_ns, term.candidate_ns, term.delta_ns);
  }
  std::vector<DiffRow> finish() {
    std::vector<DiffRow> out;
    for (auto& [name, row] : rows_) {
      out.push_back(std::move(row));
    }
    return out;
  }

 private:
  std::map<std::string, DiffRow> rows_;
};

std::vector<DiffRow> by_kernel(const Diff& diff, const KernelDiff& kernels) {
  Rows rows;
  for (const Term& term : diff.terms) {
    if (!kernels.known || !is_kernel_leaf(term.name)) {
      rows.add_term(term);
    }
  }
  std::vector<DiffRow> out = rows.finish();
  for (const KernelGroup& group : kernels.groups) {
    out.push_back({group.label, true, group.tier, group.base_ns, group.candidate_ns, group.delta_ns});
  }
  return out;
}

Result<std::vector<DiffRow>> by_place(std::span<const AnalyzedRun> base,
                                      std::span<const AnalyzedRun> candidate, const Diff& diff, DiffBy by) {
  TextPool pool;
  const Result<SampledSides> sampled = sample_sides(base, candidate, diff.by_ranks, &pool);
  if (!sampled.ok()) {
    return sampled.status();
  }
  Rows rows;
  for (const Term& term : diff.terms) {
    if (!is_kernel_leaf(term.name)) {
      rows.add_term(term);
    }
  }
  for (const PartChange& part :
       break_down(diff, sample_weights(sampled.value().base, pool, by),
                  sample_weights(sampled.value().candidate, pool, by), &is_kernel_leaf)) {
    const bool known = part.part != kUnknownPart && part.part != 0;
    rows.add(known ? pool.text(part.part) : std::string(unknown_name(by)), true, part.base_ns,
             part.candidate_ns, part.delta_ns);
  }
  return rows.finish();
}

// Of jobs whose ranks are known: whose time the job's step is. The mean over runs of means over train steps, in 1/1000 ns, so
// that runs count alike, as they do in the terms.
PartWeights path_weights(std::span<const AnalyzedRun> side) {
  constexpr int64_t kFine = 1000;
  PartWeights out;
  for (const AnalyzedRun& run : side) {
    const RankLedger& job = *run.ranks;
    const auto trains = [&job](size_t step) { return job.steps()[step].step_class == StepClass::kTrain; };
    int64_t steps = 0;
    for (size_t s = 0; s < job.steps().size(); ++s) {
      steps += trains(s) ? 1 : 0;
    }
    std::map<std::pair<uint32_t, uint32_t>, int64_t> sums;  // by leaf and rank
    for (const OwnedTime& owned : job.owned) {
      if (trains(owned.step)) {
        sums[{owned.leaf, owned.rank}] += owned.ns;
      }
    }
    for (const auto& [key, ns] : sums) {
      const auto rank = static_cast<uint32_t>(run.run->processes()[job.processes[key.second]].rank);
      out[job.ledger.leaves[key.first]][rank] += ns * kFine / std::max<int64_t>(1, steps);
    }
  }
  return out;
}

std::vector<DiffRow> by_rank(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate,
                             const Diff& diff) {
  Rows rows;
  const auto weights = diff.by_ranks ? &path_weights : &rank_weights;
  for (const PartChange& part : break_down(diff, weights(base), weights(candidate), &every_term)) {
    rows.add(part.part == kUnknownPart ? "(all ranks)" : fmt::format("rank {}", part.part), false,
             part.base_ns, part.candidate_ns, part.delta_ns);
  }
  return rows.finish();
}

}  // namespace

std::string_view diff_by_name(DiffBy by) {
  return kDiffByNames[static_cast<size_t>(by)];
}

std::optional<DiffBy> parse_diff_by(std::string_view text) {
  const auto* const found = std::find(std::begin(kDiffByNames), std::end(kDiffByNames), text);
  return found == std::end(kDiffByNames)
             ? std::nullopt
             : std::optional(static_cast<DiffBy>(found - std::begin(kDiffByNames)));
}

Result<std::vector<DiffRow>> diff_by(std::span<const AnalyzedRun> base,
                                     std::span<const AnalyzedRun> candidate, const Diff& diff,
                                     const KernelDiff& kernels, DiffBy by) {
  std::vector<DiffRow> out;
  if (by == DiffBy::kKernel) {
    out = by_kernel(diff, kernels);
  } else if (by == DiffBy::kRank) {
    out = by_rank(base, candidate, diff);
  } else if (by == DiffBy::kFamily) {
    Rows rows;
    for (const Term& term : diff.terms) {
      rows.add_term(term);
    }
    out = rows.finish();
  } else {
    Result<std::vector<DiffRow>> rows = by_place(base, candidate, diff, by);
    if (!rows.ok()) {
      return rows;
    }
    out = std::move(rows).value();
  }
  std::stable_sort(out.begin(), out.end(), [](const DiffRow& a, const DiffRow& b) {
    return std::abs(a.delta_ns) != std::abs(b.delta_ns) ? std::abs(a.delta_ns) > std::abs(b.delta_ns)
                                                        : a.name < b.name;
  });
  return out;
}

}  // namespace stepscope::analysis
