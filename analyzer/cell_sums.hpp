// SPDX-License-Identifier: Apache-2.0
//
// CellSums: what each leaf got in each of many short spans of time, from the pieces of one rank. Sparse: a span between two
// collectives has few leaves. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "analyzer/labels.hpp"

namespace stepscope::analysis {

class CellSums {
 public:
  struct Entry {
    uint32_t leaf = 0;
    int64_t ns = 0;
  };

  // Cell i is [cuts[i], cuts[i + 1]); cuts ascend without repeats. Both are borrowed; `labels` is complete.
  CellSums(std::span<const int64_t> cuts, const Labels& labels);

  // Pieces in order and without gap. What lies outside the cells is left out.
  void add(int64_t begin_ns, int64_t end_ns, uint32_t label);
  // After the last piece.
  void finish();

  [[nodiscard]] size_t count() const { return first_.size() - 1; }
  [[nodiscard]] std::span<const Entry> of(size_t cell) const;
  // How long communication had been the label without a break when the cell ended. It may have begun in an earlier cell.
  [[nodiscard]] int64_t communication_until_end(size_t cell) const { return tail_[cell]; }

 private:
  void close();

  std::span<const int64_t> cuts_;
  const Labels& labels_;
  std::vector<bool> communicates_;  // by label
  std::vector<int64_t> row_;        // of the cell at hand, by label
  std::vector<std::pair<uint32_t, int64_t>> mixes_;
  int64_t communicating_ns_ = 0;
  std::vector<Entry> entries_;
  std::vector<size_t> first_;  // per cell, into entries_; one more for the end
  std::vector<int64_t> tail_;
};

}  // namespace stepscope::analysis
