// SPDX-License-Identifier: Apache-2.0
//
// The producers' side: opening, threads' rings, events and nested ranges.
#include "trace/spool_writer.hpp"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "trace/spool_state.hpp"

namespace stepscope::trace {
namespace {

using spool::load_acquire;
using spool::RingSlot;
using spool::State;
using spool::store_relaxed;
using spool::store_release;

constexpr size_t kRangeColumns = 9;
constexpr size_t kRangeWords = 1 + kRangeColumns;

size_t slot_kind(Kind kind) noexcept {
  const auto id = static_cast<size_t>(kind);
  return id < spool::kSlotKinds ? id : spool::kSlotKinds - 1;
}

int64_t header_word(Kind kind, size_t count, uint32_t lane, Clock clock = Clock::kMonotonicRaw) noexcept {
  const spool::RecordHeader header{static_cast<uint16_t>(kind), static_cast<uint8_t>(count),
                                   static_cast<uint8_t>(clock), lane};
  int64_t word;
  memcpy(&word, &header, sizeof word);
  return word;
}

// Room for `words` at ring.head. The slot's tail is read only when the room known of is used up.
inline bool has_room(Ring& ring, size_t words, Kind kind) noexcept {
  if (ring.head + words <= ring.limit) [[likely]] {
    return true;
  }
  ring.limit = load_acquire(ring.slot->tail) + ring.mask + 1;
  if (ring.head + words <= ring.limit) {
    return true;
  }
  spool::count_one(ring.slot->dropped[slot_kind(kind)]);
  return false;
}

inline void publish(Ring& ring, size_t words) noexcept {
  ring.head += words;
  store_release(ring.slot->head, ring.head);
}

bool is_closed(const Ring& ring, uint32_t index) noexcept {
  return (ring.closed >> index & 1) != 0;
}

void set_closed(Ring& ring, uint64_t closed) noexcept {
  ring.closed = closed;
  store_release(ring.slot->closed, closed);
}

// The entries from `depth` on are gone.
void set_depth(Ring& ring, uint32_t depth) noexcept {
  ring.depth = depth;
  store_release(ring.slot->depth, depth);
  if (ring.closed >> depth != 0) {
    set_closed(ring, ring.closed & ((uint64_t{1} << depth) - 1));
  }
}

// Entry `index` is closed: gone when it is on top, together with those below that were closed before.
void close_entry(Ring& ring, uint32_t index) noexcept {
  if (index + 1 != ring.depth) {
    set_closed(ring, ring.closed | uint64_t{1} << index);
    return;
  }
  uint32_t depth = index;
  while (depth > 0 && is_closed(ring, depth - 1)) {
    --depth;
  }
  set_depth(ring, depth);
}

// Ranges of several domains may leave closed entries below open ones: moves the open ones down. Each move becomes
// visible with one store, which opens the new place and closes the old one.
void compact_ranges(Ring& ring) noexcept {
  RingSlot& slot = *ring.slot;
  store_release(slot.pop_begin, spool::kNoPop);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < ring.depth; ++i) {
    if (is_closed(ring, i)) {
      continue;
    }
    if (i != kept) {
      slot.open[kept] = slot.open[i];
      set_closed(ring, (ring.closed & ~(uint64_t{1} << kept)) | uint64_t{1} << i);
    }
    ++kept;
  }
  set_depth(ring, kept);
}

// Writes the record of open range `index`, then takes the entry away; see RingSlot for the order.
bool finish_range(Ring& ring, uint32_t index, int64_t end_ns, int64_t flags) noexcept {
  const spool::OpenRangeEntry& entry = ring.slot->open[index];
  const bool room = has_room(ring, kRangeWords, Kind::kRange);
  if (room) {
    const int64_t record[kRangeWords] = {header_word(Kind::kRange, kRangeColumns, ring.lane),
                                         entry.start_ns,
                                         end_ns - entry.start_ns,
                                         entry.name,
                                         entry.domain,
                                         entry.category,
                                         entry.source,
                                         flags,
                                         entry.payload_type,
                                         entry.payload};
    for (size_t i = 0; i < kRangeWords; ++i) {
      ring.words[(ring.head + i) & ring.mask] = record[i];
    }
    store_relaxed(ring.slot->pop_index, index);
    store_release(ring.slot->pop_begin, ring.head);
    publish(ring, kRangeWords);
  }
  close_entry(ring, index);
  return room;
}

// A free slot whose ring suits, else a new one, smaller when the budget is nearly used up. Under state.lock.
Ring* take_slot(State& state, size_t ring_bytes) noexcept {
  const uint32_t slots = state.header->slot_count;
  for (size_t wanted = ring_bytes; wanted >= spool::kBlockBytes; wanted /= 2) {
    for (uint32_t i = 0; i < slots; ++i) {
      Ring& ring = state.rings[i];
      if (load_acquire(ring.slot->state) == spool::kSlotFree &&
          ring.slot->capacity * sizeof(int64_t) >= wanted) {
        return &ring;
      }
    }
    if (slots == spool::kMaxSlots || state.ring_bytes + wanted > spool::kMaxRingBytes) {
      continue;
    }
    uint64_t& block = state.header->slot_blocks[slots / spool::kSlotsPerBlock];
    if (block == 0) {
      block = spool::allocate(state, spool::kBlockBytes);
    }
    const uint64_t data = block == 0 ? 0 : spool::allocate(state, wanted);
    if (data == 0) {
      continue;
    }
    state.ring_bytes += wanted;
    Ring& ring = state.rings[slots];
    ring.slot = spool::at_offset<RingSlot>(state, block) + slots % spool::kSlotsPerBlock;
    ring.words = spool::at_offset<int64_t>(state, data);
    ring.mask = wanted / sizeof(int64_t) - 1;
    ring.slot->data_offset = data;
    ring.slot->capacity = wanted / sizeof(int64_t);
    store_release(state.header->slot_count, slots + 1);
    return &ring;
  }
  return nullptr;
}

void begin_use(State& state, Ring& ring, uint32_t tid, const char* thread_name) noexcept {
  RingSlot& slot = *ring.slot;
  ring.head = 0;
  ring.limit = ring.mask + 1;
  ring.depth = 0;
  ring.too_deep = 0;
  ring.closed = 0;
  ring.lane = spool::claim_thread_lane(state, thread_name, tid);
  slot.serial = ++state.next_serial;
  slot.lane = ring.lane;
  slot.tid = tid;
  slot.depth = 0;
  slot.pop_begin = spool::kNoPop;
  slot.closed = 0;
  slot.drained_events = 0;
  store_relaxed(slot.tail, uint64_t{0});
  store_relaxed(slot.head, uint64_t{0});
  store_release<uint32_t>(slot.state, spool::kSlotLive);
}

}  // namespace

