// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/buffer_pool.hpp"

#include <string.h>
#include <sys/mman.h>

namespace stepscope::collector::cupti {
namespace {

static_assert(BufferPool::kBuffers % 64 == 0);
static_assert(BufferPool::kSpares < 64);

// A free bit of `word` is taken; -1 when there is none below `bits`.
int take_bit(uint64_t& word, unsigned bits) noexcept {
  const uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  uint64_t seen = __atomic_load_n(&word, __ATOMIC_RELAXED);
  for (;;) {
    const uint64_t free_bits = ~seen & mask;
    if (free_bits == 0) {
      return -1;
    }
    const int bit = __builtin_ctzll(free_bits);
    if (__atomic_compare_exchange_n(&word, &seen, seen | uint64_t{1} << bit, true, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED)) {
      return bit;
    }
  }
}

void clear_bit(uint64_t& word, size_t bit) noexcept {
  __atomic_fetch_and(&word, ~(uint64_t{1} << bit), __ATOMIC_RELEASE);
}

}  // namespace

bool BufferPool::open(size_t buffer_bytes) noexcept {
  buffer_bytes = (buffer_bytes + kAlignment - 1) / kAlignment * kAlignment;
  const size_t bytes = buffer_bytes * (kBuffers + kSpares + 1);
  void* memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return false;
  }
  buffer_bytes_ = buffer_bytes;
  memory_ = static_cast<uint8_t*>(memory);
  return true;
}

uint8_t* BufferPool::request(size_t& bytes) noexcept {
  bytes = buffer_bytes_;
  for (size_t word = 0; word < kWords; ++word) {
    if (const int bit = take_bit(used_[word], 64); bit >= 0) {
      return at(word * 64 + static_cast<size_t>(bit));
    }
  }
  if (const int spare = take_bit(used_spares_, kSpares); spare >= 0) {
    return at(kBuffers + static_cast<size_t>(spare));
  }
  __atomic_fetch_add(&last_uses_, 1, __ATOMIC_RELAXED);
  return at(kBuffers + kSpares);
}

size_t BufferPool::index_of(const uint8_t* buffer) const noexcept {
  if (memory_ == nullptr || buffer < memory_ ||
      buffer >= memory_ + (kBuffers + kSpares + 1) * buffer_bytes_) {
    return kNone;
  }
  return static_cast<size_t>(buffer - memory_) / buffer_bytes_;
}

BufferPool::Owner BufferPool::complete(uint8_t* buffer, size_t valid) noexcept {
  const size_t index = index_of(buffer);
  if (index == kNone) {
    return Owner::kStranger;
  }
  if (index >= kBuffers) {
    return index < kBuffers + kSpares ? Owner::kSpare : Owner::kLast;
  }
  valid_[index] = valid < buffer_bytes_ ? valid : buffer_bytes_;
  __atomic_fetch_or(&completed_[index / 64], uint64_t{1} << (index % 64), __ATOMIC_RELEASE);
  return Owner::kPool;
}

void BufferPool::give_back_spare(uint8_t* buffer, size_t valid) noexcept {
  memset(buffer, 0, valid < buffer_bytes_ ? valid : buffer_bytes_);
  clear_bit(used_spares_, index_of(buffer) - kBuffers);
}

uint8_t* BufferPool::take(size_t& valid) noexcept {
  for (size_t word = 0; word < kWords; ++word) {
    const uint64_t waiting = __atomic_load_n(&completed_[word], __ATOMIC_ACQUIRE);
    if (waiting != 0) {
      const auto bit = static_cast<size_t>(__builtin_ctzll(waiting));
      clear_bit(completed_[word], bit);
      valid = valid_[word * 64 + bit];
      return at(word * 64 + bit);
    }
  }
  return nullptr;
}

void BufferPool::give_back(uint8_t* buffer, size_t valid) noexcept {
  const size_t index = index_of(buffer);
  memset(buffer, 0, valid);
  clear_bit(used_[index / 64], index % 64);
}

size_t BufferPool::in_use() const noexcept {
  size_t count = 0;
  for (const uint64_t& word : used_) {
    for (uint64_t bits = __atomic_load_n(&word, __ATOMIC_RELAXED); bits != 0; bits &= bits - 1) {
      ++count;
    }
  }
  return count;
}

}  // namespace stepscope::collector::cupti
