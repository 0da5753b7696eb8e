// SPDX-License-Identifier: Apache-2.0
#include "trace/packed_segment.hpp"

#include <zstd.h>

namespace stepscope::trace {
namespace {

// Measured on tests/support/kernel_mix.hpp: higher levels take longer and save nothing on columns that are packed already.
constexpr int kZstdLevel = 1;

// zstd refuses frames that want a larger window; ours never do (segments are far below 64 MiB).
constexpr int kMaxWindowLog = 27;

}  // namespace

SegmentPacker::SegmentPacker()
    : context_(ZSTD_createCCtx()),
      scratch_((segment_scratch_bytes() + sizeof(uint64_t) - 1) / sizeof(uint64_t)) {
  if (context_ != nullptr) {
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
}

SegmentPacker::~SegmentPacker() {
  ZSTD_freeCCtx(context_);
}

std::span<const uint8_t> SegmentPacker::pack(std::span<const Column> columns, const int64_t* const* values,
                                             size_t rows) {
  if (context_ == nullptr) {
    return {};
  }
  const size_t bound = segment_bound(columns.size(), rows);
  if (encoded_.size() < bound) {
    encoded_.resize(bound);
  }
  const size_t encoded = encode_segment(columns.data(), columns.size(), values, rows, scratch_.data(),
                                        encoded_.data(), encoded_.size());
  if (packed_.size() < ZSTD_compressBound(encoded)) {
    packed_.resize(ZSTD_compressBound(encoded));
  }
  const size_t packed = ZSTD_compress2(context_, packed_.data(), packed_.size(), encoded_.data(), encoded);
  return encoded == 0 || ZSTD_isError(packed) != 0 ? std::span<const uint8_t>()
                                                   : std::span<const uint8_t>(packed_.data(), packed);
}

SegmentUnpacker::SegmentUnpacker() : context_(ZSTD_createDCtx()) {
  if (context_ != nullptr) {
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kMaxWindowLog);
  }
}

SegmentUnpacker::~SegmentUnpacker() {
  ZSTD_freeDCtx(context_);
}

bool SegmentUnpacker::unpack(std::span<const uint8_t> blob, size_t rows, size_t column_count,
                             int64_t* const* out) {
  if (context_ == nullptr || rows == 0 || rows > kMaxSegmentRows || column_count > kMaxFileColumns) {
    return false;
  }
  const unsigned long long size = ZSTD_getFrameContentSize(blob.data(), blob.size());
  // The two error values are the largest numbers, so one comparison refuses them too.
  if (size > segment_bound(kMaxFileColumns, rows)) {
    return false;
  }
  if (encoded_.size() < size) {
    encoded_.resize(size);
  }
  const size_t got =
      ZSTD_decompressDCtx(context_, encoded_.data(), encoded_.size(), blob.data(), blob.size());
  return ZSTD_isError(got) == 0 && got == size &&
         decode_segment(encoded_.data(), got, rows, column_count, out);
}

}  // namespace stepscope::trace
