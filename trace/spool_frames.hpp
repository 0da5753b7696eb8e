// SPDX-License-Identifier: Apache-2.0
//
// Inside of the spool reader: the whole frames of BASE.spool, one after the other.
//
// A frame that is damaged is passed over to the next whole one; what is left at the end is torn. Time is bounded by
// the size of the file, whatever the bytes are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trace/spool_format.hpp"
#include "trace/spool_input.hpp"

namespace stepscope::trace::spool {

class FrameCursor {
 public:
  // The file has been understood; frames begin at `offset`.
  FrameCursor(const InputFile& file, uint64_t offset);

  // Moves to the next whole frame; false at the end.
  [[nodiscard]] bool next();
  [[nodiscard]] const FrameHeader& frame() const { return frame_; }
  [[nodiscard]] std::span<const uint8_t> payload() const { return payload_; }

  // Where the frame after this one begins.
  [[nodiscard]] uint64_t next_offset() const { return offset_; }

  // Bytes passed over before a whole frame, and bytes after the last one.
  [[nodiscard]] uint64_t damaged_bytes() const { return damaged_bytes_; }
  [[nodiscard]] uint64_t torn_bytes() const { return torn_bytes_; }

 private:
  [[nodiscard]] bool load(uint64_t offset);
  [[nodiscard]] bool find_magic(uint64_t from, uint64_t* offset);

  const InputFile& file_;
  uint64_t offset_;
  uint64_t checked_bytes_ = 0;  // spent on candidates that were no frames
  uint64_t damaged_bytes_ = 0;
  uint64_t torn_bytes_ = 0;
  FrameHeader frame_{};
  std::vector<uint8_t> bytes_;
  std::vector<uint8_t> window_;  // of find_magic, from offset window_begin_
  uint64_t window_begin_ = 0;
  std::span<const uint8_t> payload_;
};

}  // namespace stepscope::trace::spool
