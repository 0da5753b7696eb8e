// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: the tool's buffers. What it enforces: a buffer is aligned, large enough, zero
// when the tool said so, and left alone until it comes back; before 12.9 no buffer at all is a crash.
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <thread>

#include "tests/fakes/cuda/clock.hpp"
#include "tests/fakes/cuda/cupti_state.hpp"
#include "tests/fakes/cuda/violations.hpp"

namespace fakecuda {

thread_local Inside t_inside = Inside::kNothing;

namespace {

bool all_zero(const uint8_t* bytes, size_t size) {
  return size == 0 || (bytes[0] == 0 && std::memcmp(bytes, bytes + 1, size - 1) == 0);
}

// Whether CUPTI has this memory, or part of it, already.
bool is_held(const uint8_t* buffer, size_t size) {
  const auto& held = cupti().held;
  return std::any_of(held.begin(), held.end(), [&](const auto& other) {
    return other.first < buffer + size && buffer < other.first + other.second;
  });
}

void request_buffer(Owner& owner) {
  Cupti& state = cupti();
  uint8_t* buffer = nullptr;
  size_t size = 0;
  size_t max_records = 0;
  Inside before = t_inside;
  t_inside = Inside::kBufferRequested;
  state.requested(&buffer, &size, &max_records);
  t_inside = before;
  ++state.counters.requested;
  if (buffer == nullptr || size == 0) {
    ++state.counters.refused;
    if (!g_version.null_buffer_allowed) {
      fatal_violation("bufferRequested returned no buffer: CUPTI before 12.9 crashes", g_version.name);
    }
    return;
  }
  if (reinterpret_cast<uintptr_t>(buffer) % kRecordAlignment != 0) {
    violation("bufferRequested returned a buffer that is not 8-byte aligned");
  }
  if (size < 1024) {
    violation("bufferRequested returned a buffer of less than 1 KiB");
  }
  // One last buffer for whoever finds no other, given out any number of times and never read, is a known way out.
  bool shared = is_held(buffer, size);
  if (shared) {
    ++state.counters.given_twice;
  } else if (!state.zeroed_buffers) {
    std::memset(buffer, 0, size);
  } else if (options().check_zeroed && !all_zero(buffer, size)) {
    violation(
        "bufferRequested returned a buffer with old contents although ZEROED_OUT_ACTIVITY_BUFFER is set");
    std::memset(buffer, 0, size);
  }
  state.held.emplace(buffer, size);
  owner = {buffer, size, 0, 0, 0, max_records, shared, nullptr, {}};
  ++state.counters.outstanding;
}

bool is_shared(const Owner& owner) {
  return owner.shared || cupti().held.count(owner.buffer) > 1;
}

// The last record's fields are all there: into the buffer with those that the tool chose.
void pack_last(Owner& owner) {
  if (owner.unpacked != nullptr) {
    uint32_t kind = 0;
    std::memcpy(&kind, owner.classic.data(), sizeof(kind));
    cupti().user.pack(kind, owner.classic.data(), owner.unpacked);
    owner.unpacked = nullptr;
  }
}

// The buffer is as full as it gets: it waits to be delivered.
void complete(Owner& owner) {
  pack_last(owner);
  if (options().check_zeroed && !is_shared(owner) &&
      !all_zero(owner.buffer + owner.used, owner.capacity - owner.used)) {
    violation("the tool wrote into a buffer that CUPTI holds");
  }
  size_t valid = owner.used;
  if (options().truncate && owner.records > 1) {
    valid = owner.last + (owner.used - owner.last) / 2;
    std::memset(owner.buffer + valid, 0, owner.used - valid);  // the record was never finished
    ++cupti().counters.truncated;
  }
  if (options().spoil) {
    const uint32_t no_kind = kKindCount;
    std::memcpy(owner.buffer + owner.last, &no_kind, sizeof(no_kind));
    ++cupti().counters.spoiled;
  }
  cupti().filled.push_back({owner.buffer, owner.capacity, valid});
  owner = {};
  cupti().filled_changed.notify_all();
}

// Takes one buffer off the list and gives it back to the tool, outside the lock.
void deliver_one(std::unique_lock<std::recursive_mutex>& guard) {
  Cupti& state = cupti();
  size_t index = options().shuffle ? state.sequence++ * 7919 % state.filled.size() : 0;
  Filled filled = state.filled[index];
  state.filled.erase(state.filled.begin() + static_cast<ptrdiff_t>(index));
  state.held.erase(state.held.find(filled.buffer));
  --state.counters.outstanding;
  BufferCompleted completed = state.completed;
  ++state.delivering;
  guard.unlock();
  t_inside = Inside::kBufferCompleted;
  completed(nullptr, 0, filled.buffer, filled.capacity, filled.valid);
  t_inside = Inside::kNothing;
  ++state.counters.completed;
  guard.lock();
  --state.delivering;
  state.filled_changed.notify_all();
}

// CUPTI's own thread: brings full buffers back, and flushes full ones when a period is set.
void work(Cupti& state) {
  pthread_setname_np(pthread_self(), "cupti-worker");
  InSession inside(state);
  std::unique_lock<std::recursive_mutex> guard(state.lock);
  for (;;) {
    uint32_t period = state.flush_period_ms.load();
    bool due = !state.filled_changed.wait_for(guard, std::chrono::milliseconds(period == 0 ? 1000 : period),
                                              [&] { return !state.filled.empty() && !options().hold_back; });
    if (due && period == 0) {
      continue;
    }
    for (size_t before = 0; options().late && before != state.filled.size();) {  // until no more follow
      constexpr auto kLate = std::chrono::milliseconds(50);
      before = state.filled.size();
      guard.unlock();
      std::this_thread::sleep_for(kLate);
      guard.lock();
    }
    while (!state.filled.empty()) {
      deliver_one(guard);
    }
  }
}

}  // namespace

Owner& owner_of_this_thread() {
  static thread_local std::array<Owner*, kSessions> t_own = {};
  static std::array<Owner*, kSessions> shared = {};
  Cupti& state = cupti();
  Owner*& owner = g_version.buffers_per_thread ? t_own[state.index] : shared[state.index];
  if (owner == nullptr) {
    owner = new Owner;  // kept when the thread ends: its records are still to be flushed
    state.owners.push_back(owner);
  }
  return *owner;
}

uint8_t* new_record(Owner& owner, uint32_t kind, size_t size) {
  Cupti& state = cupti();
  if (state.requested == nullptr || state.fatal.load(std::memory_order_relaxed)) {
    return nullptr;
  }
  pack_last(owner);
  const bool chosen = state.user.is_on();
  size = chosen ? state.user.record_bytes(kind) : size;
  uint64_t number = state.counters.written + state.counters.dropped + 1;
  bool drop = options().drop_every != 0 && number % options().drop_every == 0;
  if (owner.buffer != nullptr && (owner.used + size > owner.capacity ||
                                  (owner.max_records != 0 && owner.records >= owner.max_records))) {
    complete(owner);
  }
  if (!drop && owner.buffer == nullptr) {
    request_buffer(owner);
  }
  if (drop || owner.buffer == nullptr) {
    ++state.counters.dropped;
    ++state.undelivered_drops;
    return nullptr;
  }
  uint8_t* record = owner.buffer + owner.used;
  owner.last = owner.used;
  owner.used += size;
  ++owner.records;
  ++state.counters.written;
  state.counters.bytes += size;
  if (options().fatal_after != 0 && state.counters.written >= options().fatal_after) {
    state.fatal.store(true);
  }
  if (chosen) {
    owner.unpacked = record;
    owner.classic = {};
    record = owner.classic.data();
  }
  std::memcpy(record, &kind, sizeof(kind));
  return record;
}

size_t delivered_bytes(uint32_t kind) {
  return cupti().user.is_on() ? cupti().user.record_bytes(kind) : record_size(kind);
}

void collect(bool forced) {
  Cupti& state = cupti();
  uint64_t now = now_ns();
  auto finished_end = std::stable_partition(state.pending.begin(), state.pending.end(),
                                            [&](const Pending& p) { return p.execution.end_ns <= now; });
  // The GPU reports what ends, in the order in which it ends.
  std::stable_sort(state.pending.begin(), finished_end, [](const Pending& a, const Pending& b) {
    return a.execution.end_ns < b.execution.end_ns;
  });
  if (options().shuffle) {
    for (auto it = state.pending.begin(); it < finished_end; ++it) {
      std::iter_swap(it, state.pending.begin() +
                             static_cast<ptrdiff_t>(state.sequence++ * 7919 %
                                                    static_cast<uint64_t>(it - state.pending.begin() + 1)));
    }
  }
  auto last = forced ? state.pending.end() : finished_end;
  for (auto it = state.pending.begin(); it != last; ++it) {
    bool complete_record = it < finished_end;
    state.counters.incomplete += complete_record ? 0 : 1;
    if (it->is_graph) {
      write_graph(*it->owner, it->execution, complete_record);
    } else {
      write_execution(*it->owner, it->execution, complete_record);
    }
  }
  state.pending.erase(state.pending.begin(), last);
}

void flush(bool forced) {
  Cupti& state = cupti();
  std::unique_lock<std::recursive_mutex> guard(state.lock);
  ++(forced ? state.counters.forced_flushes : state.counters.flushes);
  uint64_t start = now_ns();
  collect(forced);
  bool any = !state.filled.empty();
  for (Owner* owner : state.owners) {
    if (owner->buffer != nullptr && owner->records > 0) {
      complete(*owner);
      any = true;
    }
  }
  while (!state.filled.empty() && !options().late) {
    deliver_one(guard);
  }
  state.filled_changed.wait(guard, [&] { return state.delivering == 0; });
  if (forced) {
    state.user.flushed();
  }
  if (any && !forced) {
    write_overhead(owner_of_this_thread(), kOverheadBufferFlush, start, now_ns());
  }
}

void start_worker() {
  Cupti& state = cupti();
  if (state.worker_started) {
    return;
  }
  state.worker_started = true;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread(work, std::ref(state)).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace fakecuda
