// SPDX-License-Identifier: Apache-2.0
#include "trace/spool_batch.hpp"

#include <string.h>

#include "trace/kinds.hpp"

namespace stepscope::trace::spool {
namespace {

RecordHeader header_at(const int64_t* words, uint64_t mask, uint64_t position) noexcept {
  RecordHeader header;
  memcpy(&header, &words[position & mask], sizeof header);
  return header;
}

bool same(RecordHeader a, RecordHeader b) noexcept {
  return memcmp(&a, &b, sizeof a) == 0;
}

// Least start and greatest end of a group; wild values saturate.
void set_bounds(BatchGroup& group) noexcept {
  const KindInfo* kind = find_kind(group.shape.kind);
  const bool has_duration = kind != nullptr && kind->has_duration() && group.shape.count > 1;
  for (uint32_t i = 0; i < group.rows; ++i) {
    const int64_t start = group.columns[i];
    const int64_t duration = has_duration ? group.columns[group.rows + i] : 0;
    int64_t end = start;
    if (duration > 0 && __builtin_add_overflow(start, duration, &end)) {
      end = INT64_MAX;
    }
    group.first_ns = i == 0 || start < group.first_ns ? start : group.first_ns;
    group.last_ns = i == 0 || end > group.last_ns ? end : group.last_ns;
  }
}

}  // namespace

// kMaxGroups when there is no room for another.
size_t Batch::find_group(RecordHeader shape) noexcept {
  for (size_t i = 0; i < group_count_; ++i) {
    if (same(groups_[i].shape, shape)) {
      return i;
    }
  }
  if (group_count_ < kMaxGroups) {
    groups_[group_count_] = BatchGroup{shape, 0, nullptr, 0, 0};
    return group_count_++;
  }
  return kMaxGroups;
}

// Pass 1: which group each record belongs to, and how many rows it gets. Pass 2: copy the values to their columns.
void Batch::collect(const int64_t* words, uint64_t mask, uint64_t begin, uint64_t end) noexcept {
  begin_ = begin;
  group_count_ = 0;
  events_ = 0;
  damaged_ = false;
  size_t used = 0;
  size_t latest = kMaxGroups;
  uint64_t at = begin;
  while (at < end && events_ < kMaxRows) {
    const RecordHeader shape = header_at(words, mask, at);
    if (shape.count == 0 || shape.count >= end - at) {
      damaged_ = true;
      break;
    }
    if (used + shape.count > kMaxWords) {
      break;
    }
    if (latest == kMaxGroups || !same(groups_[latest].shape, shape)) {
      latest = find_group(shape);
      if (latest == kMaxGroups) {
        break;
      }
    }
    groups_[latest].rows += 1;
    group_of_[events_++] = static_cast<uint8_t>(latest);
    used += shape.count;
    at += 1U + shape.count;
  }
  end_ = at;
  scatter(words, mask);
}

void Batch::scatter(const int64_t* words, uint64_t mask) noexcept {
  size_t used = 0;
  uint32_t filled[kMaxGroups];
  for (size_t i = 0; i < group_count_; ++i) {
    groups_[i].columns = values_ + used;
    used += size_t{groups_[i].rows} * groups_[i].shape.count;
    filled[i] = 0;
  }
  uint64_t at = begin_;
  for (uint32_t event = 0; event < events_; ++event) {
    const size_t index = group_of_[event];
    const BatchGroup& group = groups_[index];
    int64_t* to = group.columns + filled[index]++;
    ++at;
    for (unsigned c = 0; c < group.shape.count; ++c, ++at, to += group.rows) {
      *to = words[at & mask];
    }
  }
  for (size_t i = 0; i < group_count_; ++i) {
    set_bounds(groups_[i]);
  }
}

}  // namespace stepscope::trace::spool
