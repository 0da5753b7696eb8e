// SPDX-License-Identifier: Apache-2.0
//
// The byte-level vocabulary of an encoded segment: zig-zag varints, the limits of a dictionary.
// Shared by the two halves of the codec (segment_encode.cpp, segment_decode.cpp); freestanding, stateless.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace stepscope::trace::bytes {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "recordings are little endian");

inline constexpr size_t kMaxVarint = 10;
// A decoder holds the dictionary on its stack, so it must be small; longer ones do not pay off anyway.
inline constexpr size_t kMaxDictEntries = 4096;

inline uint64_t zigzag(int64_t value) noexcept {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

inline int64_t unzigzag(uint64_t value) noexcept {
  return static_cast<int64_t>((value >> 1) ^ (0 - (value & 1)));
}

inline size_t varint_size(uint64_t value) noexcept {
  const unsigned bits = 64U - static_cast<unsigned>(__builtin_clzll(value | 1));
  return (bits * 9 + 64) >> 6;  // = ceil(bits / 7) for 1 .. 64
}

// Writes a varint; the caller has checked varint_size() against its buffer.
inline uint8_t* put_varint(uint8_t* out, uint64_t value) noexcept {
  while (value >= 0x80) {
    *out++ = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<uint8_t>(value);
  return out;
}

// The same without a loop for values below 2^56: the seven-bit groups are spread over eight bytes by shifts and
// stored at once. Writes eight bytes whatever the length, so the caller leaves room.
inline uint8_t* put_varint_wide(uint8_t* out, uint64_t value) noexcept {
  if (value >> 56) {
    return put_varint(out, value);
  }
  const size_t length = varint_size(value);
  uint64_t x = value;
  x = (x & 0x000000000fffffff) | ((x & 0x00fffffff0000000) << 4);
  x = (x & 0x00003fff00003fff) | ((x & 0x0fffc0000fffc000) << 2);
  x = (x & 0x007f007f007f007f) | ((x & 0x3f803f803f803f80) << 1);
  x |= 0x8080808080808080 & ((uint64_t{1} << (8 * (length - 1))) - 1);
  memcpy(out, &x, sizeof x);
  return out + length;
}

// Reads a varint from [in, end). Returns the byte after it, or nullptr when it is cut off or longer than 64 bits.
inline const uint8_t* get_varint(const uint8_t* in, const uint8_t* end, uint64_t* value) noexcept {
  uint64_t result = 0;
  for (unsigned shift = 0; shift < 64 && in != end; shift += 7) {
    const uint64_t byte = *in++;
    if (shift == 63 && byte > 1) {
      return nullptr;
    }
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = result;
      return in;
    }
  }
  return nullptr;
}

// The inverse of put_varint_wide; needs eight readable bytes. Falls back for longer varints.
inline const uint8_t* get_varint_wide(const uint8_t* in, const uint8_t* end, uint64_t* value) noexcept {
  uint64_t x;
  memcpy(&x, in, sizeof x);
  const uint64_t stops = ~x & 0x8080808080808080;
  if (stops == 0) {
    return get_varint(in, end, value);
  }
  const uint64_t last = stops & (0 - stops);  // bit 7 of the last byte
  x &= (last - 1) & 0x7f7f7f7f7f7f7f7f;       // its seven value bits lie below that bit
  x = (x & 0x007f007f007f007f) | ((x & 0x7f007f007f007f00) >> 1);
  x = (x & 0x00003fff00003fff) | ((x & 0x3fff00003fff0000) >> 2);
  x = (x & 0x000000000fffffff) | ((x & 0x0fffffff00000000) >> 4);
  *value = x;
  return in + (static_cast<unsigned>(__builtin_ctzll(last)) + 1) / 8;
}

}  // namespace stepscope::trace::bytes
