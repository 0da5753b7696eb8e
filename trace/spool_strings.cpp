// SPDX-License-Identifier: Apache-2.0
//
// Strings and named counters of a spool: found without a lock, added under the cold lock.
#include <string.h>

#include "trace/spool_state.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::trace {
namespace spool {
namespace {

constexpr size_t kTextBlockBytes = 4 * kBlockBytes;
constexpr char kTableFullText[] = "(string table full)";
constexpr uint32_t kTableFullId = 1;

uint64_t load_word(const char* from) noexcept {
  uint64_t word;
  memcpy(&word, from, sizeof word);
  return word;
}

// Multiply-xorshift over eight bytes at a time; the last, overlapping word covers the rest. Only in memory.
uint64_t hash_text(const char* text, size_t length) noexcept {
  constexpr uint64_t kFactor = 0x9fb21c651e98df25U;
  uint64_t hash = length * 0x9e3779b97f4a7c15U;
  uint64_t word = 0;
  if (length >= 8) {
    for (size_t i = 0; i + 8 < length; i += 8) {
      hash = (hash ^ load_word(text + i)) * kFactor;
      hash ^= hash >> 32;
    }
    word = load_word(text + length - 8);
  } else {
    memcpy(&word, text, length);
  }
  hash = (hash ^ word) * kFactor;
  hash ^= hash >> 29;
  hash *= 0x94d049bb133111ebU;
  return hash ^ (hash >> 32);
}

StringRef& ref_of(State& state, uint32_t id) noexcept {
  const uint64_t block = load_relaxed(state.header->string_blocks[id / kRefsPerBlock]);
  return at_offset<StringRef>(state, block)[id % kRefsPerBlock];
}

bool equals(State& state, uint32_t id, const char* text, size_t length) noexcept {
  const StringRef ref = load_relaxed(ref_of(state, id));
  const uint64_t offset = ref & ((uint64_t{1} << kStringLengthShift) - 1);
  return (ref >> kStringLengthShift) == length && memcmp(state.base + offset, text, length) == 0;
}

// The id, or 0 and the free slot of the hash table in `*slot`.
uint32_t find_string(State& state, const char* text, size_t length, uint64_t hash, size_t* slot) noexcept {
  size_t at = hash % kHashSlots;
  for (;;) {
    const uint64_t entry = load_acquire(state.hash[at]);
    if (entry == 0) {
      *slot = at;
      return 0;
    }
    if ((entry >> 32) == (hash >> 32) && equals(state, static_cast<uint32_t>(entry), text, length)) {
      return static_cast<uint32_t>(entry);
    }
    at = (at + 1) % kHashSlots;
  }
}

// Room for `length` bytes of text and for the ref of `id`.
bool reserve_string(State& state, uint32_t id, size_t length) noexcept {
  uint64_t& block = state.header->string_blocks[id / kRefsPerBlock];
  if (block == 0) {
    const uint64_t fresh = allocate(state, kBlockBytes);
    if (fresh == 0) {
      return false;
    }
    store_release(block, fresh);
  }
  if (state.text_end - state.text_at < length) {
    if (state.text_bytes + kTextBlockBytes > kMaxTextBytes) {
      return false;
    }
    const uint64_t fresh = allocate(state, kTextBlockBytes);
    if (fresh == 0) {
      return false;
    }
    state.text_at = fresh;
    state.text_end = fresh + kTextBlockBytes;
    state.text_bytes += kTextBlockBytes;
  }
  return true;
}

// Under state.lock. Text, ref, count, hash slot: in this order, so that an id that can be seen has its text.
uint32_t add_string(State& state, const char* text, size_t length, uint64_t hash, size_t slot) noexcept {
  const uint32_t id = state.header->string_count + 1;
  if (id >= kMaxStrings || !reserve_string(state, id, length)) {
    return 0;
  }
  memcpy(state.base + state.text_at, text, length);
  store_release(ref_of(state, id), (uint64_t{length} << kStringLengthShift) | state.text_at);
  state.text_at += length;
  store_release(state.header->string_count, id);
  store_release(state.hash[slot], (hash >> 32 << 32) | id);
  return id;
}

// Never inside a UTF-8 sequence.
size_t cut_length(const char* text, size_t length) noexcept {
  if (length <= kMaxStringBytes) {
    return length;
  }
  size_t cut = kMaxStringBytes;
  while (cut > kMaxStringBytes - 4 && (static_cast<unsigned char>(text[cut]) & 0xc0U) == 0x80U) {
    --cut;
  }
  return cut;
}

// The counter with this name, or the free one; nullptr when the table is full.
LossCounter* find_counter(State& state, const char* name, size_t length) noexcept {
  for (LossCounter& counter : state.header->loss) {
    const char first = __atomic_load_n(&counter.name[0], __ATOMIC_ACQUIRE);
    if (first == 0 || (memcmp(counter.name, name, length) == 0 && counter.name[length] == 0)) {
      return &counter;
    }
  }
  return nullptr;
}

void count(LossCounter& counter, uint64_t n) noexcept {
  __atomic_fetch_add(&counter.count, n, __ATOMIC_RELAXED);
}

}  // namespace

bool prepare_strings(State& state) noexcept {
  constexpr size_t kLength = sizeof kTableFullText - 1;
  size_t slot = 0;
  const uint64_t hash = hash_text(kTableFullText, kLength);
  (void)find_string(state, kTableFullText, kLength, hash, &slot);
  return add_string(state, kTableFullText, kLength, hash, slot) == kTableFullId;
}

void add_loss_locked(State& state, const char* name, uint64_t n) noexcept {
  size_t length = strnlen(name, sizeof(LossCounter::name) - 1);
  if (length == 0) {
    name = kLossCounters;
    length = sizeof kLossCounters - 1;
  }
  LossCounter* counter = find_counter(state, name, length);
  if (counter == nullptr) {  // the last one takes what found no room
    counter = &state.header->loss[kMaxLossCounters - 1];
  } else if (counter->name[0] == 0) {
    if (counter == &state.header->loss[kMaxLossCounters - 1]) {
      name = kLossCounters;
      length = sizeof kLossCounters - 1;
    }
    memcpy(counter->name + 1, name + 1, length - 1);
    store_release(counter->name[0], name[0]);
  }
  count(*counter, n);
}

void add_loss(State& state, const char* name, uint64_t n) noexcept {
  const size_t length = strnlen(name, sizeof(LossCounter::name) - 1);
  LossCounter* counter = length == 0 ? nullptr : find_counter(state, name, length);
  if (counter != nullptr && __atomic_load_n(&counter->name[0], __ATOMIC_ACQUIRE) != 0) {
    count(*counter, n);
    return;
  }
  const ColdGuard guard(state.lock);
  add_loss_locked(state, name, n);
}

}  // namespace spool

