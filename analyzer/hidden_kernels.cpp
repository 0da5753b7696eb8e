// SPDX-License-Identifier: Apache-2.0
#include "analyzer/hidden_kernels.hpp"

#include <algorithm>
#include <map>

#include "analyzer/apportion.hpp"
#include "analyzer/diff_breakdown.hpp"
#include "analyzer/kernel_sample.hpp"

namespace stepscope::analysis {
namespace {

constexpr size_t kStepsLookedAt = 8;  // of each process: more than for names, since a difference is asked for

struct LeafTime {
  int64_t exclusive = 0;
  int64_t overlapped = 0;
};

// By leaf, over all runs of a side.
Result<std::map<std::string, LeafTime, std::less<>>> overlap_of(std::span<const AnalyzedRun> side,
                                                                bool by_ranks) {
  std::map<std::string, LeafTime, std::less<>> out;
  SampleSize size;
  size.steps = kStepsLookedAt;
  for (const AnalyzedRun& run : side) {
    TextPool pool;
    const SamplePlan plan = by_ranks ? plan_path(run, size) : plan_spread(*run.run, *run.ledger, size);
    Result<KernelSample> sample = sample_kernels(*run.run, plan, false, &pool);
    if (!sample.ok()) {
      return sample.status();
    }
    for (const SampledStep& step : sample.value().steps) {
      for (const SampledKernel& kernel : step.kernels) {
        LeafTime& time = out[pool.text(kernel.leaf)];
        time.exclusive += kernel.exclusive_ns;
        time.overlapped += kernel.overlapped_ns;
      }
    }
  }
  return out;
}

// Of a leaf's mean, what lies beside communication.
double beside_communication(const std::map<std::string, LeafTime, std::less<>>& side, const std::string& name,
                            int64_t mean_ns) {
  const auto found = side.find(name);
  return found == side.end() || found->second.exclusive == 0
             ? 0
             : static_cast<double>(mean_ns) * static_cast<double>(found->second.overlapped) /
                   static_cast<double>(found->second.exclusive);
}

bool is_communication(const OpenTerm& term) {
  return term.name.starts_with(leaf::kCommPrefix);
}

// Hands `total` out over terms in proportion to `room`, none more than its room.
void take(int64_t total, const std::vector<int64_t>& room, int64_t sign, std::vector<int64_t>* moved) {
  const std::vector<int64_t> parts = apportion(total, room);
  for (size_t i = 0; i < parts.size(); ++i) {
    (*moved)[i] += sign * parts[i];
  }
}

}  // namespace

Result<std::vector<int64_t>> hidden_kernel_growth(std::span<const AnalyzedRun> base,
                                                  std::span<const AnalyzedRun> candidate,
                                                  const std::vector<OpenTerm>& terms, bool by_ranks,
                                                  int64_t min_effect_ns) {
  int64_t uncovered = 0;  // how much less communication is exposed
  int64_t grown = 0;
  std::vector<int64_t> shrunk(terms.size(), 0);
  for (size_t i = 0; i < terms.size(); ++i) {
    if (is_communication(terms[i])) {
      uncovered -= terms[i].delta_ns;
      shrunk[i] = std::max<int64_t>(0, -terms[i].delta_ns);
    } else if (is_kernel_leaf(terms[i].name)) {
      grown += std::max<int64_t>(0, terms[i].delta_ns);
    }
  }
  if (uncovered < min_effect_ns || grown < min_effect_ns) {
    return std::vector<int64_t>();
  }
  const auto before = overlap_of(base, by_ranks);
  if (!before.ok()) {
    return before.status();
  }
  const auto now = overlap_of(candidate, by_ranks);
  if (!now.ok()) {
    return now.status();
  }
  std::vector<int64_t> room(terms.size(), 0);
  int64_t possible = 0;
  double overlapped = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    if (!is_kernel_leaf(terms[i].name) || is_communication(terms[i])) {
      continue;
    }
    const double growth = beside_communication(now.value(), terms[i].name, terms[i].candidate_ns) -
                          beside_communication(before.value(), terms[i].name, terms[i].base_ns);
    overlapped += growth;
    room[i] = std::clamp<int64_t>(static_cast<int64_t>(growth), 0, std::max<int64_t>(0, terms[i].delta_ns));
    possible += room[i];
  }
  const int64_t hidden = std::min({uncovered, static_cast<int64_t>(overlapped), possible});
  if (hidden < min_effect_ns) {
    return std::vector<int64_t>();
  }
  std::vector<int64_t> moved(terms.size(), 0);
  take(hidden, room, 1, &moved);
  take(hidden, shrunk, -1, &moved);
  return moved;
}

}  // namespace stepscope::analysis
