// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cell_sums.hpp"

#include <algorithm>

#include "analyzer/ledger.hpp"

namespace stepscope::analysis {

CellSums::CellSums(std::span<const int64_t> cuts, const Labels& labels, Decide decide)
    : cuts_(cuts), labels_(labels), decide_(std::move(decide)), row_(labels.leaves().size(), 0), first_{0} {
  for (const std::string& name : labels.leaves()) {
    communicates_.push_back(name.starts_with(leaf::kCommPrefix));
  }
}

void CellSums::add(int64_t begin_ns, int64_t end_ns, uint32_t label) {
  const bool mix = Labels::is_mix(label);
  const bool communicates = !mix && communicates_[label];
  begin_ns = std::max(begin_ns, cuts_.front());
  while (begin_ns < end_ns && tail_.size() + 1 < cuts_.size()) {
    const int64_t cell_end = cuts_[tail_.size() + 1];
    const int64_t until = std::min(end_ns, cell_end);
    if (!mix) {
      row_[label] += until - begin_ns;
    } else {
      mixes_.emplace_back(label, until - begin_ns);
    }
    communicating_ns_ = communicates ? communicating_ns_ + until - begin_ns : 0;
    if (until == cell_end) {
      close();
    }
    begin_ns = until;
  }
}

void CellSums::finish() {
  while (tail_.size() + 1 < cuts_.size()) {
    close();
  }
  entries_.shrink_to_fit();  // those of all ranks are there until the path is known
}

void CellSums::close() {
  std::sort(mixes_.begin(), mixes_.end());
  for (size_t i = 0; i < mixes_.size();) {
    const uint32_t label = mixes_[i].first;
    int64_t total = 0;
    for (; i < mixes_.size() && mixes_[i].first == label; ++i) {
      total += mixes_[i].second;
    }
    labels_.split(label, total, [this](uint32_t leaf_id, int64_t ns) { row_[leaf_id] += ns; });
  }
  mixes_.clear();
  for (uint32_t leaf_id = 0; leaf_id < row_.size(); ++leaf_id) {
    if (row_[leaf_id] != 0) {
      entries_.push_back({leaf_id, row_[leaf_id]});
      row_[leaf_id] = 0;
    }
  }
  first_.push_back(entries_.size());
  tail_.push_back(communicating_ns_);
  apply(decide_(tail_.size() - 1, communicating_ns_));
}

void CellSums::apply(Fate fate) {
  if (fate.kept) {
    decided_ = tail_.size();
  }
  if (fate.dropped) {
    entries_.resize(first_[decided_]);
    std::fill(first_.begin() + static_cast<std::ptrdiff_t>(decided_), first_.end(), entries_.size());
    decided_ = tail_.size();
  }
}

std::span<const CellSums::Entry> CellSums::of(size_t cell) const {
  return std::span(entries_).subspan(first_[cell], first_[cell + 1] - first_[cell]);
}

}  // namespace stepscope::analysis
