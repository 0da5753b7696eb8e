// SPDX-License-Identifier: Apache-2.0
//
// sum_chains: by which chain the time of each leaf arose. The ledger's pieces (Level A) and the chain of a step (Level B,
// cause_chain.hpp) both cover it exactly; laid over each other they say of each leaf's time which links it is, and of each
// link under which leaves it shows: `idle.launch` is the optimizer in thread order; `comm.exposed/all_reduce` is matrix products of
// the rank that came last, and the transfer.
//
// Of a few steps around the typical one. Deterministic, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/compare.hpp"
#include "analyzer/replay/cause_chain.hpp"

namespace stepscope::analysis {

// Time of a leaf that is this link.
struct ChainCause {
  std::string leaf;
  Link link = Link::kThread;  // kPeer for all time of another rank, whatever its own link
  std::string what;
  int32_t peer = -1;  // the rank whose time it is, when another one's
  int64_t ns = 0;     // over all steps that were summed
};

struct ChainCauses {
  size_t steps = 0;                // that were summed, over all processes
  std::vector<ChainCause> causes;  // by leaf, then the longest first

  // Of one leaf.
  [[nodiscard]] std::span<const ChainCause> of(std::string_view leaf_name) const;
};

// Of the train steps around the typical one (all classes where none is of that class); none where no thread drives steps.
[[nodiscard]] Result<ChainCauses> sum_chains(const Run& run, const Ledger& ledger,
                                             const ChainOptions& options = {});

// A term of a diff by the chain: its leaf's time on both sides, handed out in whole ns in the proportions of the steps that were
// summed.
struct TermChainLink {
  Link link = Link::kThread;
  std::string what;
  int32_t peer = -1;
  int64_t base_ns = 0, candidate_ns = 0;  // per train step

  [[nodiscard]] int64_t delta_ns() const { return candidate_ns - base_ns; }
};

// The largest change first. Sums to what both sides show for the term, exactly; a side whose summed steps have none of the leaf
// has it under Link::kUnrecorded, "not in the steps looked at". Empty when neither side has it.
[[nodiscard]] std::vector<TermChainLink> chain_of_term(std::string_view leaf_name, int64_t base_ns,
                                                       int64_t candidate_ns, const ChainCauses& base,
                                                       const ChainCauses& candidate);

}  // namespace stepscope::analysis
