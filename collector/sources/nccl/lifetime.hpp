// SPDX-License-Identifier: Apache-2.0
//
// When is a collective over? NCCL's stop of a collective only says that it was enqueued. It is over when its parts (channels of
// the kernel, operations of the proxy) have stopped, which they do on other threads, in any order, also after the
// collective's own stop, and some of them start only then. Lifetime is that count, in one atomic word together with the number
// of the slot's use, so that every decision is one compare-and-swap: no lock, and exactly one caller is told that it is over.
//
//   bits 0-15 parts under way · 16-30 parts still to start, kUnknownParts = nobody knows · 31 own stop is outstanding
//   32-55 generation · 56 in use · 57 abandoned: written already, but parts are still under way
#pragma once

#include <stdint.h>

#include <atomic>

#include "collector/sources/nccl/handle.hpp"

namespace stepscope::collector::nccl {

// More parts than this are not counted on.
inline constexpr uint32_t kUnknownParts = 0x7FFF;

enum class Ending : uint8_t {
  kStale,  // not this use of the slot, or ended before: nothing changed
  kGoesOn,
  kOver,      // the caller has the slot for itself: it writes the record, then gives the slot back
  kReusable,  // the last part of an abandoned use: the slot can be given back, there is nothing to write
};

class Lifetime {
 public:
  // Begins the next use of a slot that nobody else uses; what was written to the slot before is visible to whoever learns
  // the generation it returns. `parts` is how many will start, kUnknownParts = only idle() can tell.
  uint32_t begin(uint32_t parts) noexcept {
    const uint64_t before = word_.load(std::memory_order_relaxed);
    const uint32_t generation = (generation_of(before) + 1) & kGenerationMask;
    const uint64_t missing = parts < kUnknownParts ? parts : kUnknownParts;
    word_.store(kInUse | uint64_t{generation} << 32 | kOwn | missing << 16, std::memory_order_release);
    return generation;
  }

  [[nodiscard]] bool alive(uint32_t generation) const noexcept {
    const uint64_t word = word_.load(std::memory_order_acquire);
    return (word & kInUse) != 0 && generation_of(word) == generation;
  }

  // A part starts. False: too late.
  bool add_part(uint32_t generation) noexcept {
    uint64_t word = word_.load(std::memory_order_acquire);
    uint64_t next = 0;
    do {
      if ((word & kInUse) == 0 || generation_of(word) != generation || (word & kOpen) == kOpen) {
        return false;
      }
      next = word + 1;
      if (missing_of(word) != 0 && missing_of(word) != kUnknownParts) {
        next -= kOneMissing;
      }
    } while (!word_.compare_exchange_weak(word, next, std::memory_order_acq_rel, std::memory_order_acquire));
    return true;
  }

  Ending end_part(uint32_t generation) noexcept {
    uint64_t word = word_.load(std::memory_order_acquire);
    uint64_t next = 0;
    do {
      if ((word & (kInUse | kAbandoned)) == 0 || generation_of(word) != generation || (word & kOpen) == 0) {
        return Ending::kStale;
      }
      next = without_use_when_over(word - 1);
    } while (!word_.compare_exchange_weak(word, next, std::memory_order_acq_rel, std::memory_order_acquire));
    if ((word & kAbandoned) != 0) {
      return (next & kOpen) == 0 ? Ending::kReusable : Ending::kGoesOn;
    }
    return (next & kInUse) == 0 ? Ending::kOver : Ending::kGoesOn;
  }

  // The own stop.
  Ending end_own(uint32_t generation) noexcept {
    uint64_t word = word_.load(std::memory_order_acquire);
    uint64_t next = 0;
    do {
      if ((word & kInUse) == 0 || generation_of(word) != generation || (word & kOwn) == 0) {
        return Ending::kStale;
      }
      next = without_use_when_over(word & ~kOwn);
    } while (!word_.compare_exchange_weak(word, next, std::memory_order_acq_rel, std::memory_order_acquire));
    return (next & kInUse) == 0 ? Ending::kOver : Ending::kGoesOn;
  }

  // What it looks like at this moment, for whoever cleans up.
  struct Glance {
    uint64_t word;
    [[nodiscard]] bool in_use() const noexcept { return (word & kInUse) != 0; }
    [[nodiscard]] bool own_outstanding() const noexcept { return (word & kOwn) != 0; }
    [[nodiscard]] uint32_t under_way() const noexcept { return static_cast<uint32_t>(word & kOpen); }
    // Nothing is under way; at most parts that never started are waited for.
    [[nodiscard]] bool idle() const noexcept { return in_use() && !own_outstanding() && under_way() == 0; }
  };
  [[nodiscard]] Glance glance() const noexcept { return {word_.load(std::memory_order_acquire)}; }

  // Ends this use as it looked at a glance: kStale when it changed since, else kOver; kGoesOn when parts are under way: the
  // caller writes the record, and the slot is given back by the last of them.
  Ending close(Glance seen) noexcept {
    if (!seen.in_use()) {
      return Ending::kStale;
    }
    uint64_t next = seen.word & ~(kInUse | kOwn | kMissing);
    next |= seen.under_way() != 0 ? kAbandoned : 0;
    if (!word_.compare_exchange_strong(seen.word, next, std::memory_order_acq_rel)) {
      return Ending::kStale;
    }
    return (next & kAbandoned) != 0 ? Ending::kGoesOn : Ending::kOver;
  }

 private:
  static constexpr uint64_t kOpen = 0xFFFF;
  static constexpr uint64_t kOneMissing = uint64_t{1} << 16;
  static constexpr uint64_t kMissing = uint64_t{0x7FFF} << 16;
  static constexpr uint64_t kOwn = uint64_t{1} << 31;
  static constexpr uint64_t kInUse = uint64_t{1} << 56;
  static constexpr uint64_t kAbandoned = uint64_t{1} << 57;

  static constexpr uint32_t generation_of(uint64_t word) noexcept {
    return static_cast<uint32_t>(word >> 32) & kGenerationMask;
  }
  static constexpr uint32_t missing_of(uint64_t word) noexcept {
    return static_cast<uint32_t>(word >> 16) & kUnknownParts;
  }
  static constexpr uint64_t without_use_when_over(uint64_t word) noexcept {
    if ((word & kAbandoned) != 0) {
      return (word & kOpen) == 0 ? word & ~kAbandoned : word;
    }
    return static_cast<uint32_t>(word) == 0 ? word & ~kInUse : word;
  }

  std::atomic<uint64_t> word_;  // zero-filled by the mapping it lies in
};

}  // namespace stepscope::collector::nccl
