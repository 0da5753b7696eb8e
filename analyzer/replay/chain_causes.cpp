// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/chain_causes.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

#include "analyzer/apportion.hpp"
#include "analyzer/labels.hpp"
#include "analyzer/ledger_pieces.hpp"

namespace stepscope::analysis {
namespace {

struct LeafPiece {
  int64_t begin_ns = 0, end_ns = 0;
  uint32_t label = 0;
};

// What the ledger says of some steps of one process.
struct PieceTable {
  Labels labels;
  std::vector<LeafPiece> pieces;
};

Result<PieceTable> read_pieces(const Run& run, const ProcessSteps& steps, const TimeRange& span) {
  // A step on either side, as the chain has it: what names an instant may have begun before.
  ProcessSteps part = steps;
  std::erase_if(part.steps,
                [&](const Step& step) { return step.end_ns < span.begin_ns || step.begin_ns > span.end_ns; });
  PieceTable out;
  const Result<WaitCounts> read = label_pieces(run, part, &out.labels, [&out]() -> PieceVisitor {
    return [&out](int64_t begin, int64_t end, uint32_t label) { out.pieces.push_back({begin, end, label}); };
  });
  return read.ok() ? Result<PieceTable>(std::move(out)) : read.status();
}

using Key = std::tuple<std::string, Link, std::string, int32_t>;  // leaf, link, what, peer

class Summer {
 public:
  explicit Summer(const Run& run) : run_(run) {}

  void add(const StepChain& chain, const PieceTable& table) {
    auto piece = std::upper_bound(table.pieces.begin(), table.pieces.end(), chain.step.begin_ns,
                                  [](int64_t ns, const LeafPiece& one) { return ns < one.end_ns; });
    for (const ChainSegment& segment : chain.segments) {
      const bool own = segment.process == chain.process;
      for (; piece != table.pieces.end() && piece->begin_ns < segment.end_ns; ++piece) {
        const int64_t shared =
            std::min(piece->end_ns, segment.end_ns) - std::max(piece->begin_ns, segment.begin_ns);
        if (shared > 0) {
          give(table.labels, piece->label, shared, own ? segment.link : Link::kPeer, segment.what,
               own ? -1 : run_.processes()[segment.process].rank);
        }
        if (piece->end_ns > segment.end_ns) {
          break;
        }
      }
    }
    ++steps_;
  }

  [[nodiscard]] ChainCauses take() const {
    ChainCauses out;
    out.steps = steps_;
    for (const auto& [key, ns] : sums_) {
      out.causes.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), std::get<3>(key), ns});
    }
    std::stable_sort(out.causes.begin(), out.causes.end(), [](const ChainCause& a, const ChainCause& b) {
      return a.leaf != b.leaf ? a.leaf < b.leaf : a.ns > b.ns;
    });
    return out;
  }

 private:
  void give(const Labels& labels, uint32_t label, int64_t ns, Link link, std::string_view what,
            int32_t peer) {
    if (!Labels::is_mix(label)) {
      sums_[{labels.leaves()[label], link, std::string(what), peer}] += ns;
      return;
    }
    labels.split(label, ns, [&](uint32_t leaf_id, int64_t part) {
      if (part > 0) {
        sums_[{labels.leaves()[leaf_id], link, std::string(what), peer}] += part;
      }
    });
  }

  const Run& run_;
  std::map<Key, int64_t> sums_;
  size_t steps_ = 0;
};

const ProcessSteps* steps_of(const Ledger& ledger, uint32_t process) {
  for (const ProcessLedger& one : ledger.processes) {
    if (one.steps.process == process) {
      return &one.steps;
    }
  }
  return nullptr;
}

// What `ns` of a leaf are, in the proportions of `causes`.
void hand_out(std::span<const ChainCause> causes, int64_t ns, int64_t TermChainLink::*side,
              std::map<std::tuple<Link, std::string, int32_t>, TermChainLink>* links) {
  const auto give = [&](Link link, const std::string& what, int32_t peer, int64_t part) {
    TermChainLink& one = (*links)[{link, what, peer}];
    one.link = link;
    one.what = what;
    one.peer = peer;
    one.*side += part;
  };
  if (ns == 0) {
    return;
  }
  std::vector<int64_t> weights;
  for (const ChainCause& cause : causes) {
    weights.push_back(cause.ns);
  }
  if (weights.empty()) {
    give(Link::kUnrecorded, "not in the steps looked at", -1, ns);
    return;
  }
  const std::vector<int64_t> parts = apportion(ns, weights);
  for (size_t i = 0; i < parts.size(); ++i) {
    give(causes[i].link, causes[i].what, causes[i].peer, parts[i]);
  }
}

}  // namespace

std::span<const ChainCause> ChainCauses::of(std::string_view leaf_name) const {
  const auto begin =
      std::lower_bound(causes.begin(), causes.end(), leaf_name,
                       [](const ChainCause& cause, std::string_view name) { return cause.leaf < name; });
  const auto end =
      std::upper_bound(begin, causes.end(), leaf_name,
                       [](std::string_view name, const ChainCause& cause) { return name < cause.leaf; });
  return {begin, end};
}

Result<ChainCauses> sum_chains(const Run& run, const Ledger& ledger, const ChainOptions& options) {
  ChainOptions around = options;
  if (!around.around.has_value()) {
    around.around = typical_step(ledger);
  }
  if (!around.around.has_value()) {
    return ChainCauses{};
  }
  const bool any_train =
      std::any_of(ledger.processes.begin(), ledger.processes.end(), [](const auto& process) {
        return std::any_of(process.steps.steps.begin(), process.steps.steps.end(),
                           [](const Step& step) { return step.step_class == StepClass::kTrain; });
      });
  Summer summer(run);
  // Few steps, so that their chains may be kept until the pieces are read: once per process.
  std::map<uint32_t, PieceTable> tables;
  const Status status = walk_chains(run, ledger, around, [&](const StepChain& chain) {
    if (any_train && chain.step.step_class != StepClass::kTrain) {
      return Status();
    }
    PieceTable& table = tables[chain.process];
    if (table.pieces.empty() || table.pieces.back().end_ns < chain.step.end_ns) {
      const ProcessSteps& steps = *steps_of(ledger, chain.process);
      const size_t last =
          std::min(static_cast<size_t>(chain.step.index) + around.most_steps, steps.steps.size());
      Result<PieceTable> read =
          read_pieces(run, steps, {chain.step.begin_ns, steps.steps[last - 1].begin_ns});
      if (!read.ok()) {
        return read.status();
      }
      table = std::move(read).value();
    }
    summer.add(chain, table);
    return Status();
  });
  return status.ok() ? Result<ChainCauses>(summer.take()) : status;
}

std::vector<TermChainLink> chain_of_term(std::string_view leaf_name, int64_t base_ns, int64_t candidate_ns,
                                         const ChainCauses& base, const ChainCauses& candidate) {
  std::map<std::tuple<Link, std::string, int32_t>, TermChainLink> links;
  hand_out(base.of(leaf_name), base_ns, &TermChainLink::base_ns, &links);
  hand_out(candidate.of(leaf_name), candidate_ns, &TermChainLink::candidate_ns, &links);
  std::vector<TermChainLink> out;
  for (auto& [key, link] : links) {
    out.push_back(std::move(link));
  }
  std::stable_sort(out.begin(), out.end(), [](const TermChainLink& a, const TermChainLink& b) {
    return std::abs(a.delta_ns()) > std::abs(b.delta_ns());
  });
  return out;
}

}  // namespace stepscope::analysis
