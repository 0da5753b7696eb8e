// SPDX-License-Identifier: Apache-2.0
//
// What the collector keeps per thread: its ring, a guard against re-entrance and what thread_usage() and the fetch meter remember.
//
// EventScope is the way into a ring. Its hot path is a flag test, a thread-local read and two stores: no lock, no
// allocation, no system call. The first event of a thread acquires the ring.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "collector/doors.hpp"
#include "collector/sources/host/fetch_meter.hpp"
#include "collector/sources/python/task_count.hpp"
#include "collector/system_file.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector {

inline constexpr int kMaxApiDepth = 64;
inline constexpr int kMaxMessageDepth = 4;

// Remembers the string ids of texts by their address, for programs that push the same literals again and again. The
// text is compared too: an address may hold another text later.
struct NameCacheEntry {
  const char* address;
  uint32_t id;
  uint32_t length;
  char text[48];
};
inline constexpr size_t kNameCacheSize = 32;

// A range that means something at its end (NCCL's NVTX): its payload tells of a message between ranks, which is written as a
// collective, or it is a call that brings a communicator up (setup_calls.hpp).
struct PendingMessage {
  const void* domain;
  int64_t start_ns;
  uint32_t name;
  int64_t communicator;
  int64_t bytes;
  int64_t peer;
  int nested;           // ranges of its domain opened since and still open
  uint32_t setup_call;  // number of the call; 0 = a message
};

// What the thread is in the middle of when it loads data.
struct DataLoading {
  bool makes_batches = false;  // a worker, or a next() without workers: its fetches are measured
  int fetch_depth = 0;         // fetches under way: more than one where a dataset uses a data loader
  bool in_next = false;        // of a DataLoader's iterator
  void* iterator = nullptr;    // that iterator, and its python::LoaderState
  void* loader = nullptr;
  int64_t nexts = 0;           // such calls so far
  int64_t pin_taken_ns = 0;    // the pinning thread's: when it took its latest batch
  int64_t batches_made = 0;    // by this thread
  int64_t silent_batches = 0;  // made and asked in a row that did not say how many tokens they have
};

struct ThreadState {
  // What every event and every batch touches: first, and close together.
  trace::Ring* ring = nullptr;
  uint32_t generation = 0;  // of the recording the ring belongs to
  uint32_t tid = 0;
  bool busy = false;    // inside the collector: an event from a signal handler or a hook of ours is refused
  uint32_t doors = 0;   // seen by this thread since its ring was acquired
  bool exited = false;  // the thread's ring was given back
  bool has_destructor = false;
  size_t drain_at = 0;  // light mode: bytes waiting in the ring at which this thread drains
  DataLoading loading;
  FetchTask fetch_task;
  python::WorkerQueue worker_queue;
  FetchMeter fetch;   // of the data loader's batches that the thread makes
  int api_depth = 0;  // ranges open through the C API, and their domains
  uint32_t api_domains[kMaxApiDepth] = {};
  int nvtx_depth = 0;  // ranges open through NVTX
  int message_count = 0;
  PendingMessage messages[kMaxMessageDepth] = {};
  uint32_t names_generation = 0;
  NameCacheEntry names[kNameCacheSize] = {};
  KeptFile schedstat;
  KeptFile io;
  bool usage_files_opened = false;
};

// The calling thread's state. Global-dynamic: a dlopened library must not use up static TLS.
[[nodiscard, gnu::hot]] ThreadState& thread_state() noexcept;
// The string id of a text, from the thread's cache when it is there. Hot; within an EventScope or ReentryGuard.
[[nodiscard]] uint32_t intern_cached(const char* text, size_t length) noexcept;

// exit() ends the calling thread's thread-local objects, its ring among them, before it calls exit handlers. In one of those:
// the thread gets a ring again, as it still has events.
void reopen_thread_at_exit() noexcept;

// In a forked child, for the one thread it has.
void reset_thread_after_fork() noexcept;

// Marks the calling thread as inside the collector, for calls that write no event but may take the spool's short lock.
// False in a signal handler that interrupted one of our functions: going on could wait for the very thread it runs on.
class ReentryGuard {
 public:
  ReentryGuard() noexcept;
  ~ReentryGuard();
  ReentryGuard(const ReentryGuard&) = delete;
  ReentryGuard& operator=(const ReentryGuard&) = delete;

  explicit operator bool() const noexcept { return thread_ != nullptr; }

 private:
  ThreadState* thread_ = nullptr;
};

// Counts the events refused by the guard as loss. Not from a signal handler.
void report_refused_events() noexcept;

class EventScope {
 public:
  // Opens the door when the process is not recorded yet; Door::kOwn opens nothing. Evaluates to false when there is nothing to write to.
  [[gnu::hot]] explicit EventScope(Door door) noexcept;
  [[gnu::hot]] ~EventScope();
  EventScope(const EventScope&) = delete;
  EventScope& operator=(const EventScope&) = delete;

  explicit operator bool() const noexcept { return thread_ != nullptr; }
  [[nodiscard]] ThreadState& thread() const noexcept { return *thread_; }

  [[gnu::hot]] void push(trace::Kind kind, uint32_t lane, const int64_t* values, size_t count) noexcept;
  [[gnu::hot]] void range_push(const trace::Spool::OpenRange& range) noexcept;
  [[gnu::hot]] bool range_pop(uint32_t domain) noexcept;

 private:
  [[gnu::hot]] void note_written() noexcept;

  ThreadState* thread_ = nullptr;
};

}  // namespace stepscope::collector
