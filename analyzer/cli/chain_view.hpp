// SPDX-License-Identifier: Apache-2.0
//
// The cause chain: of a typical step (`report --chain`), and of the terms of a diff in JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/cli/terminal.hpp"
#include "analyzer/diff.hpp"
#include "analyzer/replay/chain_causes.hpp"

namespace stepscope::analysis::cli {

// The chain of the run's typical step, and by which chain the time of each leaf arose around it.
struct ChainReport {
  struct Segment {
    Link link = Link::kThread;
    int64_t begin_ns = 0, end_ns = 0;
    std::string actor;
    std::string what;
    int32_t peer = -1;  // the rank whose time it is, when another one's
  };
  uint32_t process = 0;  // index into Run::processes()
  Step step;
  int64_t residual_ns = 0;
  std::vector<Segment> segments;  // ascending
  ChainCauses causes;
};

// Nothing when the run has no step that a thread drives.
[[nodiscard]] Result<std::optional<ChainReport>> make_chain_report(const Run& run, const Ledger& ledger);

[[nodiscard]] std::string chain_text(const Run& run, const ChainReport& report, const Terminal& terminal);
[[nodiscard]] nlohmann::ordered_json chain_json(const Run& run, const ChainReport& report);

// Of both sides of a diff: the first run of each.
struct DiffChains {
  ChainCauses base, candidate;
};
[[nodiscard]] Result<DiffChains> make_diff_chains(std::span<const AnalyzedRun> base,
                                                  std::span<const AnalyzedRun> candidate);
// Adds `chain` to a term's entry, and to its `cause` the links that account for a fifth of the term's change and more, where the term
// is idle, exposed or waiting time.
void add_chain(const DiffChains& chains, const Term& term, nlohmann::ordered_json* entry);

}  // namespace stepscope::analysis::cli