uint32_t Spool::intern(const char* text, size_t length) noexcept {
  spool::State* state = opened();
  if (state == nullptr || text == nullptr || length == 0) {
    return 0;
  }
  const size_t kept = spool::cut_length(text, length);
  if (kept != length) {
    spool::add_loss(*state, spool::kLossStringCut, 1);
  }
  const uint64_t hash = spool::hash_text(text, kept);
  size_t slot = 0;
  uint32_t id = spool::find_string(*state, text, kept, hash, &slot);
  if (id != 0) {
    return id;
  }
  if (spool::load_relaxed(state->strings_full) == 0) {
    const spool::ColdGuard guard(state->lock);
    id = spool::find_string(*state, text, kept, hash, &slot);  // another thread may have been faster
    if (id == 0) {
      id = spool::add_string(*state, text, kept, hash, slot);
    }
    if (id == 0) {
      spool::store_relaxed(state->strings_full, 1U);
    }
  }
  if (id == 0) {
    spool::add_loss(*state, spool::kLossStringTable, 1);
    id = spool::kTableFullId;
  }
  return id;
}

void Spool::loss(const char* counter, uint64_t n) noexcept {
  spool::State* state = opened();
  if (state != nullptr && counter != nullptr && n != 0) {
    spool::add_loss(*state, counter, n);
  }
}

}  // namespace stepscope::trace
