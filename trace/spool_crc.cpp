// SPDX-License-Identifier: Apache-2.0
#include "trace/spool_crc.hpp"

#include <string.h>

namespace stepscope::trace::spool {
namespace {

struct Tables {
  uint32_t at[8][256];
};

constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    }
    tables.at[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; ++i) {
    for (int slice = 1; slice < 8; ++slice) {
      const uint32_t before = tables.at[slice - 1][i];
      tables.at[slice][i] = (before >> 8) ^ tables.at[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

uint32_t crc32c(uint32_t crc, const void* data, size_t size) noexcept {
  const auto* from = static_cast<const uint8_t*>(data);
  const auto& t = kTables.at;
  crc = ~crc;
  for (; size >= 8; size -= 8, from += 8) {
    uint64_t x;
    memcpy(&x, from, sizeof x);
    x ^= crc;
    crc = t[7][x & 0xff] ^ t[6][(x >> 8) & 0xff] ^ t[5][(x >> 16) & 0xff] ^ t[4][(x >> 24) & 0xff] ^
          t[3][(x >> 32) & 0xff] ^ t[2][(x >> 40) & 0xff] ^ t[1][(x >> 48) & 0xff] ^ t[0][x >> 56];
  }
  for (; size != 0; --size, ++from) {
    crc = (crc >> 8) ^ t[0][(crc ^ *from) & 0xff];
  }
  return ~crc;
}

}  // namespace stepscope::trace::spool
