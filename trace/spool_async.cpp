// SPDX-License-Identifier: Apache-2.0
//
// Ranges that belong to no thread, while they are open: a table in BASE.ring, see AsyncRangeEntry.
#include <string.h>

#include "trace/spool_state.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::trace {
namespace {

using spool::AsyncRangeEntry;
using spool::State;

constexpr unsigned kIndexBits = 12;
static_assert(spool::kMaxAsyncRanges == 1U << kIndexBits);
// How many entries a start looks at: a table that is nearly full must not make it slow.
constexpr uint32_t kProbes = 128;

// The table, made by the first start; nullptr when there is no room for it.
AsyncRangeEntry* table(State& state) noexcept {
  AsyncRangeEntry* entries = spool::load_acquire(state.async);
  if (entries != nullptr) {
    return entries;
  }
  const spool::ColdGuard guard(state.lock);
  if (state.async == nullptr) {
    const uint64_t offset = spool::allocate(state, spool::kMaxAsyncRanges * sizeof(AsyncRangeEntry));
    if (offset == 0) {
      return nullptr;
    }
    state.header->async_capacity = spool::kMaxAsyncRanges;
    state.header->async_lane = spool::journal_lane(state, "async", "NVTX start/end ranges", 0);
    spool::store_release(state.header->async_offset, offset);
    spool::store_release(state.async, spool::at_offset<AsyncRangeEntry>(state, offset));
  }
  return state.async;
}

bool change_state(AsyncRangeEntry& entry, uint32_t from, uint32_t to) noexcept {
  return __atomic_compare_exchange_n(&entry.state, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

}  // namespace

uint64_t Spool::async_start(const OpenRange& range) noexcept {
  State* state = opened();
  if (state == nullptr) {
    return 0;
  }
  AsyncRangeEntry* entries = table(*state);
  const uint32_t first = __atomic_fetch_add(&state->async_next, 1U, __ATOMIC_RELAXED);
  for (uint32_t i = 0; entries != nullptr && i < kProbes; ++i) {
    const uint32_t index = (first + i) % spool::kMaxAsyncRanges;
    AsyncRangeEntry& entry = entries[index];
    if (spool::load_relaxed(entry.state) != spool::kAsyncFree ||
        !change_state(entry, spool::kAsyncFree, spool::kAsyncFilling)) {
      continue;
    }
    const uint32_t serial = entry.serial + 1;
    spool::store_relaxed(entry.serial, serial == 0 ? 1U : serial);
    entry.close_serial = 0;
    entry.range = {range.start_ns, range.name,         range.domain, range.category,
                   range.source,   range.payload_type, range.payload};
    spool::store_release<uint32_t>(entry.state, spool::kAsyncOpen);
    return uint64_t{entry.serial} << kIndexBits | index;
  }
  loss(spool::kLossAsyncFull, 1);
  return 0;
}

bool Spool::async_end(Ring* ring, uint64_t handle, int64_t end_ns) noexcept {
  State* state = opened();
  if (handle == 0 || ring == nullptr || state == nullptr) {
    return false;
  }
  AsyncRangeEntry* entries = spool::load_acquire(state->async);
  AsyncRangeEntry* entry = entries == nullptr ? nullptr : entries + handle % spool::kMaxAsyncRanges;
  if (entry == nullptr || spool::load_relaxed(entry->serial) != handle >> kIndexBits ||
      !change_state(*entry, spool::kAsyncOpen, spool::kAsyncClosing)) {
    loss(spool::kLossAsyncUnmatched, 1);
    return false;
  }
  const spool::OpenRangeEntry range = entry->range;
  entry->close_begin = ring->head;
  spool::store_release(entry->close_serial, ring->slot->serial);
  const int64_t values[] = {range.start_ns,    end_ns - range.start_ns, range.name,
                            range.domain,      range.category,          range.source,
                            kFlagProcessRange, range.payload_type,      range.payload};
  push(ring, Kind::kRange, state->header->async_lane, values, 9);
  spool::store_release<uint32_t>(entry->state, spool::kAsyncFree);
  return true;
}

}  // namespace stepscope::trace
