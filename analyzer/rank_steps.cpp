// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rank_steps.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>

namespace stepscope::analysis {
namespace {

bool counts_up(std::span<const Step> steps) {
  for (size_t i = 1; i < steps.size(); ++i) {
    if (steps[i].number != steps[i - 1].number + 1) {
      return false;
    }
  }
  return true;
}

// How far into each rank's steps the first common one is, and how many are common.
bool line_up(std::span<const ProcessLedger* const> ranks, std::vector<size_t>* offsets, size_t* count) {
  int64_t first = std::numeric_limits<int64_t>::min();
  bool numbered = true;
  for (const ProcessLedger* rank : ranks) {
    numbered = numbered && counts_up(rank->steps.steps);
    first = std::max(first, rank->steps.steps.front().number);
  }
  *count = std::numeric_limits<size_t>::max();
  for (const ProcessLedger* rank : ranks) {
    const std::vector<Step>& steps = rank->steps.steps;
    const int64_t skipped = numbered ? first - steps.front().number : 0;
    if (skipped >= static_cast<int64_t>(steps.size()) ||
        (!numbered && steps.size() != ranks[0]->steps.steps.size())) {
      return false;
    }
    offsets->push_back(static_cast<size_t>(skipped));
    *count = std::min(*count, steps.size() - offsets->back());
  }
  return true;
}

// What the job's step is: that of its ranks, when they agree.
StepClass joint_class(StepClass one, StepClass other) {
  if (one == StepClass::kWarmup || other == StepClass::kWarmup) {
    return StepClass::kWarmup;
  }
  return std::max(one, other);
}

}  // namespace

std::vector<const ProcessLedger*> ranks_of(const Run& run, const Ledger& ledger, std::string* why_not) {
  std::vector<const ProcessLedger*> out;
  std::set<int32_t> seen;
  int32_t world = 1;
  for (const ProcessLedger& process : ledger.processes) {
    if (process.steps.steps.empty()) {
      continue;
    }
    const Process& recorded = run.processes()[process.steps.process];
    world = std::max(world, recorded.world_size);
    seen.insert(recorded.rank);
    out.push_back(&process);
  }
  const bool all = seen.size() == out.size() && out.size() >= static_cast<size_t>(world);
  if (all || world == 1) {
    return all ? out : std::vector<const ProcessLedger*>();  // processes of their own are no job of ranks
  }
  *why_not = seen.size() < out.size()
                 ? "several processes with steps say that they are the same rank"
                 : fmt::format("{} of {} ranks have a recording with steps", out.size(), world);
  return {};
}

std::vector<int32_t> missing_ranks(const Run& run, const Ledger& ledger) {
  std::set<int32_t> seen;
  int32_t world = 1;
  for (const ProcessLedger& process : ledger.processes) {
    const Process& recorded = run.processes()[process.steps.process];
    world = std::max(world, recorded.world_size);
    if (!process.steps.steps.empty()) {
      seen.insert(recorded.rank);
    }
  }
  std::vector<int32_t> out;
  for (int32_t rank = 0; world > 1 && rank < world; ++rank) {
    if (!seen.contains(rank)) {
      out.push_back(rank);
    }
  }
  return out;
}

std::string rank_list(std::span<const int32_t> ranks) {
  std::string out;
  for (size_t i = 0; i < ranks.size();) {
    size_t last = i;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) {
      ++last;
    }
    out += fmt::format("{}{}", out.empty() ? "" : ", ", ranks[i]);
    out += last > i ? fmt::format("{}{}", last > i + 1 ? "-" : ", ", ranks[last]) : "";
    i = last + 1;
  }
  return out;
}

std::vector<Step> common_steps(std::span<const ProcessLedger* const> ranks, std::span<const RankClock> clocks,
                               std::string* why_not) {
  std::vector<size_t> offsets;
  size_t count = 0;
  if (!line_up(ranks, &offsets, &count)) {
    *why_not = "the ranks have different steps";
    return {};
  }
  std::vector<Step> out;
  int64_t last = std::numeric_limits<int64_t>::max();  // that all recordings reach
  int64_t widest = 0;                                  // from the first rank to begin a step to the last one
  std::vector<int64_t> lengths;
  for (size_t r = 0; r < ranks.size(); ++r) {
    last = std::min(last, clocks[r].to_first(ranks[r]->steps.steps.back().end_ns));
  }
  for (size_t k = 0; k < count; ++k) {
    Step step;
    step.index = static_cast<int64_t>(k);
    step.begin_ns = step.end_ns = std::numeric_limits<int64_t>::min();
    int64_t earliest = std::numeric_limits<int64_t>::max();
    for (size_t r = 0; r < ranks.size(); ++r) {
      const Step& own = ranks[r]->steps.steps[offsets[r] + k];
      const int64_t begin = clocks[r].to_first(own.begin_ns);
      earliest = std::min(earliest, begin);
      step.begin_ns = std::max(step.begin_ns, begin);
      step.end_ns = std::max(step.end_ns, clocks[r].to_first(own.end_ns));
      step.step_class = joint_class(step.step_class, own.step_class);
      step.number = r == 0 ? own.number : step.number;
      step.micro_steps = std::max(step.micro_steps, own.micro_steps);
    }
    if (step.end_ns > last || step.end_ns <= step.begin_ns) {
      break;
    }
    widest = std::max(widest, step.begin_ns - earliest);
    lengths.push_back(step.duration_ns());
    out.push_back(step);
  }
  if (out.empty()) {
    *why_not = "no step is covered by the recordings of all ranks";
    return {};
  }
  std::sort(lengths.begin(), lengths.end());
  if (widest > 2 * lengths[lengths.size() / 2]) {
    *why_not = fmt::format("the ranks begin the same step up to {:.1f} ms apart: they may not be the same",
                           static_cast<double>(widest) / 1e6);
    return {};
  }
  return out;
}

}  // namespace stepscope::analysis
