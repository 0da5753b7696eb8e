// SPDX-License-Identifier: Apache-2.0
#include "trace/segment_cursor.hpp"

#include <algorithm>

#include "trace/schema.hpp"

namespace stepscope::trace {

SegmentCursor::SegmentCursor(const Recording& recording, const ScanFilter& filter)
    : state_(*recording.state_),
      filter_(filter),
      blob_of_(state_.database, "SELECT data FROM segment WHERE id = ?") {
  const auto kind = static_cast<uint16_t>(filter.kind);
  const KindSummary* in_file = state_.contents->find_kind_summary(kind);
  const KindInfo* in_build = find_kind(kind);
  const size_t columns = std::max(in_file != nullptr ? in_file->columns.size() : 0,
                                  in_build != nullptr ? size_t{in_build->column_count} : 0);
  buffers_.resize(columns);
  out_.resize(columns);
  spans_.resize(columns);
  const auto first =
      std::lower_bound(state_.contents->segments.begin(), state_.contents->segments.end(), kind,
                       [](const SegmentEntry& entry, uint16_t id) { return entry.kind < id; });
  position_ = static_cast<size_t>(first - state_.contents->segments.begin());
}

Result<const SegmentView*> SegmentCursor::next() {
  const auto kind = static_cast<uint16_t>(filter_.kind);
  for (; position_ < state_.contents->segments.size() && state_.contents->segments[position_].kind == kind;
       ++position_) {
    const SegmentEntry& entry = state_.contents->segments[position_];
    if (!passes(entry)) {
      continue;
    }
    if (!decode(entry)) {
      return damaged(state_.path, "segment " + std::to_string(entry.id) + " cannot be decoded");
    }
    ++position_;
    return &view_;
  }
  return nullptr;
}

bool SegmentCursor::passes(const SegmentEntry& entry) const {
  return (!filter_.lane.has_value() || *filter_.lane == entry.lane) && entry.first_ns < filter_.end_ns &&
         entry.first_ns >= filter_.first_from_ns && entry.last_end_ns >= filter_.begin_ns;
}

bool SegmentCursor::decode(const SegmentEntry& entry) {
  for (size_t c = 0; c < buffers_.size(); ++c) {
    const bool wanted = (filter_.columns >> c & 1U) != 0;
    if (wanted && buffers_[c].size() < entry.rows) {
      buffers_[c].resize(entry.rows);
    }
    out_[c] = wanted ? buffers_[c].data() : nullptr;
    spans_[c] =
        wanted ? std::span<const int64_t>(buffers_[c].data(), entry.rows) : std::span<const int64_t>();
  }
  const bool ok = blob_of_.bind(1, entry.id).next() &&
                  unpacker_.unpack(blob_of_.blob(0), entry.rows, out_.size(), out_.data());
  blob_of_.reset();
  view_ = {filter_.kind, entry.lane, entry.rows, spans_};
  return ok;
}

}  // namespace stepscope::trace
