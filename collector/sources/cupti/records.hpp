// SPDX-License-Identifier: Apache-2.0
//
// One CUPTI activity record, classic or user-defined -> one event of ours. A pure function of the record's bytes and their
// layout: names stay pointers, lanes stay keys; decoder.hpp turns both into ids.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "collector/sources/cupti/record_layout.hpp"
#include "trace/kinds.hpp"

namespace stepscope::collector::cupti {

enum class LaneType : uint8_t { kStream, kThread, kSync, kMemory, kDevice, kProcess };

// kStream: all three; kThread: `stream` is the tid; kSync: context; kMemory, kDevice: device.
struct LaneKey {
  LaneType type = LaneType::kProcess;
  uint32_t device = 0;
  uint32_t context = 0;
  uint32_t stream = 0;
};

// How a kernel was launched. Compared and hashed as bytes: has no padding.
struct Signature {
  uint32_t grid[3];
  uint32_t block[3];
  uint32_t static_shared;
  uint32_t dynamic_shared;
  uint32_t registers;
};

struct Event {
  trace::Kind kind = trace::Kind::kNone;
  trace::Clock clock = trace::Clock::kCupti;
  LaneKey lane;
  uint8_t count = 0;             // of values
  uint8_t name_column = 0;       // 0: the kind has no name here
  uint8_t signature_column = 0;  // 0: none
  const char* name = nullptr;    // for name_column; may be null: the GPU's kernel has none
  Signature signature{};
  int64_t values[trace::kMaxColumns];
};

enum class Translation : uint8_t {
  kEvent,
  kEventBadTime,  // ends before it starts: the event has no duration
  kNoTime,        // never stamped: no event
  kFiltered,      // a call that is not on our list: no event
  kMetadata,      // device, context, stream or name: not an event
  kUnknown,       // a kind we did not ask for
  kUndescribed,   // a kind of ours whose layout CUPTI did not tell
};

// `event` is set for kEvent and kEventBadTime only. `record` is laid out as `layouts` says. Freestanding.
[[nodiscard]] Translation translate(const void* record, const RecordLayouts& layouts, Event& event) noexcept;

// "grid 128x1x1 block 256x1x1 regs 32 smem 0+4096". Returns the length written, at most `capacity` - 1.
size_t format_signature(const Signature& signature, char* out, size_t capacity) noexcept;

}  // namespace stepscope::collector::cupti
