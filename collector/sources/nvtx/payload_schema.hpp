// SPDX-License-Identifier: Apache-2.0
//
// Extended payloads: a program registers the layout of a structure (a schema) and attaches such structures to its
// events. NCCL describes its collectives this way: communicator, bytes, root, peer.
//
// Kept per event: one 64-bit value (the entry that says bytes or size, else the first eight bytes), and for a schema that
// names a communicator or a message size the facts of a collective. Registering is rare and takes a slot with a CAS;
// decoding is lock-free and reads only inside the payload's stated size. Any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "collector/sources/nvtx/nvtx_abi.hpp"

namespace stepscope::collector::nvtx {

struct DecodedPayload {
  uint64_t schema = 0;
  int64_t value = 0;
  bool is_message = false;   // it has the facts of a collective or point-to-point message
  int64_t communicator = 0;  // also without a message, when the schema names one
  int64_t bytes = 0;
  int64_t peer = -1;
};

// Remembers the layout; returns its id: the static one the program chose or a new dynamic one. 0 when refused (counted).
uint64_t register_schema(const void* domain, const SchemaAttributes* attributes) noexcept;

// False when there is nothing to decode. An unknown schema still gives the first eight bytes.
bool decode_payload(const void* domain, const PayloadData* payloads, size_t count,
                    DecodedPayload& out) noexcept;

// Size in bytes of a plain entry type, 0 for all others.
[[nodiscard]] size_t entry_size(uint64_t type) noexcept;

}  // namespace stepscope::collector::nvtx
