// SPDX-License-Identifier: Apache-2.0
#include "collector/thread_state.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "collector/clock.hpp"
#include "collector/drain_thread.hpp"
#include "collector/process_state.hpp"

// Thread destructors without pthread keys: in libc itself since 2.18, where pthread_key_create is in libpthread.
extern "C" int __cxa_thread_atexit_impl(void (*destructor)(void*), void* object, void* dso);
extern "C" __attribute__((visibility("hidden"))) void* __dso_handle;

namespace stepscope::collector {
namespace {

// The main thread has the long bursts (import, first step); others are many and mostly quiet.
constexpr size_t kMainRingBytes = size_t{1} << 21;
constexpr size_t kThreadRingBytes = size_t{1} << 18;
constexpr size_t kLightRingBytes = size_t{1} << 18;
constexpr size_t kLightDrainBytes = kLightRingBytes / 4 * 3;
// After a drain that could not be: try again when this much more waits. A full ring is left to the drain of each second.
constexpr size_t kLightRetryBytes = kLightRingBytes / 64;

__thread ThreadState t_state;
constinit std::atomic<uint64_t> g_refused{0};

void on_thread_exit(void*) noexcept {
  ThreadState& thread = t_state;
  thread.exited = true;
  if (thread.ring != nullptr && is_recording() && thread.generation == generation()) {
    spool().release_ring(thread.ring);
  }
  thread.ring = nullptr;
  thread.schedstat.close();
  thread.io.close();
}

bool attach(ThreadState& thread) noexcept {
  if (thread.exited) {
    spool().loss("event after its thread ended", 1);
    return false;
  }
  thread.tid = static_cast<uint32_t>(syscall(SYS_gettid));
  bool is_main = thread.tid == static_cast<uint32_t>(getpid());
  char name[16] = "";
  prctl(PR_GET_NAME, name);
  size_t bytes = light_mode() ? kLightRingBytes : is_main ? kMainRingBytes : kThreadRingBytes;
  thread.ring = spool().acquire_ring(thread.tid, name, bytes);
  thread.generation = generation();
  thread.drain_at = kLightDrainBytes;
  thread.doors = door_bit(Door::kOwn);
  thread.api_depth = 0;
  thread.nvtx_depth = 0;
  thread.message_count = 0;
  // The main thread's destructors run before atexit handlers, which may still have events.
  if (thread.ring != nullptr && !is_main && !thread.has_destructor) {
    thread.has_destructor = __cxa_thread_atexit_impl(on_thread_exit, nullptr, &__dso_handle) == 0;
  }
  return thread.ring != nullptr;
}

}  // namespace

ThreadState& thread_state() noexcept {
  return t_state;
}

uint32_t intern_cached(const char* text, size_t length) noexcept {
  if (length == 0 || length > sizeof(NameCacheEntry::text)) {
    return spool().intern(text, length);
  }
  ThreadState& thread = t_state;
  auto address = reinterpret_cast<uintptr_t>(text);
  NameCacheEntry& entry = thread.names[(address ^ (address >> 5)) % kNameCacheSize];
  bool valid = thread.names_generation == generation();
  if (valid && entry.address == text && entry.length == length && memcmp(entry.text, text, length) == 0) {
    return entry.id;
  }
  if (!valid) {
    memset(thread.names, 0, sizeof(thread.names));
    thread.names_generation = generation();
  }
  entry.address = text;
  entry.length = static_cast<uint32_t>(length);
  memcpy(entry.text, text, length);
  entry.id = spool().intern(text, length);
  return entry.id;
}

void report_refused_events() noexcept {
  uint64_t refused = g_refused.exchange(0, std::memory_order_relaxed);
  if (refused != 0) {
    spool().loss("event inside the collector", refused);
  }
}

void reopen_thread_at_exit() noexcept {
  t_state.exited = false;
}

void reset_thread_after_fork() noexcept {
  ThreadState& thread = t_state;
  thread.ring = nullptr;
  // `busy` stays: a signal handler that forked inside one of our functions returns into it, and that clears it.
  thread.exited = false;
  thread.api_depth = 0;
  thread.message_count = 0;
  thread.schedstat.forget();
  thread.io.forget();
  thread.usage_files_opened = false;
  thread.fetch = {};
  thread.fetch_task = {};
  thread.loading = {};
}

ReentryGuard::ReentryGuard() noexcept {
  ThreadState& thread = t_state;
  if (!thread.busy) {
    thread.busy = true;
    thread_ = &thread;
    __asm__ volatile(
        "" ::
            : "memory");  // a signal handler on this thread must see `busy` before anything changes
  }
}

ReentryGuard::~ReentryGuard() {
  if (thread_ != nullptr) {
    __asm__ volatile("" ::: "memory");
    thread_->busy = false;
  }
}

EventScope::EventScope(Door door) noexcept {
  if (!is_recording() && (door == Door::kOwn || !open_door(door, Role::kMain, door == Door::kNvtx))) {
    return;
  }
  ThreadState& thread = t_state;
  if (thread.busy) {
    g_refused.fetch_add(1, std::memory_order_relaxed);  // maybe in a signal handler: no lock, so not loss()
    return;
  }
  thread.busy = true;
  __asm__ volatile(
      "" ::
          : "memory");  // a signal handler on this thread must see `busy` before the ring changes
  if ((thread.ring == nullptr || thread.generation != generation()) && !attach(thread)) {
    thread.busy = false;
    return;
  }
  if ((thread.doors & door_bit(door)) == 0) {
    thread.doors |= door_bit(door);
    open_door(door, Role::kMain, false);
  }
  thread_ = &thread;
}

EventScope::~EventScope() {
  if (thread_ != nullptr) {
    __asm__ volatile("" ::: "memory");
    thread_->busy = false;
  }
}

void EventScope::push(trace::Kind kind, uint32_t lane, const int64_t* values, size_t count) noexcept {
  spool().push(thread_->ring, kind, lane, values, count);
  note_written();
}

void EventScope::range_push(const trace::Spool::OpenRange& range) noexcept {
  spool().range_push(thread_->ring, range);
}

bool EventScope::range_pop(uint32_t domain) noexcept {
  bool popped = spool().range_pop(thread_->ring, domain, now_ns());
  note_written();
  return popped;
}

void EventScope::note_written() noexcept {
  if (!light_mode()) {
    return;
  }
  size_t waiting = trace::Spool::undrained_bytes(thread_->ring);
  if (waiting >= thread_->drain_at) {
    bool drained = drain_now() && trace::Spool::undrained_bytes(thread_->ring) < kLightDrainBytes;
    thread_->drain_at = drained ? kLightDrainBytes : waiting + kLightRetryBytes;
  }
  sample_host_if_due(thread_->ring);
}

}  // namespace stepscope::collector
