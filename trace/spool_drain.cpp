// SPDX-License-Identifier: Apache-2.0
//
// The drain thread's side: from the rings and the journal to frames of BASE.spool. A position moves only after its
// frame is whole in the file; whatever goes wrong, the data stays where it was and is tried again next time.
#include <sched.h>
#include <string.h>
#include <time.h>

#include "trace/spool_crc.hpp"
#include "trace/spool_state.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::trace {
namespace spool {
namespace {

// Every group of a full batch at its worst: all columns raw.
static_assert(sizeof(FrameHeader) + Batch::kMaxWords * 8 +
                  Batch::kMaxGroups * (sizeof(SegmentHeader) + 256 * 16) <=
              kFrameBufferBytes);
static_assert(sizeof(FrameHeader) + kJournalBytes + 8 <= kFrameBufferBytes);

FrameHeader make_frame(FrameType type, size_t payload) noexcept {
  FrameHeader frame;
  memset(&frame, 0, sizeof frame);
  frame.magic = kFrameMagic;
  frame.type = type;
  frame.header_bytes = sizeof frame;
  frame.payload_bytes = static_cast<uint32_t>(payload);
  return frame;
}

// The payload is in state.frame already, behind the place of the header.
bool write_frame(State& state, FrameHeader& frame) noexcept {
  const size_t bytes = sizeof frame + frame.payload_bytes;
  const size_t padded = (bytes + 7) / 8 * 8;
  memset(state.frame + bytes, 0, padded - bytes);
  memcpy(state.frame, &frame, sizeof frame);
  frame.crc = crc32c(0, state.frame, bytes);
  memcpy(state.frame, &frame, sizeof frame);
  return append(state, state.frame, padded);
}

bool drain_journal(State& state) noexcept {
  RingFileHeader& header = *state.header;
  const uint64_t begin = header.journal_tail;
  const uint64_t end = load_acquire(header.journal_head);
  if (begin == end) {
    return true;
  }
  const size_t bytes = end - begin;
  const auto* ring = at_offset<uint8_t>(state, header.journal_offset);
  const size_t offset = begin % kJournalBytes;
  const size_t first = bytes < kJournalBytes - offset ? bytes : kJournalBytes - offset;
  memcpy(state.frame + sizeof(FrameHeader), ring + offset, first);
  memcpy(state.frame + sizeof(FrameHeader) + first, ring, bytes - first);
  FrameHeader frame = make_frame(kFrameJournal, bytes);
  frame.begin = begin;
  frame.end = end;
  if (!write_frame(state, frame)) {
    return false;
  }
  store_release(header.journal_tail, end);
  return true;
}

// Encodes the batch behind the frame header. Returns the bytes of the payload.
size_t encode_batch(State& state) noexcept {
  uint8_t* to = state.frame + sizeof(FrameHeader);
  uint8_t* const limit = state.frame + sizeof state.frame - 8;
  for (size_t g = 0; g < state.batch.group_count(); ++g) {
    const BatchGroup& group = state.batch.group(g);
    const KindInfo* kind = find_kind(group.shape.kind);
    const Column* columns =
        kind != nullptr && kind->column_count >= group.shape.count ? kind->columns : nullptr;
    const int64_t* values[256];
    for (size_t c = 0; c < group.shape.count; ++c) {
      values[c] = group.columns + c * group.rows;
    }
    uint8_t* const data = to + sizeof(SegmentHeader);
    const size_t bytes = encode_segment(columns, group.shape.count, values, group.rows, state.scratch, data,
                                        static_cast<size_t>(limit - data));
    SegmentHeader segment;
    memset(&segment, 0, sizeof segment);
    segment.kind = group.shape.kind;
    segment.columns = group.shape.count;
    segment.clock = group.shape.clock;
    segment.lane = group.shape.lane;
    segment.rows = group.rows;
    segment.bytes = static_cast<uint32_t>(bytes);
    segment.first_ns = group.first_ns;
    segment.last_ns = group.last_ns;
    memcpy(to, &segment, sizeof segment);
    to = data + bytes;
  }
  return static_cast<size_t>(to - state.frame) - sizeof(FrameHeader);
}

// False when a frame could not be written.
bool drain_ring(State& state, const Ring& ring, size_t* moved) noexcept {
  RingSlot& slot = *ring.slot;
  for (;;) {
    // The state before the head: a thread that has released its slot writes no more.
    const uint32_t slot_state = load_acquire(slot.state);
    const uint64_t head = load_acquire(slot.head);
    const uint64_t tail = load_relaxed(slot.tail);
    if (slot_state == kSlotFree) {
      return true;
    }
    if (tail == head) {
      if (slot_state == kSlotReleased) {
        store_release<uint32_t>(slot.state, kSlotFree);
      }
      return true;
    }
    state.batch.collect(ring.words, ring.mask, tail, head);
    if (state.batch.events() == 0) {
      return true;  // the program wrote over our pages; the reader says so
    }
    FrameHeader frame = make_frame(kFrameEvents, encode_batch(state));
    frame.serial = slot.serial;
    frame.segments = static_cast<uint32_t>(state.batch.group_count());
    frame.begin = tail;
    frame.end = state.batch.end();
    frame.first_event = slot.drained_events;
    frame.events = state.batch.events();
    if (!write_frame(state, frame)) {
      return false;
    }
    slot.drained_events += frame.events;
    store_release(slot.tail, frame.end);
    *moved += frame.events;
  }
}

// Under state.drain_lock.
size_t drain_all(State& state) noexcept {
  size_t moved = 0;
  if (!drain_journal(state)) {
    return moved;
  }
  const uint32_t slots = load_acquire(state.header->slot_count);
  for (uint32_t i = 0; i < slots; ++i) {
    if (!drain_ring(state, state.rings[i], &moved)) {
      break;
    }
  }
  return moved;
}

}  // namespace
}  // namespace spool

size_t Spool::drain() noexcept {
  spool::State* state = opened();
  if (state == nullptr || !state->drain_lock.try_lock()) {
    return 0;
  }
  const size_t moved = spool::drain_all(*state);
  state->drain_lock.unlock();
  return moved;
}

// At exit the drain thread may be anywhere, even gone with the lock held: wait for it, but not for ever. What is
// not drained is in the rings.
void Spool::close() noexcept {
  spool::State* state = opened();
  if (state == nullptr) {
    return;
  }
  bool locked = state->drain_lock.try_lock();
  for (int tries = 0; !locked && tries < 1000; ++tries) {
    const struct timespec pause { 0, 1000000 };
    nanosleep(&pause, nullptr);
    locked = state->drain_lock.try_lock();
  }
  if (!locked) {
    return;
  }
  (void)spool::drain_all(*state);
  spool::FrameHeader frame = spool::make_frame(spool::kFrameEnd, 0);
  (void)spool::write_frame(*state, frame);
  spool::store_release(state->header->clean_end, 1U);
  state->drain_lock.unlock();
}

}  // namespace stepscope::trace
