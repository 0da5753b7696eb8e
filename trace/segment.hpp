// SPDX-License-Identifier: Apache-2.0
//
// Segment codec: a block of events of one kind and lane, column by column.
//
// An encoded segment is, for each column in order: one byte Encoding (what this column really uses), a varint
// byte length, then that many bytes. The number of rows is not stored here: whoever frames a segment (spool
// frame, row of table `segment`) stores it. zstd, where used, goes over the whole encoded segment.
// Byte-level description: docs/FORMAT.md.
//
// Freestanding: no allocation, no libc calls but memcpy/memset, no exceptions; thread-compatible. The
// collector's drain thread encodes with it and every reader decodes with it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "trace/kinds.hpp"

namespace stepscope::trace {

inline constexpr size_t kMaxSegmentRows = 65536;

// An upper bound for encode_segment's output.
[[nodiscard]] size_t segment_bound(size_t column_count, size_t rows) noexcept;

// Working memory of the encoder (dictionaries); ~180 KiB of which rows * 2 B + 16 KiB are touched, reusable, need
// not be initialised, not shared between threads.
struct SegmentScratch;
[[nodiscard]] size_t segment_scratch_bytes() noexcept;

// Encodes `rows` (<= kMaxSegmentRows) rows. Each column takes the smallest of: constant, dictionary (where the kind
// table says so, or `columns` is null: kind unknown), differences, plain varints, raw words. values[c] points at `rows` values of column c. `scratch` points at
// segment_scratch_bytes() bytes aligned to 8. Returns the bytes written, or 0 when `capacity` is too small
// (never when capacity >= segment_bound).
[[nodiscard]] size_t encode_segment(const Column* columns, size_t column_count, const int64_t* const* values,
                                    size_t rows, void* scratch, uint8_t* out, size_t capacity) noexcept;

// Decodes into out[c][0..rows). A null out[c] skips that column without decoding it. `column_count` columns are
// expected by the caller; trailing columns absent from the data are filled with 0, surplus ones are skipped.
// Returns false on damaged input; never reads or writes out of bounds whatever the bytes are.
[[nodiscard]] bool decode_segment(const uint8_t* data, size_t size, size_t rows, size_t column_count,
                                  int64_t* const* out) noexcept;

}  // namespace stepscope::trace
