// SPDX-License-Identifier: Apache-2.0
//
// replay_what_if: what the step would be if one term of a diff were as on the other side. The ledger says where time went; this
// says what it would bring to change it. Both stand beside each other, neither replaces the other.
//
//   Result<WhatIf> made = replay_what_if(diff, base, candidate, {});
//   if (!made.value().reason.empty()) ...                       // none at all, and why
//   for (const TermWhatIf& one : made.value().terms) ...        // a bracket, or why there is none
//
// The time of the term's leaves is brought, rank by rank, to the mean of the other side per train step: kernels, copies
// and transfers of a leaf are scaled by one factor, so is what threads and workers do under a leaf; waiting follows from
// the replay (replay_run.hpp). For terms of idle time, synchronising calls that the other side does not have stop waiting as well:
// behind one the GPU is idle until the host has launched again, whatever it does meanwhile.
//   removed   in the candidate, the term as in the base:     step as it is  -  step without the growth
//   added     in the base, the term as in the candidate:     step with the growth  -  step as it is
// Both are a change of the step like the term's own, positive when the candidate is slower for it. They differ when other
// changes stand in the way: what is removed from a step that something else bounds brings nothing. Where the other side has
// what this one lacks (kernels of a family, a call), there is nothing to scale, and the bracket has one end only.
//
// Where CUDA calls were not recorded (level `kernels`), a gap on the GPU has two readings (Gaps in gpu_chain.hpp), and each end is
// replayed in both: what follows the GPU moves along with it, whatever the host does (*_ns); or the
// host launches what is behind a gap when it did, and waits for nothing (*_host_ns). The truth lies between.
//
// Cost: every run's events are decoded (up to kMostEvents of them), then two replays per term and reading. At most
// kMostKeptGraphs graphs are kept; those of further runs are made twice. Only for those who ask.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/diff.hpp"

namespace stepscope::analysis {

inline constexpr size_t kMostKeptGraphs = 2;

struct TermWhatIf {
  std::string term;
  std::optional<int64_t> removed_ns;  // mean over the candidate's runs
  std::optional<int64_t> added_ns;    // mean over the base's runs
  // The same where the host waits for nothing; only where CUDA calls were not recorded.
  std::optional<int64_t> removed_host_ns;
  std::optional<int64_t> added_host_ns;
  std::string reason;  // when there is none

  [[nodiscard]] bool known() const { return removed_ns.has_value() || added_ns.has_value(); }
  // The lowest and the highest of them; of one only, that one twice.
  [[nodiscard]] int64_t low_ns() const;
  [[nodiscard]] int64_t high_ns() const;
};

struct WhatIf {
  std::string reason;     // why there is none at all; empty otherwise
  double base_error = 0;  // of the worst run: replayed against recorded steps, a share
  double candidate_error = 0;
  std::vector<std::string> notes;  // sentences: what the brackets assume
  std::vector<TermWhatIf> terms;   // in the order of the diff

  [[nodiscard]] const TermWhatIf* find(std::string_view term) const;
};

struct WhatIfOptions {
  size_t most_terms = 8;  // the largest that reach a quarter of the diff's minimum effect
};

[[nodiscard]] Result<WhatIf> replay_what_if(const Diff& diff, std::span<const AnalyzedRun> base,
                                            std::span<const AnalyzedRun> candidate,
                                            const WhatIfOptions& options);

}  // namespace stepscope::analysis
