// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ledger.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <utility>

#include "analyzer/apportion.hpp"
#include "analyzer/labels.hpp"
#include "analyzer/ledger_cache.hpp"
#include "analyzer/ledger_pieces.hpp"
#include "analyzer/parallel_for.hpp"

namespace stepscope::analysis {
namespace {

// Adds pieces to the steps they lie in, and resolves mixes when a step is complete.
class StepSums {
 public:
  StepSums(const std::vector<Step>& steps, const Labels& labels)
      : steps_(steps), labels_(labels), width_(labels.leaves().size()), ns_(steps.size() * width_, 0) {}

  void add(int64_t begin, int64_t end, uint32_t label) {
    while (begin < end) {
      while (step_ < steps_.size() && begin >= steps_[step_].end_ns) {
        close();
      }
      if (step_ == steps_.size()) {
        return;
      }
      const int64_t until = std::min(end, steps_[step_].end_ns);
      if (!Labels::is_mix(label)) {
        ns_[step_ * width_ + label] += until - begin;
      } else if (!mixes_.empty() && mixes_.back().first == label) {
        mixes_.back().second += until - begin;
      } else {
        mixes_.emplace_back(label, until - begin);
      }
      begin = until;
    }
  }

  std::vector<int64_t> take() {
    while (step_ < steps_.size()) {
      close();
    }
    return std::move(ns_);
  }

 private:
  void close() {
    std::sort(mixes_.begin(), mixes_.end());
    for (size_t i = 0; i < mixes_.size();) {
      const uint32_t label = mixes_[i].first;
      int64_t total = 0;
      for (; i < mixes_.size() && mixes_[i].first == label; ++i) {
        total += mixes_[i].second;
      }
      labels_.split(label, total, [&](uint32_t leaf_id, int64_t ns) { ns_[step_ * width_ + leaf_id] += ns; });
    }
    mixes_.clear();
    ++step_;
  }

