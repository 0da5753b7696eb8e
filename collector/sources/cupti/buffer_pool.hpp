// SPDX-License-Identifier: Apache-2.0
//
// The buffers that CUPTI writes its records into.
//
// A fixed number of buffers in one mapping, zero when they are handed out (CUPTI would else clear each one on the program's
// thread). request() and complete() run on the program's threads and CUPTI's own: an atomic bit each, no lock, no
// allocation, no system call. take() and give_back() are the drain thread's.
//
// When all are in use (a burst, or more threads than buffers: since 13.0 each thread that calls CUDA holds one) spare
// buffers are handed out, whose records are only counted, when they come back. A null buffer would crash CUPTI before
// 12.9, so when the spares are gone too, all further requests share one last buffer that is never read.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::collector::cupti {

class BufferPool {
 public:
  static constexpr size_t kBuffers = 128;
  static constexpr size_t kSpares = 32;
  static constexpr size_t kAlignment = 4096;

  // Reserves address space for all; pages come as they are written. False when there is none. Once.
  bool open(size_t buffer_bytes) noexcept;
  [[nodiscard]] bool is_open() const noexcept { return memory_ != nullptr; }

  // Never null.
  uint8_t* request(size_t& bytes) noexcept;

  enum class Owner : uint8_t { kPool, kSpare, kLast, kStranger };
  // A buffer came back with `valid` bytes of records. kPool: it waits for take(). kSpare: the caller counts its records,
  // then calls give_back_spare(). kLast, kStranger: nothing in it can be read.
  Owner complete(uint8_t* buffer, size_t valid) noexcept;
  void give_back_spare(uint8_t* buffer, size_t valid) noexcept;

  // A completed buffer and its valid bytes; nullptr when none waits.
  uint8_t* take(size_t& valid) noexcept;
  // Clears what was used and makes the buffer free again.
  void give_back(uint8_t* buffer, size_t valid) noexcept;

  [[nodiscard]] size_t in_use() const noexcept;
  [[nodiscard]] uint64_t last_resort_uses() const noexcept {
    return __atomic_load_n(&last_uses_, __ATOMIC_RELAXED);
  }
  [[nodiscard]] size_t buffer_bytes() const noexcept { return buffer_bytes_; }

 private:
  static constexpr size_t kWords = kBuffers / 64;
  static constexpr size_t kNone = SIZE_MAX;

  [[nodiscard]] uint8_t* at(size_t index) const noexcept { return memory_ + index * buffer_bytes_; }
  // Index of a buffer of ours (spares follow the others), kNone for any other address.
  [[nodiscard]] size_t index_of(const uint8_t* buffer) const noexcept;

  uint8_t* memory_ = nullptr;
  size_t buffer_bytes_ = 0;
  uint64_t used_[kWords] = {};       // bit set: not free
  uint64_t completed_[kWords] = {};  // bit set: waits for take()
  uint64_t used_spares_ = 0;
  size_t valid_[kBuffers] = {};
  uint64_t last_uses_ = 0;
};

}  // namespace stepscope::collector::cupti
