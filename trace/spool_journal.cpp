// SPDX-License-Identifier: Apache-2.0
//
// The journal: everything a recording holds that is not an event. Cold; every append takes the lock.
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "trace/spool_state.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::trace {
namespace spool {
namespace {

constexpr size_t kMaxTextPart = 4096;  // lane names, keys, log lines

int64_t read_clock(clockid_t clock) noexcept {
  struct timespec now;
  return clock_gettime(clock, &now) == 0 ? int64_t{now.tv_sec} * 1000000000 + now.tv_nsec : 0;
}

uint64_t read_ticks() noexcept {
#if defined(__x86_64__)
  return __rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return 0;
#endif
}

// Copies to journal position `at`, around the end of the ring. Returns the position after it.
uint64_t put(State& state, uint64_t at, const void* data, size_t bytes) noexcept {
  auto* ring = at_offset<uint8_t>(state, state.header->journal_offset);
  const size_t offset = at % kJournalBytes;
  const size_t first = bytes < kJournalBytes - offset ? bytes : kJournalBytes - offset;
  memcpy(ring + offset, data, first);
  memcpy(ring, static_cast<const uint8_t*>(data) + first, bytes - first);
  return at + bytes;
}

// A text without its terminator; nullptr is "".
Part text_part(const char* text, size_t limit) noexcept {
  return Part{text != nullptr ? text : "", text != nullptr ? strnlen(text, limit) : 0};
}

constexpr Part kTerminator{"", 1};

}  // namespace

bool journal_append(State& state, JournalType type, const Part* parts, size_t count) noexcept {
  RingFileHeader& header = *state.header;
  size_t bytes = sizeof(JournalRecord);
  for (size_t i = 0; i < count; ++i) {
    bytes += parts[i].bytes;
  }
  const size_t padded = (bytes + 7) / 8 * 8;
  const uint64_t begin = header.journal_head;
  if (begin + padded - load_acquire(header.journal_tail) > kJournalBytes) {
    add_loss_locked(state, kLossJournalFull, 1);
    return false;
  }
  const JournalRecord record{static_cast<uint32_t>(bytes), type, 0};
  uint64_t at = put(state, begin, &record, sizeof record);
  for (size_t i = 0; i < count; ++i) {
    at = put(state, at, parts[i].data, parts[i].bytes);
  }
  const uint64_t zero = 0;
  (void)put(state, at, &zero, padded - bytes);
  store_release(header.journal_head, begin + padded);
  return true;
}

uint32_t journal_lane(State& state, const char* type, const char* name, uint32_t tid) noexcept {
  const LaneRecord lane{++state.next_lane, tid};
  const Part parts[] = {{&lane, sizeof lane},
                        text_part(type, kMaxTextPart),
                        kTerminator,
                        text_part(name, kMaxTextPart),
                        kTerminator};
  (void)journal_append(state, kJournalLane, parts, 5);
  return lane.id;
}

uint32_t claim_thread_lane(State& state, const char* name, uint32_t tid) noexcept {
  for (ThreadLane& entry : state.ringless) {
    if (entry.tid == tid && tid != 0) {
      entry.tid = 0;
      return entry.lane;
    }
  }
  return journal_lane(state, "thread", name, tid);
}

}  // namespace spool

uint32_t Spool::thread_lane(uint32_t tid, const char* name) noexcept {
  spool::State* state = opened();
  if (state == nullptr || tid == 0) {  // no thread has number 0, but free entries of the tables below have
    return 0;
  }
  const spool::ColdGuard guard(state->lock);
  uint32_t ended = 0;  // a thread that gave its ring back keeps its lane until another has its number
  for (uint32_t i = 0; i < state->header->slot_count; ++i) {
    const spool::RingSlot& slot = *state->rings[i].slot;
    if (slot.tid != tid) {
      continue;
    }
    if (spool::load_acquire(slot.state) == spool::kSlotLive) {
      return slot.lane;
    }
    ended = slot.lane;
  }
  for (const spool::ThreadLane& entry : state->ringless) {
    if (entry.tid == tid) {
      return entry.lane;
    }
  }
  if (ended != 0) {
    return ended;
  }
  const uint32_t lane = spool::journal_lane(*state, "thread", name, tid);
  state->ringless[state->next_ringless++ % spool::kMaxRinglessThreads] = {tid, lane};
  return lane;
}

void Spool::set_cupti_clock(int64_t (*now_ns)() noexcept) noexcept {
  if (spool::State* state = opened(); state != nullptr) {
    __atomic_store_n(&state->cupti_now_ns, now_ns, __ATOMIC_RELEASE);
  }
}

uint32_t Spool::declare_lane(const char* type, const char* name, uint32_t tid) noexcept {
  spool::State* state = opened();
  if (state == nullptr) {
    return 0;
  }
  const spool::ColdGuard guard(state->lock);
  return spool::journal_lane(*state, type, name, tid);
}

void Spool::meta(const char* key, const char* value) noexcept {
  spool::State* state = opened();
  if (state == nullptr || key == nullptr) {
    return;
  }
  const spool::Part kept = spool::text_part(value, spool::kMaxMetaBytes);
  const spool::ColdGuard guard(state->lock);
  if (value != nullptr && value[kept.bytes] != 0) {
    spool::add_loss_locked(*state, spool::kLossMetaCut, 1);
  }
  const spool::Part parts[] = {spool::text_part(key, spool::kMaxTextPart), spool::kTerminator, kept,
                               spool::kTerminator};
  (void)spool::journal_append(*state, spool::kJournalMeta, parts, 4);
}

void Spool::log(int64_t time_ns, const char* text) noexcept {
  spool::State* state = opened();
  if (state == nullptr) {
    return;
  }
  const spool::Part parts[] = {
      {&time_ns, sizeof time_ns}, spool::text_part(text, spool::kMaxTextPart), spool::kTerminator};
  const spool::ColdGuard guard(state->lock);
  (void)spool::journal_append(*state, spool::kJournalLog, parts, 3);
}

// The raw clock is read before and after the others: the try with the least distance wins, and its middle is when
// the others were read.
void Spool::anchor() noexcept {
  spool::State* state = opened();
  if (state == nullptr) {
    return;
  }
  int64_t (*const cupti_now)() noexcept = __atomic_load_n(&state->cupti_now_ns, __ATOMIC_ACQUIRE);
  spool::AnchorRecord best{};
  int64_t best_width = INT64_MAX;
  for (int tries = 0; tries < 5; ++tries) {
    spool::AnchorRecord now;
    const int64_t before = spool::read_clock(CLOCK_MONOTONIC_RAW);
    now.realtime_ns = spool::read_clock(CLOCK_REALTIME);
    now.tsc = spool::read_ticks();
    now.monotonic_ns = spool::read_clock(CLOCK_MONOTONIC);
    now.boottime_ns = spool::read_clock(CLOCK_BOOTTIME);
    now.cupti_ns = cupti_now != nullptr ? cupti_now() : 0;
    const int64_t width = spool::read_clock(CLOCK_MONOTONIC_RAW) - before;
    now.monotonic_raw_ns = before + width / 2;
    if (width < best_width) {
      best = now;
      best_width = width;
    }
  }
  const spool::Part parts[] = {{&best, sizeof best}};
  const spool::ColdGuard guard(state->lock);
  (void)spool::journal_append(*state, spool::kJournalAnchor, parts, 1);
}

}  // namespace stepscope::trace