  const std::vector<Step>& steps_;
  const Labels& labels_;
  size_t width_;
  std::vector<int64_t> ns_;
  std::vector<std::pair<uint32_t, int64_t>> mixes_;  // of the step at hand
  size_t step_ = 0;
};

// Leaves that could have been and never were; half of them, of a process with a GPU, and a run has many processes.
void drop_empty_leaves(BuiltLedger& built) {
  const size_t width = built.leaves.size();
  std::vector<int64_t>& ns = built.ledger.ns;
  std::vector<bool> used(width, false);
  for (size_t i = 0; i < ns.size(); ++i) {
    used[i % width] = used[i % width] || ns[i] != 0;
  }
  size_t kept = 0;
  for (size_t i = 0; i < ns.size(); ++i) {
    if (used[i % width]) {
      ns[kept++] = ns[i];
    }
  }
  ns.resize(kept);
  ns.shrink_to_fit();
  size_t leaf = 0;
  std::erase_if(built.leaves, [&](const std::string&) { return !used[leaf++]; });
}

Result<BuiltLedger> compute(const Run& run, ProcessSteps steps) {
  BuiltLedger built;
  built.ledger.steps = std::move(steps);
  const ProcessSteps& found = built.ledger.steps;
  if (found.steps.empty()) {
    return built;
  }
  Labels labels;
  std::optional<StepSums> sums;
  const Result<WaitCounts> waits = label_pieces(run, found, &labels, [&]() -> PieceVisitor {
    sums.emplace(found.steps, labels);
    return [&sums](int64_t begin, int64_t end, uint32_t label) { sums->add(begin, end, label); };
  });
  if (!waits.ok()) {
    return waits.status();
  }
  built.ledger.ns = sums->take();
  built.leaves = labels.leaves();
  drop_empty_leaves(built);
  built.ledger.waits = waits.value().all;
  built.ledger.unjoined = waits.value().unjoined;
  return built;
}

// The ledger of one process, from its roll-up or its events.
std::optional<BuiltLedger> cached(const Run& run, uint32_t process, const std::string& fingerprint,
                                  const LedgerOptions& options) {
  if (options.cache == Cache::kNone) {
    return std::nullopt;
  }
  Result<std::optional<trace::Rollup>> rollup = run.load_rollup(process);
  if (!rollup.ok() || !rollup.value().has_value()) {
    return std::nullopt;  // a damaged cache is recomputed, not an error
  }
  return from_rollup(run, process, *rollup.value(), fingerprint);
}

// Gives all processes the same leaves, ascending, without those that nobody has.
void unite(std::vector<BuiltLedger>& built, Ledger* out) {
  for (const BuiltLedger& one : built) {
    const size_t width = one.leaves.size();
    for (size_t l = 0; l < width; ++l) {
      for (size_t s = 0; s < one.ledger.steps.steps.size(); ++s) {
        if (one.ledger.ns[s * width + l] != 0) {
          out->leaves.push_back(one.leaves[l]);
          break;
        }
      }
    }
  }
  std::sort(out->leaves.begin(), out->leaves.end());
  out->leaves.erase(std::unique(out->leaves.begin(), out->leaves.end()), out->leaves.end());
  for (BuiltLedger& one : built) {
    const size_t from = one.leaves.size();
    const size_t to = out->leaves.size();
    std::vector<int64_t> ns(one.ledger.steps.steps.size() * to, 0);
    for (size_t l = 0; l < from; ++l) {
      const size_t target = out->leaf_index(one.leaves[l]);
      for (size_t s = 0; target < to && s < one.ledger.steps.steps.size(); ++s) {
        ns[s * to + target] = one.ledger.ns[s * from + l];
      }
    }
    one.ledger.ns = std::move(ns);
    out->processes.push_back(std::move(one.ledger));
  }
}

}  // namespace

std::span<const int64_t> Ledger::row(const ProcessLedger& process, size_t step) const {
  return std::span<const int64_t>(process.ns).subspan(step * leaves.size(), leaves.size());
}

size_t Ledger::leaf_index(std::string_view name) const {
  const auto found = std::lower_bound(leaves.begin(), leaves.end(), name);
  return found != leaves.end() && *found == name ? static_cast<size_t>(found - leaves.begin())
                                                 : leaves.size();
}

int64_t Ledger::residual_ns() const {
  int64_t residual = 0;
  for (const ProcessLedger& process : processes) {
    for (size_t s = 0; s < process.steps.steps.size(); ++s) {
      const std::span<const int64_t> leaf_ns = row(process, s);
      const int64_t sum = std::accumulate(leaf_ns.begin(), leaf_ns.end(), int64_t{0});
      residual += std::abs(sum - process.steps.steps[s].duration_ns());
    }
  }
  return residual;
}

std::vector<int64_t> Ledger::class_means(StepClass step_class, int64_t* mean_step, size_t* count) const {
  std::vector<int64_t> sums(leaves.size(), 0);
  int64_t total = 0;
  *count = 0;
  *mean_step = 0;
  for (const ProcessLedger& process : processes) {
    for (size_t s = 0; s < process.steps.steps.size(); ++s) {
      if (process.steps.steps[s].step_class != step_class) {
        continue;
      }
      const std::span<const int64_t> leaf_ns = row(process, s);
      for (size_t l = 0; l < leaf_ns.size(); ++l) {
        sums[l] += leaf_ns[l];
        total += leaf_ns[l];
      }
      ++*count;
    }
  }
  if (*count == 0) {
    return {};
  }
  *mean_step = rounded_mean(total, static_cast<int64_t>(*count));
  return closed_means(sums, static_cast<int64_t>(*count));
}

Result<Ledger> build_ledger(const Run& run, const LedgerOptions& options) {
  struct Part {
    uint32_t process = 0;
    std::string fingerprint;
    std::optional<BuiltLedger> hit;
  };
  std::vector<Part> parts;
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    if (run.processes()[p].role != "worker") {
      parts.push_back({p, "", std::nullopt});
    }
  }
  // What is stored is many small reads; what has to be computed takes memory, and is done one after the other.
  parallel_for(parts.size(), [&](size_t i) {
    Part& part = parts[i];
    part.fingerprint = input_fingerprint(run, part.process, options);
    part.hit = cached(run, part.process, part.fingerprint, options);
  });
  std::vector<BuiltLedger> built;
  for (auto& [p, fingerprint, hit] : parts) {
    if (options.cancelled && options.cancelled()) {
      return Status(Code::kUsage, run.path() + ": computing the ledger was cancelled");
    }
    if (hit.has_value()) {
      built.push_back(std::move(*hit));
      continue;
    }
    Result<ProcessSteps> steps = find_process_steps(run, p, options.steps);
    if (!steps.ok()) {
      return steps.status();
    }
    Result<BuiltLedger> computed = compute(run, std::move(steps).value());
    if (!computed.ok()) {
      return computed.status();
    }
    if (options.cache == Cache::kReadWrite) {
      // A cache that cannot be written (read-only medium) costs time, not truth.
      (void)run.store_rollup(p, to_rollup(run, computed.value(), fingerprint)).ok();
    }
    built.push_back(std::move(computed).value());
  }
  Ledger ledger;
  unite(built, &ledger);
  return ledger;
}

}  // namespace stepscope::analysis
