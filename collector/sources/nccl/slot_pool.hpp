// SPDX-License-Identifier: Apache-2.0
//
// A fixed number of slots, taken and given back without lock, allocation or system call from any thread.
//
// The slot given back last is taken first, so that memory is touched only as far as slots were in use at once. Lies in
// zero-filled memory; needs no construction. Slot has a member `std::atomic<uint32_t> next`, which is the pool's.
#pragma once

#include <stdint.h>

#include <atomic>

namespace stepscope::collector::nccl {

inline constexpr uint32_t kNoSlot = UINT32_MAX;

template <typename Slot, uint32_t kCapacity>
class SlotPool {
 public:
  // The index of a slot, or kNoSlot when all are in use.
  uint32_t take() noexcept {
    uint64_t head = free_.load(std::memory_order_acquire);
    while (static_cast<uint32_t>(head) != 0) {
      const uint32_t index = static_cast<uint32_t>(head) - 1;
      // The upper half counts the changes of the list, so that a head which came back is not taken for the old one.
      const uint64_t next = ((head >> 32) + 1) << 32 | slots_[index].next.load(std::memory_order_relaxed);
      if (free_.compare_exchange_weak(head, next, std::memory_order_acq_rel, std::memory_order_acquire)) {
        return index;
      }
    }
    uint32_t fresh = touched_.load(std::memory_order_relaxed);
    while (fresh < kCapacity) {
      if (touched_.compare_exchange_weak(fresh, fresh + 1, std::memory_order_acq_rel)) {
        return fresh;
      }
    }
    return kNoSlot;
  }

  void give(uint32_t index) noexcept {
    uint64_t head = free_.load(std::memory_order_relaxed);
    uint64_t next = 0;
    do {
      slots_[index].next.store(static_cast<uint32_t>(head), std::memory_order_relaxed);
      next = ((head >> 32) + 1) << 32 | (index + 1);
    } while (!free_.compare_exchange_weak(head, next, std::memory_order_acq_rel, std::memory_order_relaxed));
  }

  // nullptr for an index that was never taken.
  [[nodiscard]] Slot* at(uint32_t index) noexcept { return index < touched() ? &slots_[index] : nullptr; }
  // Slots with a greater index were never in use.
  [[nodiscard]] uint32_t touched() const noexcept { return touched_.load(std::memory_order_acquire); }

 private:
  std::atomic<uint64_t> free_;  // changes << 32 | index + 1
  std::atomic<uint32_t> touched_;
  Slot slots_[kCapacity];
};

}  // namespace stepscope::collector::nccl
