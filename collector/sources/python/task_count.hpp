// SPDX-License-Identifier: Apache-2.0
//
// TaskCount: which task a worker is at, without looking at each.
//
// The iterator of a map-style loader that hands over in order gives its tasks to the workers in turn: a worker's come at equal
// distances. Once a few have come so, the worker's queue is left alone, since what stands in its way costs as much as all else that a
// fetch is recorded with; every 32nd task is looked at again. One that is not the expected one ends the counting for good: the
// caller counts a loss, for at most 31 rows before it may have the number of another task.
// All zero at the start. One thread. No lock, no allocation, no system call.
#pragma once

#include <stdint.h>

namespace stepscope::collector::python {

class TaskCount {
 public:
  // `worker`: the number of the worker, which is that of its first task in each epoch. Nothing, after a mistake.
  void allow(int64_t worker) noexcept;

  enum class Saw : uint8_t { kLook, kCount, kMistaken };
  // The queue gave `task`. kCount: it may be left alone from now on, until next() ends the counting.
  [[gnu::hot]] Saw saw(int64_t task) noexcept;

  // Whether the queue is left alone.
  [[nodiscard]] bool is_counting() const noexcept { return ahead_ > 0; }
  // A fetch begins: the number of its task, or -1 when that is what saw() was told. Where is_counting() is false afterwards, the next
  // task is to be looked at.
  [[gnu::hot]] int64_t next() noexcept;
  // The next task is the first one of another epoch.
  void new_epoch() noexcept { last_ = worker_ - stride_; }

 private:
  int64_t worker_ = 0;
  int64_t last_ = 0;    // task
  int64_t stride_ = 0;  // from a task to the next
  int32_t equal_ = 0;   // times in a row that it was this
  int32_t ahead_ = 0;   // tasks that are counted before one is looked at
  bool allowed_ = false;
  bool mistaken_ = false;
  bool seen_ = false;       // the task of the fetch to come
  bool predicted_ = false;  // the next task to be looked at is known
};

// The queue that a worker takes its tasks from, as far as they may be counted.
struct WorkerQueue {
  TaskCount tasks;
  // Whose `get` is worker_get, held by the worker's loop; null: every task is looked at.
  void* object = nullptr;
  bool resumed = false;  // what it gave last is that another epoch begins
  void* own = nullptr;   // worker_get's tuple, which `object` holds
};

}  // namespace stepscope::collector::python
