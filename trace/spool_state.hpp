// SPDX-License-Identifier: Apache-2.0
//
// Inside of the spool writer: what Spool::state_ points at, and the parts it is made of. Not for other rooms.
//
// One private anonymous mapping per open spool; pages that are not used are never touched. Freestanding.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "trace/segment.hpp"
#include "trace/spool_batch.hpp"
#include "trace/spool_format.hpp"

namespace stepscope::trace {

// A thread's own view of its slot. What the thread needs again it keeps here: the shared page is only written.
struct Ring {
  int64_t* words;
  uint64_t mask;
  uint64_t head;
  uint64_t limit;  // head may grow to here before the slot's tail is read again
  spool::RingSlot* slot;
  uint32_t lane;
  uint32_t depth;
  uint32_t too_deep;  // open ranges that found no entry; they are on top of the others
  uint64_t closed;    // as in the slot
};

namespace spool {

// Memory that another thread or a reader after our death looks at.
template <typename T>
inline T load_acquire(const T& from) noexcept {
  return __atomic_load_n(&from, __ATOMIC_ACQUIRE);
}
template <typename T>
inline T load_relaxed(const T& from) noexcept {
  return __atomic_load_n(&from, __ATOMIC_RELAXED);
}
template <typename T>
inline void store_release(T& to, T value) noexcept {
  __atomic_store_n(&to, value, __ATOMIC_RELEASE);
}
template <typename T>
inline void store_relaxed(T& to, T value) noexcept {
  __atomic_store_n(&to, value, __ATOMIC_RELAXED);
}
// A counter with one writer.
inline void count_one(uint64_t& counter) noexcept {
  store_relaxed(counter, load_relaxed(counter) + 1);
}

// A lock for what is rare: it yields, then sleeps, so a holder that was preempted can go on.
class ColdLock {
 public:
  void lock() noexcept;
  [[nodiscard]] bool try_lock() noexcept { return __atomic_exchange_n(&held_, 1U, __ATOMIC_ACQUIRE) == 0; }
  void unlock() noexcept { store_release(held_, 0U); }

 private:
  uint32_t held_;  // zero-filled by the mapping it lies in
};

class ColdGuard {
 public:
  explicit ColdGuard(ColdLock& lock) noexcept : lock_(lock) { lock_.lock(); }
  ~ColdGuard() { lock_.unlock(); }
  ColdGuard(const ColdGuard&) = delete;
  ColdGuard& operator=(const ColdGuard&) = delete;

 private:
  ColdLock& lock_;
};

inline constexpr size_t kMaxPath = 4096;

// A file we keep open in a program that may close any descriptor, so it is known by identity, not by number.
struct OwnedFile {
  int fd;
  uint64_t device;
  uint64_t inode;
  char path[kMaxPath];
};

struct ThreadLane {
  uint32_t tid;
  uint32_t lane;
};
inline constexpr size_t kMaxRinglessThreads = 512;

inline constexpr size_t kHashSlots = 2 * kMaxStrings;
inline constexpr size_t kScratchBytes = 192 * 1024;
inline constexpr size_t kFrameBufferBytes = kJournalBytes + kBlockBytes;

struct State {
  OwnedFile ring_file;
  OwnedFile spool_file;
  uint8_t* base;           // BASE.ring, mapped over kMaxRingFileBytes; valid below `allocated`
  RingFileHeader* header;  // == base
  uint64_t allocated;
  ColdLock lock;  // allocation, slots, journal, new strings, new loss counters

  // strings
  uint64_t text_at;
  uint64_t text_end;
  uint64_t text_bytes;  // of all text blocks
  uint32_t strings_full;
  uint32_t next_serial;
  uint32_t next_lane;
  uint64_t ring_bytes;

  // Lanes of threads that have no ring (yet); tid 0 = free. The oldest makes room.
  ThreadLane ringless[kMaxRinglessThreads];
  uint32_t next_ringless;

  AsyncRangeEntry* async;  // kMaxAsyncRanges, in BASE.ring; nullptr until the first start
  uint32_t async_next;     // where the search for a free entry begins

  int64_t (*cupti_now_ns)() noexcept;  // nullptr: anchors do without

  uint64_t hash[kHashSlots];  // upper half of the hash << 32 | id

  // drain
  ColdLock drain_lock;
  uint64_t spool_bytes;  // of whole frames
  Batch batch;
  alignas(8) uint8_t scratch[kScratchBytes];
  uint8_t frame[kFrameBufferBytes];

  Ring rings[kMaxSlots];
};

template <typename T>
inline T* at_offset(State& state, uint64_t offset) noexcept {
  return reinterpret_cast<T*>(state.base + offset);
}

// spool_file.cpp
int create_files(State& state, const char* dir,
                 const char* base) noexcept;  // 0 or errno; leaves nothing on error
void close_files(State& state) noexcept;
// Closes the files; BASE.ring stays mapped, but what is written to it from now on stays in this process.
void keep_private(State& state) noexcept;
// New zero-filled blocks at the end of BASE.ring; their offset, or 0. Under state.lock.
[[nodiscard]] uint64_t allocate(State& state, uint64_t size) noexcept;
// Appends to BASE.spool as a whole or not at all.
[[nodiscard]] bool append(State& state, const uint8_t* data, size_t size) noexcept;

// spool_journal.cpp; under state.lock
struct Part {
  const void* data;
  size_t bytes;
};
bool journal_append(State& state, JournalType type, const Part* parts, size_t count) noexcept;
[[nodiscard]] uint32_t journal_lane(State& state, const char* type, const char* name, uint32_t tid) noexcept;
// For a new ring: the lane that was declared for its thread before, else a new one.
[[nodiscard]] uint32_t claim_thread_lane(State& state, const char* name, uint32_t tid) noexcept;

// spool_strings.cpp
void add_loss(State& state, const char* counter,
              uint64_t n) noexcept;  // takes state.lock when the name is new
void add_loss_locked(State& state, const char* counter, uint64_t n) noexcept;  // under state.lock
[[nodiscard]] bool prepare_strings(State& state) noexcept;                     // at open

}  // namespace spool
}  // namespace stepscope::trace
