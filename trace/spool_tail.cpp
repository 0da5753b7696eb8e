// SPDX-License-Identifier: Apache-2.0
#include "trace/spool_tail.hpp"

#include <string.h>

#include <span>
#include <utility>
#include <vector>

#include "trace/segment.hpp"
#include "trace/spool_format.hpp"
#include "trace/spool_frames.hpp"
#include "trace/spool_input.hpp"

namespace stepscope::trace {
namespace {

using spool::FrameHeader;
using spool::InputFile;
using spool::SegmentHeader;

// The segments of one frame that hold `kind`.
void deliver(const KindInfo& kind, std::span<const uint8_t> payload, uint32_t segments,
             const std::function<void(const EventBlock&)>& visit) {
  std::vector<std::vector<int64_t>> columns(kind.column_count);
  std::vector<int64_t*> out(kind.column_count);
  std::vector<std::span<const int64_t>> spans(kind.column_count);
  for (uint32_t i = 0; i < segments; ++i) {
    SegmentHeader segment{};
    if (payload.size() < sizeof segment) {
      return;
    }
    memcpy(&segment, payload.data(), sizeof segment);
    payload = payload.subspan(sizeof segment);
    if (segment.bytes > payload.size()) {
      return;
    }
    const std::span<const uint8_t> data = payload.first(segment.bytes);
    payload = payload.subspan(segment.bytes);
    if (segment.kind != static_cast<uint16_t>(kind.id) || segment.rows == 0 ||
        segment.rows > kMaxSegmentRows || segment.clock != static_cast<uint8_t>(Clock::kMonotonicRaw)) {
      continue;
    }
    for (size_t c = 0; c < columns.size(); ++c) {
      columns[c].resize(segment.rows);
      out[c] = columns[c].data();
      spans[c] = columns[c];
    }
    if (decode_segment(data.data(), segment.bytes, segment.rows, columns.size(), out.data())) {
      visit(EventBlock{static_cast<Kind>(segment.kind), segment.lane, segment.rows, spans});
    }
  }
}

}  // namespace

SpoolTail::SpoolTail(std::string base) : base_(std::move(base)) {}

Status SpoolTail::read_new(Kind kind, const std::function<void(const EventBlock&)>& visit) {
  const std::string path = base_ + ".spool";
  InputFile file;
  spool::SpoolHeader header{};
  uint16_t major = 0;
  if (file.open(path) != 0 ||
      spool::understand(file, spool::kSpoolMagic, sizeof header, &major) != spool::Understood::kYes ||
      !file.read(0, &header, sizeof header)) {
    return {Code::kUnreadable, path + ": cannot be followed; wait until the job has ended and finalize it"};
  }
  offset_ = offset_ == 0 ? header.header_bytes : offset_;
  const KindInfo* info = find_kind(static_cast<uint16_t>(kind));
  spool::FrameCursor cursor(file, offset_);
  while (info != nullptr && cursor.next()) {
    offset_ = cursor.next_offset();
    const FrameHeader& frame = cursor.frame();
    if (frame.type == spool::kFrameEvents) {
      deliver(*info, cursor.payload(), frame.segments, visit);
    }
  }
  return {};
}

}  // namespace stepscope::trace