int Spool::open(const char* dir, const char* base) noexcept {
  if (is_open()) {
    return EALREADY;
  }
  static_assert(sizeof(State) % 8 == 0);
  void* memory = mmap(nullptr, sizeof(State), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return errno;
  }
  auto* state = static_cast<State*>(memory);  // zero-filled is its initial value
  if (segment_scratch_bytes() > sizeof state->scratch) {
    munmap(memory, sizeof(State));
    return ENOMEM;
  }
  const int error = spool::create_files(*state, dir, base);
  if (error != 0) {
    munmap(memory, sizeof(State));
    return error;
  }
  __atomic_store_n(&state_, memory, __ATOMIC_RELEASE);
  return 0;
}

bool Spool::is_open() const noexcept {
  return opened() != nullptr;
}

spool::State* Spool::opened() const noexcept {
  return static_cast<State*>(__atomic_load_n(&state_, __ATOMIC_ACQUIRE));
}

Ring* Spool::acquire_ring(uint32_t tid, const char* thread_name, size_t ring_bytes) noexcept {
  State* state = opened();
  if (state == nullptr) {
    return nullptr;
  }
  size_t rounded = spool::kBlockBytes;
  while (rounded < ring_bytes && rounded < spool::kMaxRingBytesEach) {
    rounded *= 2;
  }
  const spool::ColdGuard guard(state->lock);
  Ring* ring = take_slot(*state, rounded);
  if (ring == nullptr) {
    spool::add_loss_locked(*state, spool::kLossRingBudget, 1);
    return nullptr;
  }
  begin_use(*state, *ring, tid, thread_name);
  return ring;
}

