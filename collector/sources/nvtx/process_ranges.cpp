// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvtx/process_ranges.hpp"

#include <atomic>

#include "collector/clock.hpp"
#include "collector/process_state.hpp"

namespace stepscope::collector::nvtx {
namespace {

constexpr uint64_t kFullHandle = UINT64_MAX;
constexpr uint32_t kProbes = 128;

enum State : uint32_t { kFree, kBusy, kOpen };

// `serial` tells a handle's use of the slot from later ones: handle = serial << 12 | slot.
struct Slot {
  std::atomic<uint32_t> state{kFree};
  std::atomic<uint32_t> serial{0};
  uint32_t generation = 0;
  trace::Spool::OpenRange range{};
};
static_assert(kMaxOpen == 1U << 12);

constinit Slot g_slots[kMaxOpen];
constinit std::atomic<uint32_t> g_next{0};
constinit std::atomic<uint64_t> g_lane{0};  // generation << 32 | lane

uint32_t lane() noexcept {
  uint64_t seen = g_lane.load(std::memory_order_relaxed);
  if (static_cast<uint32_t>(seen >> 32) != generation()) {
    seen = uint64_t{generation()} << 32 | spool().declare_lane("async", "NVTX start/end ranges", 0);
    g_lane.store(seen, std::memory_order_relaxed);
  }
  return static_cast<uint32_t>(seen);
}

void write(trace::Ring* ring, const trace::Spool::OpenRange& range, int64_t end_ns, int64_t flags) noexcept {
  int64_t values[] = {range.start_ns, end_ns - range.start_ns, range.name,
                      range.domain,   range.category,          range.source,
                      flags,          range.payload_type,      range.payload};
  spool().push(ring, trace::Kind::kRange, lane(), values, 9);
}

}  // namespace

uint64_t start_range(const trace::Spool::OpenRange& range) noexcept {
  uint32_t first = g_next.fetch_add(1, std::memory_order_relaxed);
  for (uint32_t i = 0; i < kProbes; ++i) {
    uint32_t index = (first + i) % kMaxOpen;
    Slot& slot = g_slots[index];
    uint32_t state = slot.state.load(std::memory_order_relaxed);
    // Slots from before a fork belong to the parent's recording.
    bool stale = state == kOpen && slot.generation != generation();
    if ((state == kFree || stale) &&
        slot.state.compare_exchange_strong(state, kBusy, std::memory_order_acquire)) {
      uint32_t serial = slot.serial.load(std::memory_order_relaxed) + 1;
      slot.serial.store(serial, std::memory_order_relaxed);
      slot.generation = generation();
      slot.range = range;
      slot.state.store(kOpen, std::memory_order_release);
      return uint64_t{serial} << 12 | index;
    }
  }
  spool().loss("NVTX start/end ranges open at once", 1);
  return kFullHandle;
}

void end_range(EventScope& scope, uint64_t handle) noexcept {
  if (handle == kFullHandle) {
    return;
  }
  Slot& slot = g_slots[handle % kMaxOpen];
  uint32_t open = kOpen;
  if (slot.serial.load(std::memory_order_relaxed) != handle >> 12 ||
      !slot.state.compare_exchange_strong(open, kBusy, std::memory_order_acquire)) {
    spool().loss("NVTX range end without a start", 1);
    return;
  }
  trace::Spool::OpenRange range = slot.range;
  bool current = slot.generation == generation();
  slot.state.store(kFree, std::memory_order_release);
  if (current) {
    write(scope.thread().ring, range, now_ns(), trace::kFlagProcessRange);
  }
}

void flush_open_ranges(trace::Ring* ring) noexcept {
  int64_t now = now_ns();
  for (Slot& slot : g_slots) {
    uint32_t open = kOpen;
    if (slot.generation == generation() &&
        slot.state.compare_exchange_strong(open, kBusy, std::memory_order_acquire)) {
      write(ring, slot.range, now, trace::kFlagProcessRange | trace::kFlagUnfinished);
      slot.state.store(kFree, std::memory_order_release);
    }
  }
}

}  // namespace stepscope::collector::nvtx
