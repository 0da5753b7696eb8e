// SPDX-License-Identifier: Apache-2.0
//
// What is remembered about one DataLoader iterator between its events: the times of its tasks in flight.
//
// The memory belongs to a Python object, the iterator's attribute, which is a number as well: the address. Whoever uses the state holds
// that object. Touched by the threads that hold the GIL: the consumer's, and the one that pins.
// Times: ns of CLOCK_MONOTONIC_RAW. No lock, no allocation.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::collector::python {

struct LoaderTask {
  int64_t number;  // -1: none
  int64_t dispatched_ns, arrived_ns;
  int64_t worker;     // -1: unknown
  int64_t pinned_ns;  // how long the copy to pinned memory took
};

struct LoaderState {
  int64_t loader;   // key of the loader: column `loader`
  int64_t epoch;    // of a persistent loader
  int64_t workers;  // 0: batches are made by next() itself
  int64_t flags;    // column `flags` of batch
  bool in_order;    // batches are handed over in the order of their tasks
  uint32_t slots;   // of `tasks`, a power of two; task n is remembered in slot n % slots

  int64_t next_task = 0;  // workers = 0: number of the batch that comes next
  int64_t received = 0;   // the iterator's own count of batches at the end of the last next(); -1: not known
  int64_t sent = 0;       // its count of tasks put to workers' queues, as far as their times are noted
  // For each batch handed over one task is put, as it seems: both counts are known without asking the iterator.
  bool one_for_one = false;
  bool in_turn = false;  // task n is worker n % workers', as it seems
  int64_t begun_ns = 0;  // the epoch, before its first tasks were put
  // Nothing was put before this since the last next(): the last arrival, or the start of the next() under way.
  int64_t turned_ns = 0;
  bool worker_ended = false;  // in the next() under way: a task may have been put in its middle
  int64_t last_arrived = -1;  // task
  int64_t failures = 0;       // times that something could not be read from the iterator
  int64_t out_of_order = 0;   // batches that arrived since the last next() and cannot be handed over yet

  // Followed by `slots` tasks.
  [[nodiscard]] LoaderTask* tasks() noexcept { return reinterpret_cast<LoaderTask*>(this + 1); }

  static constexpr int64_t kAskedEvery = 32;
  // Whether the counts after the next() that follows count `before` need not be asked for. Now and then they are, since somebody may take
  // batches by other ways. A task put too much at the end is one that never arrives.
  [[nodiscard]] bool may_count_on(int64_t before) const noexcept {
    return one_for_one && before >= 0 && before % kAskedEvery != 0;
  }

  // Whose task `number` is, where that need not be asked for; -1: ask. Now and then it is, as above, and where the task may be one of
  // the epoch before.
  [[nodiscard]] int64_t worker_of(int64_t number) const noexcept {
    return in_turn && number < sent && number % kAskedEvery != 0 ? number % workers : -1;
  }

  // Slots for so many tasks in flight, and the bytes of a state with them.
  [[nodiscard]] static uint32_t slots_for(int64_t in_flight) noexcept;
  [[nodiscard]] static size_t bytes(uint32_t slots) noexcept;
  // A new epoch begins, or the first: forgets all tasks. loader, epoch, workers, flags, in_order and slots are set.
  void begin() noexcept;

  // The slot of task `number`, a free one if it has none; when there is no free one, another task is forgotten: at most half are
  // used, unless batches were handed over unseen. Never null for a number that is not negative.
  [[nodiscard, gnu::hot]] LoaderTask* claim(int64_t number) noexcept;
  // The slot of task `number` if it is still remembered.
  [[nodiscard, gnu::hot]] LoaderTask* find(int64_t number) noexcept;

 private:
  [[nodiscard]] LoaderTask* slot(uint64_t number) noexcept { return tasks() + number % slots; }
};

}  // namespace stepscope::collector::python
