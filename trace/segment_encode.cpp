// SPDX-License-Identifier: Apache-2.0
#include "trace/segment.hpp"
#include "trace/segment_bytes.hpp"

namespace stepscope::trace {

// Dictionary under construction. Slots of the hash table hold entry + 1; only the part a column needs is cleared.
struct SegmentScratch {
  static constexpr size_t kSlots = 2 * bytes::kMaxDictEntries;
  int64_t entries[bytes::kMaxDictEntries];
  uint16_t slots[kSlots];
  uint16_t indexes[kMaxSegmentRows];
};

namespace {

using bytes::put_varint;
using bytes::varint_size;
using bytes::zigzag;

constexpr size_t kColumnOverhead = 16;  // encoding, length, and the slack of put_varint_wide

struct Out {
  uint8_t* at;
  uint8_t* end;

  [[nodiscard]] size_t room() const noexcept { return static_cast<size_t>(end - at); }
};

struct Sizes {
  size_t varint = 0;
  size_t delta = 0;
  bool constant = true;
};

int64_t difference(int64_t value, int64_t previous) noexcept {
  return static_cast<int64_t>(static_cast<uint64_t>(value) - static_cast<uint64_t>(previous));
}

Sizes measure(const int64_t* values, size_t rows) noexcept {
  Sizes sizes;
  int64_t previous = 0;
  uint64_t changed = 0;
  for (size_t i = 0; i < rows; ++i) {
    sizes.varint += varint_size(zigzag(values[i]));
    sizes.delta += varint_size(zigzag(difference(values[i], previous)));
    changed |= static_cast<uint64_t>(values[i] ^ values[0]);
    previous = values[i];
  }
  sizes.constant = rows > 0 && changed == 0;
  return sizes;
}

bool begin_column(Out& out, Encoding encoding, size_t payload) noexcept {
  if (out.room() < 1 + varint_size(payload) + payload) {
    return false;
  }
  *out.at++ = static_cast<uint8_t>(encoding);
  out.at = put_varint(out.at, payload);
  return true;
}

bool write_raw(Out& out, const int64_t* values, size_t rows) noexcept {
  const size_t payload = rows * sizeof(int64_t);
  if (!begin_column(out, Encoding::kRaw, payload)) {
    return false;
  }
  if (payload != 0) {
    memcpy(out.at, values, payload);
  }
  out.at += payload;
  return true;
}

bool write_constant(Out& out, int64_t value) noexcept {
  const uint64_t coded = zigzag(value);
  if (!begin_column(out, Encoding::kDict, 1 + varint_size(coded))) {
    return false;
  }
  out.at = put_varint(out.at, 1);
  out.at = put_varint(out.at, coded);
  return true;
}

// `step` maps row i to the value that is written; the loop is split so that wide stores never pass the end.
template <typename Step>
bool write_varints(Out& out, Encoding encoding, size_t rows, size_t payload, Step step) noexcept {
  if (!begin_column(out, encoding, payload)) {
    return false;
  }
  size_t i = 0;
  for (; i < rows && out.room() >= bytes::kMaxVarint; ++i) {
    out.at = bytes::put_varint_wide(out.at, zigzag(step(i)));
  }
  for (; i < rows; ++i) {
    out.at = put_varint(out.at, zigzag(step(i)));
  }
  return true;
}

struct Dict {
  size_t entries = 0;
  size_t payload = 0;  // bytes of the coded column; 0: too many distinct values
};

Dict build_dict(SegmentScratch& scratch, const int64_t* values, size_t rows) noexcept {
  size_t slots = 16;
  while (slots < 2 * rows && slots < SegmentScratch::kSlots) {
    slots *= 2;
  }
  memset(scratch.slots, 0, slots * sizeof scratch.slots[0]);
  const unsigned shift = 64U - static_cast<unsigned>(__builtin_ctzll(slots));
  Dict dict;
  size_t entry_bytes = 0;
  for (size_t i = 0; i < rows; ++i) {
    const int64_t value = values[i];
    size_t slot = (static_cast<uint64_t>(value) * 0x9e3779b97f4a7c15U) >> shift;
    while (scratch.slots[slot] != 0 && scratch.entries[scratch.slots[slot] - 1] != value) {
      slot = (slot + 1) & (slots - 1);
    }
    if (scratch.slots[slot] == 0) {
      if (dict.entries == bytes::kMaxDictEntries) {
        return Dict{};
      }
      scratch.entries[dict.entries++] = value;
      scratch.slots[slot] = static_cast<uint16_t>(dict.entries);
      entry_bytes += varint_size(zigzag(value));
    }
    scratch.indexes[i] = static_cast<uint16_t>(scratch.slots[slot] - 1);
  }
  const size_t width = dict.entries <= 256 ? 1 : 2;
  dict.payload = varint_size(dict.entries) + entry_bytes + rows * width;
  return dict;
}

bool write_dict(Out& out, const SegmentScratch& scratch, const Dict& dict, size_t rows) noexcept {
  if (!begin_column(out, Encoding::kDict, dict.payload)) {
    return false;
  }
  out.at = put_varint(out.at, dict.entries);
  for (size_t i = 0; i < dict.entries; ++i) {
    out.at = put_varint(out.at, zigzag(scratch.entries[i]));
  }
  if (dict.entries <= 256) {
    for (size_t i = 0; i < rows; ++i) {
      out.at[i] = static_cast<uint8_t>(scratch.indexes[i]);
    }
    out.at += rows;
  } else {
    memcpy(out.at, scratch.indexes, rows * sizeof scratch.indexes[0]);
    out.at += rows * sizeof scratch.indexes[0];
  }
  return true;
}

// Smallest of: constant, plain varints, differences, dictionary (where the kind says values repeat), raw words.
bool encode_column(Out& out, Encoding hint, const int64_t* values, size_t rows,
                   SegmentScratch& scratch) noexcept {
  const Sizes sizes = measure(values, rows);
  if (sizes.constant) {
    return write_constant(out, values[0]);
  }
  const size_t plain = sizes.varint < sizes.delta ? sizes.varint : sizes.delta;
  const size_t raw = rows * sizeof(int64_t);
  if (hint == Encoding::kDict && plain > rows) {  // a dictionary needs at least a byte per row
    const Dict dict = build_dict(scratch, values, rows);
    if (dict.payload != 0 && dict.payload < plain && dict.payload < raw) {
      return write_dict(out, scratch, dict, rows);
    }
  }
  if (raw <= plain) {
    return write_raw(out, values, rows);
  }
  if (sizes.delta < sizes.varint) {
    return write_varints(out, Encoding::kDelta, rows, sizes.delta, [values](size_t i) noexcept {
      return difference(values[i], i == 0 ? 0 : values[i - 1]);
    });
  }
  return write_varints(out, Encoding::kVarint, rows, sizes.varint,
                       [values](size_t i) noexcept { return values[i]; });
}

}  // namespace

size_t segment_bound(size_t column_count, size_t rows) noexcept {
  return column_count * (rows * sizeof(int64_t) + kColumnOverhead);
}

size_t segment_scratch_bytes() noexcept {
  return sizeof(SegmentScratch);
}

// NOLINTNEXTLINE(readability-function-size): pointers with their lengths, there is no std::span in this half
size_t encode_segment(const Column* columns, size_t column_count, const int64_t* const* values, size_t rows,
                      void* scratch, uint8_t* out, size_t capacity) noexcept {
  if (rows > kMaxSegmentRows) {
    return 0;
  }
  Out to{out, out + capacity};
  for (size_t c = 0; c < column_count; ++c) {
    const Encoding hint = columns != nullptr ? columns[c].encoding : Encoding::kDict;
    if (!encode_column(to, hint, values[c], rows, *static_cast<SegmentScratch*>(scratch))) {
      return 0;
    }
  }
  return static_cast<size_t>(to.at - out);
}

}  // namespace stepscope::trace
