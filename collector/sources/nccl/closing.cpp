// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/closing.hpp"

#include "collector/clock.hpp"
#include "collector/process_state.hpp"

namespace stepscope::collector::nccl {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
// After the last part: NCCL starts the parts of an operation together.
constexpr int64_t kSilence = 250 * kMillisecond;
// An operation without parts: in a communicator that never reports any, and in one that does, where it may be waiting for
// everything that was enqueued before it.
constexpr int64_t kPatienceWithoutParts = 2000 * kMillisecond;
constexpr int64_t kPatienceForParts = 30'000 * kMillisecond;
// With so many operations under way, nothing is waited for long.
constexpr uint32_t kCrowd = kMaxOperations / 2;

void write(trace::Ring* ring, const Facts& facts, const Stamps& stamps, const Communicator& communicator,
           Conclusion conclusion, int64_t now) noexcept {
  int64_t values[kCollectiveColumns];
  make_record(facts, stamps, communicator.place(), conclusion, now, values);
  spool().push(ring, trace::Kind::kCollective, communicator.lane, values, kCollectiveColumns);
  if (conclusion == Conclusion::kUnfinished) {
    spool().loss("nccl.unfinished", 1);
  }
}

// Ends the operation unless it changes meanwhile. The facts are read before: once the slot is closed with parts under way,
// the last of them gives it to somebody else.
bool close(EventStore& store, uint32_t index, Lifetime::Glance seen, trace::Ring* ring, Conclusion conclusion,
           int64_t now) noexcept {
  Operation& operation = *store.operations.at(index);
  const Facts facts = operation.facts;
  const Stamps stamps = operation.stamps();
  const Communicator& communicator =
      store.communicators[operation.communicator.load(std::memory_order_relaxed)];
  const Ending ending = operation.life.close(seen);
  if (ending == Ending::kStale) {
    return false;
  }
  write(ring, facts, stamps, communicator, conclusion, now);
  if (ending == Ending::kOver) {
    store.operations.give(index);
  }
  return true;
}

bool waited_enough(const Operation& operation, const Communicator& communicator, bool crowded,
                   int64_t now) noexcept {
  const Stamps stamps = operation.stamps();
  if (stamps.last_stop_ns != 0) {
    return now - stamps.last_stop_ns > kSilence;
  }
  const bool may_come = communicator.saw_parts.load(std::memory_order_relaxed) && !crowded;
  return now - stamps.enqueued_ns > (may_come  ? kPatienceForParts
                                     : crowded ? kSilence
                                               : kPatienceWithoutParts);
}

Conclusion conclusion_of(const Operation& operation, const Communicator& communicator,
                         Lifetime::Glance seen) noexcept {
  const bool ran = operation.stamps().last_stop_ns != 0;
  const bool never_ran = !ran && communicator.saw_parts.load(std::memory_order_relaxed);
  return seen.own_outstanding() || seen.under_way() != 0 || never_ran ? Conclusion::kUnfinished
                                                                      : Conclusion::kDone;
}

}  // namespace

void write_and_give(EventStore& store, uint32_t index, EventScope& scope) noexcept {
  Operation& operation = *store.operations.at(index);
  if (scope) {
    int64_t values[kCollectiveColumns];
    const Communicator& communicator =
        store.communicators[operation.communicator.load(std::memory_order_relaxed)];
    make_record(operation.facts, operation.stamps(), communicator.place(), Conclusion::kDone, 0, values);
    scope.push(trace::Kind::kCollective, communicator.lane, values, kCollectiveColumns);
  }
  store.operations.give(index);
}

bool close_idle(EventStore& store, trace::Ring* ring, int64_t now_ns) noexcept {
  uint32_t in_use = 0;
  uint32_t closed = 0;
  const uint32_t touched = store.operations.touched();
  for (uint32_t index = 0; index < touched && closed < kClosedAtOnce; ++index) {
    const Operation& operation = *store.operations.at(index);
    const Lifetime::Glance seen = operation.life.glance();
    in_use += seen.in_use() ? 1U : 0U;
    const Communicator& communicator =
        store.communicators[operation.communicator.load(std::memory_order_relaxed)];
    if (seen.idle() && waited_enough(operation, communicator, in_use > kCrowd, now_ns) &&
        close(store, index, seen, ring, Conclusion::kDone, now_ns)) {
      ++closed;
    }
  }
  return closed == kClosedAtOnce;
}

void close_all(EventStore& store, uint32_t communicator, trace::Ring* ring, int64_t now_ns,
               void (*drain)() noexcept) noexcept {
  constexpr int kTries = 8;  // each fails only when the operation went on in between
  uint32_t closed = 0;
  const uint32_t touched = store.operations.touched();
  for (uint32_t index = 0; index < touched; ++index) {
    const Operation& operation = *store.operations.at(index);
    for (int i = 0; i < kTries; ++i) {
      const Lifetime::Glance seen = operation.life.glance();
      const uint32_t its = operation.communicator.load(std::memory_order_relaxed);
      if (!seen.in_use() || (communicator != kNoSlot && its != communicator)) {
        break;
      }
      if (close(store, index, seen, ring, conclusion_of(operation, store.communicators[its], seen), now_ns)) {
        if (++closed % kClosedAtOnce == 0) {
          drain();
        }
        break;
      }
    }
  }
}

}  // namespace stepscope::collector::nccl
