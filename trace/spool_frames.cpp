// SPDX-License-Identifier: Apache-2.0
#include "trace/spool_frames.hpp"

#include <string.h>

#include <algorithm>

#include "trace/spool_crc.hpp"

namespace stepscope::trace::spool {
namespace {

constexpr uint64_t kMaxFrameHeader = 4096;
constexpr uint64_t kCandidateCost = 256;  // of looking at a place that is no frame, in bytes of reading

uint64_t padded(uint64_t bytes) {
  return (bytes + 7) / 8 * 8;
}

}  // namespace

FrameCursor::FrameCursor(const InputFile& file, uint64_t offset) : file_(file), offset_(padded(offset)) {}

// True when a whole frame begins at `offset`.
bool FrameCursor::load(uint64_t offset) {
  FrameHeader frame{};
  if (!file_.read(offset, &frame, sizeof frame) || frame.magic != kFrameMagic ||
      frame.header_bytes < sizeof frame || frame.header_bytes > kMaxFrameHeader ||
      frame.payload_bytes > kMaxFrameBytes) {
    return false;
  }
  const size_t bytes = size_t{frame.header_bytes} + frame.payload_bytes;
  if (bytes > file_.size() - offset) {
    return false;
  }
  bytes_.resize(bytes);
  if (!file_.read(offset, bytes_.data(), bytes)) {
    return false;
  }
  memset(bytes_.data() + offsetof(FrameHeader, crc), 0, sizeof frame.crc);
  if (crc32c(0, bytes_.data(), bytes) != frame.crc) {
    checked_bytes_ += bytes;
    return false;
  }
  frame_ = frame;
  payload_ = std::span<const uint8_t>(bytes_).subspan(frame.header_bytes);
  return true;
}

// Frames begin at multiples of 8. The window is kept, since a file of false magics would have us come back for each.
bool FrameCursor::find_magic(uint64_t from, uint64_t* offset) {
  for (uint64_t at = from; at < file_.size();) {
    if (at < window_begin_ || at >= window_begin_ + window_.size()) {
      window_.resize(std::min<uint64_t>(kBlockBytes, file_.size() - at));
      window_begin_ = at;
      if (!file_.read(at, window_.data(), window_.size())) {
        window_.clear();
        return false;
      }
    }
    size_t i = at - window_begin_;
    for (; i + sizeof kFrameMagic <= window_.size(); i += 8) {
      if (memcmp(window_.data() + i, &kFrameMagic, sizeof kFrameMagic) == 0) {
        *offset = window_begin_ + i;
        return true;
      }
    }
    at = window_begin_ + std::max(padded(window_.size()), uint64_t{i});
  }
  return false;
}

bool FrameCursor::next() {
  const uint64_t begin = offset_;
  uint64_t at = begin;
  // Candidates that turn out to be none may cost this much, so that no file makes us read it for ever.
  const uint64_t budget = 4 * file_.size() + kMaxFrameBytes;
  while (at < file_.size() && !load(at)) {
    checked_bytes_ += kCandidateCost;
    if (checked_bytes_ > budget || !find_magic(at + 8, &at)) {
      at = file_.size();
    }
  }
  if (at >= file_.size()) {
    torn_bytes_ = file_.size() > begin ? file_.size() - begin : 0;
    offset_ = file_.size();
    return false;
  }
  damaged_bytes_ += at - begin;
  offset_ = at + padded(bytes_.size());
  return true;
}

}  // namespace stepscope::trace::spool