void Spool::release_ring(Ring* ring) noexcept {
  if (ring == nullptr || !is_open()) {
    return;
  }
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  const int64_t now_ns = int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
  while (ring->depth > 0) {  // the top of the stack is never closed already
    (void)finish_range(*ring, ring->depth - 1, now_ns, kFlagUnfinished);
  }
  store_release<uint32_t>(ring->slot->state, spool::kSlotReleased);
}

bool Spool::push(Ring* ring, Kind kind, uint32_t lane, const int64_t* values, size_t count,
                 Clock clock) noexcept {
  if (ring == nullptr) {
    return false;
  }
  if (count - 1 >= kMaxColumns) {  // 0 wraps around
    loss(spool::kLossBadEvent, 1);
    return false;
  }
  if (!has_room(*ring, count + 1, kind)) {
    return false;
  }
  const uint64_t begin = ring->head & ring->mask;
  int64_t* to = ring->words + begin;
  *to = header_word(kind, count, lane != 0 ? lane : ring->lane, clock);
  if (begin + count <= ring->mask) [[likely]] {
    for (size_t i = 0; i < count; ++i) {
      to[i + 1] = values[i];
    }
  } else {
    for (size_t i = 0; i < count; ++i) {
      ring->words[(begin + 1 + i) & ring->mask] = values[i];
    }
  }
  publish(*ring, count + 1);
  return true;
}

size_t Spool::undrained_bytes(const Ring* ring) noexcept {
  return ring == nullptr ? 0 : (ring->head - load_acquire(ring->slot->tail)) * sizeof(int64_t);
}

void Spool::range_push(Ring* ring, const OpenRange& range) noexcept {
  if (ring == nullptr) {
    return;
  }
  RingSlot& slot = *ring->slot;
  if (ring->depth == spool::kMaxRangeDepth && ring->closed != 0) [[unlikely]] {
    compact_ranges(*ring);
  }
  const uint32_t depth = ring->depth;
  if (depth == spool::kMaxRangeDepth || ring->too_deep != 0) {
    ++ring->too_deep;
    spool::count_one(slot.too_deep);
    return;
  }
  slot.open[depth] = {range.start_ns, range.name,         range.domain, range.category,
                      range.source,   range.payload_type, range.payload};
  store_release(slot.pop_begin, spool::kNoPop);
  ring->depth = depth + 1;
  store_release(slot.depth, depth + 1);
}

bool Spool::range_pop(Ring* ring, uint32_t domain, int64_t end_ns) noexcept {
  if (ring == nullptr) {
    return false;
  }
  if (ring->too_deep != 0) {
    --ring->too_deep;
    return true;
  }
  for (uint32_t i = ring->depth; i-- > 0;) {
    if (ring->slot->open[i].domain == domain && !is_closed(*ring, i)) {
      (void)finish_range(*ring, i, end_ns, 0);
      return true;
    }
  }
  spool::count_one(ring->slot->unmatched);
  return false;
}

void Spool::abandon_in_child(bool in_use) noexcept {
  State* state = opened();
  if (state == nullptr) {
    return;
  }
  __atomic_store_n(&state_, static_cast<void*>(nullptr), __ATOMIC_RELEASE);
  if (in_use) {
    // Whoever held a lock in the parent is not here to let go of it, and this thread may be waiting for one.
    state->lock.unlock();
    state->drain_lock.unlock();
    spool::keep_private(*state);
    return;
  }
  spool::close_files(*state);
  munmap(state, sizeof(State));
}

}  // namespace stepscope::trace
