// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/parquet_values.hpp"

#include <algorithm>
#include <bit>

namespace stepscope::analysis::exporting {
namespace {

constexpr size_t kGroup = 8;  // values are packed in groups of so many

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) {
    out += static_cast<char>(0x80U | (value & 0x7FU));
  }
  out += static_cast<char>(value);
}

// A last group that is not full is filled up with zeros.
void append_packed(std::string& out, std::span<const uint32_t> values, unsigned width) {
  if (values.empty()) {
    return;
  }
  const size_t groups = (values.size() + kGroup - 1) / kGroup;
  append_varint(out, groups << 1U | 1U);
  uint64_t bits = 0;
  unsigned held = 0;
  for (size_t i = 0; i < groups * kGroup; ++i) {
    bits |= static_cast<uint64_t>(i < values.size() ? values[i] : 0U) << held;
    for (held += width; held >= 8; held -= 8) {
      out += static_cast<char>(bits & 0xFFU);
      bits >>= 8U;
    }
  }
}

void append_run(std::string& out, uint32_t value, size_t count, unsigned width) {
  append_varint(out, count << 1U);
  for (unsigned bit = 0; bit < width; bit += 8) {
    out += static_cast<char>(value >> bit & 0xFFU);
  }
}

}  // namespace

void append_plain(std::string& out, int64_t bits) {
  for (unsigned bit = 0; bit < 64; bit += 8) {
    out += static_cast<char>(static_cast<uint64_t>(bits) >> bit & 0xFFU);
  }
}

void append_plain(std::string& out, std::string_view text) {
  for (unsigned bit = 0; bit < 32; bit += 8) {
    out += static_cast<char>(text.size() >> bit & 0xFFU);
  }
  out += text;
}

void append_dictionary_indexes(std::string& out, std::span<const uint32_t> indexes, size_t entries) {
  // Width 0 would do for one entry, but not every reader takes it.
  const auto width =
      std::max(1U, static_cast<unsigned>(std::bit_width(entries < 2 ? size_t{0} : entries - 1)));
  out += static_cast<char>(width);
  size_t packed = 0;  // from here to `at` values wait to be packed
  for (size_t at = 0; at < indexes.size();) {
    const auto rest = indexes.subspan(at);
    const auto end =
        std::find_if(rest.begin(), rest.end(), [&](uint32_t index) { return index != rest.front(); });
    const auto equal = static_cast<size_t>(end - rest.begin());
    const size_t fill = (kGroup - (at - packed) % kGroup) % kGroup;  // packed groups have to be full
    if (equal >= fill + kGroup) {
      append_packed(out, indexes.subspan(packed, at + fill - packed), width);
      append_run(out, rest.front(), equal - fill, width);
      packed = at + equal;
    }
    at += equal;
  }
  append_packed(out, indexes.subspan(packed), width);
}

}  // namespace stepscope::analysis::exporting
