// SPDX-License-Identifier: Apache-2.0
//
// Spool writer: how a recorded process gets events out, crash-only.
//
//   producer threads --push--> rings (mmap'ed file BASE.ring) --drain()--> segments (append-only file BASE.spool)
//
// A record counts as recorded when push() returns: the ring's pages belong to a file, so they survive SIGKILL,
// abort and _exit (not a power loss). Rings never block: a full ring drops the new record and counts it.
// One Spool per process, in static storage. Freestanding: libc only, no libstdc++, no exceptions.
//
// Threads: push/range/intern from any thread, lock-free, no allocation and no syscall on the hot path (a text that
// is new to intern takes the short lock); a Ring belongs to one thread; one thread at a time drains, a second
// drain() returns 0; acquire_ring, declare_lane, meta, log and anchor are cold and take a short lock. Not for signal
// handlers that may interrupt the same functions. After fork the child must call abandon_in_child() before
// anything else, and forget every Ring*.
//
// Bounded: 512 threads at a time, 128 MiB of rings, 131071 strings with 32 MiB of text; the rest is counted as loss
// (names: spool_format.hpp). The file system of DIR should be local; a full disk or a file size limit leaves the data in
// the rings and is counted. Descriptors are high-numbered, CLOEXEC, and found again if the program closes them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "trace/kinds.hpp"

namespace stepscope::trace {

struct Ring;  // one producer thread's ring; what of it is on disk is RingSlot in spool_format.hpp
namespace spool {
struct State;
}

class Spool {
 public:
  // Creates DIR/BASE.ring and DIR/BASE.spool, mode 0600. Returns 0 or an errno; EEXIST when the names are taken,
  // which also happens after exec, since pid and start time stay: choose another BASE. DIR must exist.
  [[nodiscard]] int open(const char* dir, const char* base) noexcept;
  [[nodiscard]] bool is_open() const noexcept;

  // A ring and a lane for the calling thread; nullptr when the budget of rings is used up (counted). `ring_bytes`
  // is rounded up to a power of two of blocks, 64 KiB .. 32 MiB; less when the budget is nearly used up.
  [[nodiscard]] Ring* acquire_ring(uint32_t tid, const char* thread_name, size_t ring_bytes) noexcept;
  // The thread ends: ranges still open are written as kFlagUnfinished, its ring is drained and reused later.
  void release_ring(Ring* ring) noexcept;

  // Appends one event. lane 0 = the ring's own thread; 1 <= count <= kMaxColumns. False when the ring was full
  // (counted by kind) or is null.
  [[gnu::hot]] bool push(Ring* ring, Kind kind, uint32_t lane, const int64_t* values, size_t count,
                         Clock clock = Clock::kMonotonicRaw) noexcept;

  // What waits in the ring for a drain, whoever pushed it. For the ring's thread.
  [[nodiscard, gnu::hot]] static size_t undrained_bytes(const Ring* ring) noexcept;

  // Nested ranges of the ring's thread. A range is one record, written when it closes; open ones live in the
  // mmap'ed slot and are delivered as kFlagUnfinished if the process dies inside them. `source`, domain, category
  // and payload go to the columns of kind range. pop closes the innermost range of `domain` and returns false when
  // there was none (counted). At most 64 deep; deeper ones are counted as loss and stay balanced.
  struct OpenRange {
    int64_t start_ns;
    uint32_t name;
    uint32_t domain;
    uint32_t category;
    uint16_t source;
    uint16_t payload_type;
    int64_t payload;
  };
  [[gnu::hot]] void range_push(Ring* ring, const OpenRange& range) noexcept;
  [[gnu::hot]] bool range_pop(Ring* ring, uint32_t domain, int64_t end_ns) noexcept;

  // Ranges that are started and ended by handle: they may overlap and end on another thread. Open ones live in the
  // mmap'ed file and are delivered as kFlagUnfinished however the process ends; all are on one lane, with
  // kFlagProcessRange. At most kMaxAsyncRanges are open; more are counted as loss and get handle 0, whose end is
  // ignored. Handles are below 2^44 and not 0. end returns false when the range is not open (counted). Lock-free.
  [[nodiscard]] uint64_t async_start(const OpenRange& range) noexcept;
  bool async_end(Ring* ring, uint64_t handle, int64_t end_ns) noexcept;

  // String id by content, lock-free; text longer than 4 KiB is cut. 0 for an empty string; a reserved id
  // ("(string table full)") when the arena is full (counted).
  [[nodiscard]] uint32_t intern(const char* text, size_t length) noexcept;
  [[nodiscard]] uint32_t declare_lane(const char* type, const char* name, uint32_t tid) noexcept;
  // The lane of a thread, whether or not it has a ring yet, for events about it that another thread writes. A thread
  // without a lane gets one, which its ring takes over; `name` is used then. 0 for number 0, which is no thread. Cold.
  [[nodiscard]] uint32_t thread_lane(uint32_t tid, const char* name) noexcept;
  void meta(const char* key, const char* value) noexcept;
  void log(int64_t time_ns, const char* text) noexcept;
  void anchor() noexcept;  // reads all clocks, best of several tries
  // From now on anchors read this clock too: the one of events pushed with Clock::kCupti. nullptr: no longer.
  void set_cupti_clock(int64_t (*now_ns)() noexcept) noexcept;
  void loss(const char* counter, uint64_t n) noexcept;

  // Moves everything published in the rings into segments on disk. Returns the number of events moved.
  size_t drain() noexcept;
  // Drains and writes the clean-end footer. push() afterwards still works (rings only). The files stay open and
  // locked until the process ends: that is how readers know whether it lives.
  void close() noexcept;
  // In a forked child: forgets rings and files without touching shared pages; is_open() is false afterwards, and
  // open() with another BASE works. `in_use`: a signal handler forked in the middle of one of our functions, which the
  // child will return into; what it uses then stays mapped, as the child's own copy.
  void abandon_in_child(bool in_use = false) noexcept;

 private:
  [[nodiscard]] spool::State* opened() const noexcept;

  void* state_ = nullptr;  // private mapping made by open(); see spool_state.hpp
};

}  // namespace stepscope::trace
