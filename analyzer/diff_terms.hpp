// SPDX-License-Identifier: Apache-2.0
//
// TermSpace: the terms of a diff over a given set of leaves, and how leaf means become term deltas. Leaves of
// data.fetch.*, data.collate and data.transfer go through the supply model; every other leaf is a term of its own.
// Internal to the library.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/supply_model.hpp"

namespace stepscope::analysis {

struct TermDeltas {
  std::vector<double> delta;   // per term
  std::vector<double> hidden;  // per term, >= 0
  bool modelled = false;
};

class TermSpace {
 public:
  explicit TermSpace(const std::vector<std::string>& leaves);

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] size_t leaf_count() const { return term_of_leaf_.size(); }
  [[nodiscard]] static bool is_modelled(size_t term) { return term < kSupplyTermCount; }

  // Means per leaf, ns.
  [[nodiscard]] TermDeltas deltas(const std::vector<double>& base, const std::vector<double>& candidate,
                                  const SupplySide& base_supply, const SupplySide& candidate_supply) const;
  // The same in whole ns that add up to the change of the means, exactly.
  [[nodiscard]] std::vector<int64_t> close(const TermDeltas& exact, const std::vector<int64_t>& base,
                                           const std::vector<int64_t>& candidate) const;
  // Per term, the mean of its leaves.
  [[nodiscard]] std::vector<double> by_term(const std::vector<double>& means) const;
  // What a side shows for a term: the mean of its leaf, 0 for workers and slow_worker.
  [[nodiscard]] int64_t shown(size_t term, const std::vector<int64_t>& means) const;

 private:
  std::vector<std::string> names_;  // the supply terms first, in order of SupplyTerm
  std::vector<size_t> term_of_leaf_;
};

}  // namespace stepscope::analysis
