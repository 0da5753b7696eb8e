// SPDX-License-Identifier: Apache-2.0
//
// Which of 64 bytes of JSON open or close an object or array outside of a string: one bit each, 64 bytes at a time.
//
// Header-only since it is the inner loop of the cutter; pure functions. SSE2 where the compiler has it (every x86-64),
// else byte by byte.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace stepscope::analysis::importing {

inline constexpr size_t kMaskBytes = 64;

struct StructureMask {
  uint64_t open = 0;   // { and [
  uint64_t close = 0;  // } and ]
};

// What a block has to know of the bytes before it.
struct StringState {
  bool inside = false;   // of a string
  bool escaped = false;  // the first byte follows a backslash
};

struct ByteClasses {
  uint64_t quote = 0;
  uint64_t backslash = 0;
  uint64_t open = 0;
  uint64_t close = 0;
};

inline ByteClasses classify_bytes(const char* bytes) {
  ByteClasses out;
#if defined(__SSE2__)
  for (unsigned part = 0; part < 4; ++part) {
    const auto* const at = static_cast<const __m128i*>(static_cast<const void*>(bytes + 16 * part));
    const __m128i block = _mm_loadu_si128(at);
    const __m128i folded = _mm_or_si128(block, _mm_set1_epi8(0x20));  // [ becomes {, ] becomes }
    const auto bits = [part](__m128i equal) {
      return uint64_t{static_cast<uint32_t>(_mm_movemask_epi8(equal))} << (16 * part);
    };
    out.quote |= bits(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')));
    out.backslash |= bits(_mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    out.open |= bits(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')));
    out.close |= bits(_mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
  }
#else
  for (unsigned i = 0; i < kMaskBytes; ++i) {
    const uint64_t bit = uint64_t{1} << i;
    const auto folded = static_cast<char>(bytes[i] | 0x20);
    out.quote |= bytes[i] == '"' ? bit : 0;
    out.backslash |= bytes[i] == '\\' ? bit : 0;
    out.open |= folded == '{' ? bit : 0;
    out.close |= folded == '}' ? bit : 0;
  }
#endif
  return out;
}

// Bit i of the result is the parity of the bits 0 .. i: set from an opening quote up to, not including, the closing one.
inline uint64_t running_parity(uint64_t bits) {
  for (unsigned shift = 1; shift < 64; shift *= 2) {
    bits ^= bits << shift;
  }
  return bits;
}

// Reads 64 bytes from `bytes` and moves `state` behind them.
inline StructureMask structure_mask(const char* bytes, StringState& state) {
  const ByteClasses classes = classify_bytes(bytes);
  uint64_t quotes = classes.quote;
  if (classes.backslash != 0 || state.escaped) {
    uint64_t escaped = state.escaped ? 1 : 0;
    state.escaped = false;
    for (uint64_t left = classes.backslash & ~escaped; left != 0;) {
      const auto at = static_cast<unsigned>(std::countr_zero(left));
      if (at == 63) {
        state.escaped = true;
        break;
      }
      escaped |= uint64_t{1} << (at + 1);
      left &= ~(uint64_t{3} << at);
    }
    quotes &= ~escaped;
  }
  const uint64_t inside = running_parity(quotes) ^ (state.inside ? ~uint64_t{0} : 0);
  state.inside = inside >> 63U != 0;
  return {classes.open & ~inside, classes.close & ~inside};
}

}  // namespace stepscope::analysis::importing
