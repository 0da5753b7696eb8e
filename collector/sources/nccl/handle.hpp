// SPDX-License-Identifier: Apache-2.0
//
// Event handles: what NCCL keeps for us and hands back. A handle is no pointer but a number that says which slot it means and
// which use of it, so that one that is late, used twice or not ours at all is recognised without touching memory.
//
//   bits 0-19 slot · 20-43 generation of the slot · 44 captured · 45-46 kind · 48-63 a mark no address of a program has
#pragma once

#include <stdint.h>

namespace stepscope::collector::nccl {

enum class HandleKind : uint8_t {
  kForeign = 0,    // not made here; also what nullptr decodes to
  kMark = 1,       // an event of which only `captured` matters: there is no slot
  kOperation = 2,  // slot of an Operation
  kPart = 3,       // slot of a Part
};

inline constexpr uint32_t kIndexBits = 20;
inline constexpr uint32_t kGenerationBits = 24;
inline constexpr uint32_t kGenerationMask = (1U << kGenerationBits) - 1;

struct Handle {
  HandleKind kind = HandleKind::kForeign;
  bool captured = false;  // the event belongs to the capture of a CUDA graph
  uint32_t index = 0;
  uint32_t generation = 0;
};

inline constexpr uint64_t kHandleMark = 0x5ce0;

inline void* encode(const Handle& handle) noexcept {
  const uint64_t bits = uint64_t{handle.index} | uint64_t{handle.generation & kGenerationMask} << kIndexBits |
                        uint64_t{handle.captured} << 44 | static_cast<uint64_t>(handle.kind) << 45 |
                        kHandleMark << 48;
  return reinterpret_cast<void*>(static_cast<uintptr_t>(bits));
}

inline Handle decode(const void* handle) noexcept {
  const auto bits = uint64_t{reinterpret_cast<uintptr_t>(handle)};
  if (bits >> 48 != kHandleMark || (bits >> 47 & 1) != 0) {
    return {};
  }
  return {static_cast<HandleKind>(bits >> 45 & 3), (bits >> 44 & 1) != 0,
          static_cast<uint32_t>(bits & ((1U << kIndexBits) - 1)),
          static_cast<uint32_t>(bits >> kIndexBits) & kGenerationMask};
}

}  // namespace stepscope::collector::nccl
