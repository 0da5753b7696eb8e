// SPDX-License-Identifier: Apache-2.0
#include "trace/segment.hpp"
#include "trace/segment_bytes.hpp"

namespace stepscope::trace {
namespace {

using bytes::get_varint;
using bytes::unzigzag;

struct In {
  const uint8_t* at;
  const uint8_t* end;

  [[nodiscard]] size_t left() const noexcept { return static_cast<size_t>(end - at); }
};

// A row takes at least one byte, so the length is checked before the loop; within it the fast reader runs while
// eight bytes are readable. `put` receives the row and its value.
template <typename Put>
bool read_varints(In in, size_t rows, Put put) noexcept {
  if (in.left() < rows) {
    return false;
  }
  size_t i = 0;
  uint64_t value = 0;
  for (; i < rows && in.left() >= sizeof(uint64_t); ++i) {
    in.at = bytes::get_varint_wide(in.at, in.end, &value);
    if (in.at == nullptr) {
      return false;
    }
    put(i, unzigzag(value));
  }
  for (; i < rows; ++i) {
    in.at = get_varint(in.at, in.end, &value);
    if (in.at == nullptr) {
      return false;
    }
    put(i, unzigzag(value));
  }
  return in.at == in.end;
}

bool read_delta(In in, size_t rows, int64_t* out) noexcept {
  uint64_t sum = 0;
  return read_varints(in, rows, [&sum, out](size_t i, int64_t step) noexcept {
    sum += static_cast<uint64_t>(step);
    out[i] = static_cast<int64_t>(sum);
  });
}

bool read_plain(In in, size_t rows, int64_t* out) noexcept {
  return read_varints(in, rows, [out](size_t i, int64_t value) noexcept { out[i] = value; });
}

bool read_raw(In in, size_t rows, int64_t* out) noexcept {
  if (in.left() != rows * sizeof(int64_t)) {
    return false;
  }
  if (rows != 0) {
    memcpy(out, in.at, in.left());
  }
  return true;
}

// Every index of the type is inside `table`; an index beyond the dictionary is found afterwards.
template <typename Index>
bool read_indexes(const uint8_t* from, const int64_t* table, size_t entries, size_t rows,
                  int64_t* out) noexcept {
  size_t largest = 0;
  for (size_t i = 0; i < rows; ++i) {
    Index index;
    memcpy(&index, from + i * sizeof index, sizeof index);
    const size_t at = index < bytes::kMaxDictEntries ? index : 0;
    largest = index > largest ? index : largest;
    out[i] = table[at];
  }
  return largest < entries;
}

bool read_dict(In in, size_t rows, int64_t* out) noexcept {
  uint64_t entries = 0;
  in.at = get_varint(in.at, in.end, &entries);
  if (in.at == nullptr || entries == 0 || entries > bytes::kMaxDictEntries) {
    return false;
  }
  int64_t table[bytes::kMaxDictEntries];
  for (size_t i = 0; i < entries; ++i) {
    uint64_t coded = 0;
    in.at = get_varint(in.at, in.end, &coded);
    if (in.at == nullptr) {
      return false;
    }
    table[i] = unzigzag(coded);
  }
  if (entries == 1 && in.left() == 0) {
    for (size_t i = 0; i < rows; ++i) {
      out[i] = table[0];
    }
    return true;
  }
  const size_t width = entries <= 256 ? 1 : 2;
  if (in.left() != rows * width) {
    return false;
  }
  if (width == 1) {
    memset(table + entries, 0, (256 - entries) * sizeof table[0]);
    return read_indexes<uint8_t>(in.at, table, entries, rows, out);
  }
  memset(table + entries, 0, (bytes::kMaxDictEntries - entries) * sizeof table[0]);
  return read_indexes<uint16_t>(in.at, table, entries, rows, out);
}

bool decode_column(Encoding encoding, In in, size_t rows, int64_t* out) noexcept {
  switch (encoding) {
    case Encoding::kDelta:
      return read_delta(in, rows, out);
    case Encoding::kVarint:
      return read_plain(in, rows, out);
    case Encoding::kDict:
      return read_dict(in, rows, out);
    case Encoding::kRaw:
      return read_raw(in, rows, out);
  }
  return false;
}

}  // namespace

bool decode_segment(const uint8_t* data, size_t size, size_t rows, size_t column_count,
                    int64_t* const* out) noexcept {
  if (rows > kMaxSegmentRows) {
    return false;
  }
  In in{data, data + size};
  for (size_t c = 0; c < column_count; ++c) {
    if (in.left() == 0) {  // written before this column existed
      if (out[c] != nullptr && rows != 0) {
        memset(out[c], 0, rows * sizeof(int64_t));
      }
      continue;
    }
    const auto encoding = static_cast<Encoding>(*in.at++);
    uint64_t length = 0;
    in.at = get_varint(in.at, in.end, &length);
    if (in.at == nullptr || length > in.left()) {
      return false;
    }
    if (out[c] != nullptr && !decode_column(encoding, In{in.at, in.at + length}, rows, out[c])) {
      return false;
    }
    in.at += length;
  }
  return true;
}

}  // namespace stepscope::trace
