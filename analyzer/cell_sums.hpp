// SPDX-License-Identifier: Apache-2.0
//
// CellSums: what each leaf got in each of many short spans of time, from the pieces of one rank. Sparse: a span between two
// collectives has few leaves; and of the ranks of a job, each has most of its cells where nobody waits for it, so cells that
// nobody will ask for are dropped on the way. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

  // What becomes of the cells that end at a cut and before it, back to the last cut at which that was decided.
  struct Fate {
    bool kept = false;     // they are asked for; comes first where both are true
    bool dropped = false;  // those that are not kept by now are not asked for
  };
  using Decide = std::function<Fate(size_t cell, int64_t communication_until_end_ns)>;

  // Cell i is [cuts[i], cuts[i + 1]); cuts ascend without repeats. Both are borrowed; `labels` is complete. `decide` is called as
  // each cell ends; what is never decided is kept.
  CellSums(std::span<const int64_t> cuts, const Labels& labels, Decide decide);

  // Pieces in order and without gap. What lies outside the cells is left out.
  void add(int64_t begin_ns, int64_t end_ns, uint32_t label);
  // After the last piece.
  void finish();

  [[nodiscard]] size_t count() const { return first_.size() - 1; }
  // By leaf; empty when the cell was dropped.
  [[nodiscard]] std::span<const Entry> of(size_t cell) const;
  // How long communication had been the label without a break when the cell ended. It may have begun in an earlier cell.
  [[nodiscard]] int64_t communication_until_end(size_t cell) const { return tail_[cell]; }

 private:
  void close();
  void apply(Fate fate);

  std::span<const int64_t> cuts_;
  const Labels& labels_;
  Decide decide_;
  size_t decided_ = 0;              // cells
  std::vector<bool> communicates_;  // by label
  std::vector<int64_t> row_;        // of the cell at hand, by label
  std::vector<std::pair<uint32_t, int64_t>> mixes_;
  int64_t communicating_ns_ = 0;
  std::vector<Entry> entries_;
  std::vector<size_t> first_;  // per cell, into entries_; one more for the end
  std::vector<int64_t> tail_;
};

}  // namespace stepscope::analysis
