// SPDX-License-Identifier: Apache-2.0
//
// SegmentCursor: the segments of one kind, one after the other, decoded on demand.
//
//   SegmentCursor cursor(recording, {.kind = Kind::kRange});
//   for (;;) { Result<const SegmentView*> view = cursor.next(); if (!view.ok() || view.value() == nullptr) break; ... }
//
// Memory: one segment. The Recording must outlive the cursor and belongs to the same thread; several cursors may be
// open at once.
#pragma once

#include <memory>
#include <vector>

#include "trace/packed_segment.hpp"
#include "trace/recording.hpp"
#include "trace/recording_state.hpp"

namespace stepscope::trace {

class SegmentCursor {
 public:
  SegmentCursor(const Recording& recording, const ScanFilter& filter);

  // The next segment that passes the filter, valid until the next call; nullptr after the last. Error: kUnreadable.
  [[nodiscard]] Result<const SegmentView*> next();

 private:
  [[nodiscard]] bool passes(const SegmentEntry& entry) const;
  [[nodiscard]] bool decode(const SegmentEntry& entry);

  const Recording::State& state_;
  ScanFilter filter_;
  size_t position_ = 0;
  Statement blob_of_;
  SegmentUnpacker unpacker_;
  std::vector<std::vector<int64_t>> buffers_;  // by column
  std::vector<int64_t*> out_;
  std::vector<std::span<const int64_t>> spans_;
  SegmentView view_;
};

}  // namespace stepscope::trace
