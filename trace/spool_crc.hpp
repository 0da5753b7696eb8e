// SPDX-License-Identifier: Apache-2.0
//
// CRC-32C (Castagnoli, reflected, initial and final value ~0), eight table lookups per eight bytes. Freestanding.
// Algorithm: M. Kounavis, F. Berry, "A Systematic Approach to Building High Performance Software-based CRC
// Generators", 2005.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::trace::spool {

// Continues `crc` (0 to begin) over `size` bytes: crc32c(crc32c(0, a), b) is the checksum of a followed by b.
[[nodiscard]] uint32_t crc32c(uint32_t crc, const void* data, size_t size) noexcept;

}  // namespace stepscope::trace::spool
