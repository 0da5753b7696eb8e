// SPDX-License-Identifier: Apache-2.0
//
// Column `data` of tables segment and overview: an encoded segment inside one zstd frame with a checksum and a content
// size. Packing the same rows gives the same bytes. Objects are reusable, one thread each.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "trace/segment.hpp"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace stepscope::trace {

// Columns a reader accepts per kind; more than this build knows, since newer minors append columns.
inline constexpr size_t kMaxFileColumns = 32;

class SegmentPacker {
 public:
  SegmentPacker();
  ~SegmentPacker();
  SegmentPacker(const SegmentPacker&) = delete;
  SegmentPacker& operator=(const SegmentPacker&) = delete;

  // The packed bytes, valid until the next call. Empty when memory ran out. rows: 1 .. kMaxSegmentRows.
  [[nodiscard]] std::span<const uint8_t> pack(std::span<const Column> columns, const int64_t* const* values,
                                              size_t rows);

 private:
  ZSTD_CCtx_s* context_;
  std::vector<uint64_t> scratch_;
  std::vector<uint8_t> encoded_;
  std::vector<uint8_t> packed_;
};

class SegmentUnpacker {
 public:
  SegmentUnpacker();
  ~SegmentUnpacker();
  SegmentUnpacker(const SegmentUnpacker&) = delete;
  SegmentUnpacker& operator=(const SegmentUnpacker&) = delete;

  // Fills out[c][0..rows) for each c < column_count with out[c] != nullptr. False on damage of any kind; memory use is
  // bounded by what a segment of `rows` rows can need, whatever the bytes say.
  [[nodiscard]] bool unpack(std::span<const uint8_t> blob, size_t rows, size_t column_count,
                            int64_t* const* out);

 private:
  ZSTD_DCtx_s* context_;
  std::vector<uint8_t> encoded_;
};

}  // namespace stepscope::trace
