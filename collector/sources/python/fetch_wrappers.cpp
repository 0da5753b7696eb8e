// SPDX-License-Identifier: Apache-2.0
#include "collector/clock.hpp"
#include "collector/exports.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/python/batch_tokens.hpp"
#include "collector/sources/python/fetch_row.hpp"
#include "collector/sources/python/interpreter.hpp"
#include "collector/sources/python/wrappers.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector::python {
namespace {

// Items of worker_get's tuple.
enum Item : intptr_t { kGet, kTypeNameName, kResumeName, kGetName, kWatchedName };

// Lets the queue alone: its own `get` instead of ours.
void look_away(void* self, WorkerQueue& queue) noexcept {
  queue.own = self;
  if (interpreter().set_attribute(queue.object, own_item(self, kGetName), own_item(self, kGet)) != 0) {
    interpreter().error_clear();
    queue = {};  // ours stays, and goes on looking
  }
}

void look_again(const WorkerQueue& queue) noexcept {
  const Owned watched(interpreter().get_attribute(queue.object, own_item(queue.own, kWatchedName)));
  if (!watched ||
      interpreter().set_attribute(queue.object, own_item(queue.own, kGetName), watched.get()) != 0) {
    interpreter().error_clear();
    stepscope_get_api()->loss("python.dataloader.task", 1);
  }
}

void note_task(void* self, void* item) noexcept {
  ThreadState& thread = thread_state();
  FetchTask& of = thread.fetch_task;
  int64_t task = 0;
  if (number_of(tuple_item(item, 0), task)) {
    of.task = task;
    of.received_ns = now_ns();
    thread.worker_queue.resumed = false;
    if (thread.worker_queue.object != nullptr) {
      switch (thread.worker_queue.tasks.saw(task)) {
        case TaskCount::Saw::kLook:
          break;
        case TaskCount::Saw::kCount:
          look_away(self, thread.worker_queue);
          break;
        case TaskCount::Saw::kMistaken:
          stepscope_get_api()->loss("python.dataloader.task", 1);
      }
    }
  } else if (type_is_called(item, own_item(self, kTypeNameName), own_item(self, kResumeName))) {
    ++of.epoch;
    thread.worker_queue.tasks.new_epoch();
    thread.worker_queue.resumed = true;
  }
}

// Where the queue was left alone, a fetch that begins says that a task was taken, an instant ago: nothing comes in between.
void count_task(ThreadState& thread, int64_t start_ns) noexcept {
  WorkerQueue& queue = thread.worker_queue;
  const int64_t task = queue.tasks.is_counting() ? queue.tasks.next() : -1;
  if (task < 0) {
    return;
  }
  thread.fetch_task.task = task;
  thread.fetch_task.received_ns = start_ns;
  if (!queue.tasks.is_counting()) {
    look_again(queue);
  }
}

// How many tokens the batch has. One batch in five is asked: where the caches are cold, that takes microseconds. Where some in a row did
// not say, one in 32 of those is asked: a miss is an exception of Python's.
void note_tokens(void* self, void* batch, ThreadState& thread) noexcept {
  constexpr int64_t kPatience = 8, kAskedOfSilent = 32, kAsked = 5;
  DataLoading& loading = thread.loading;
  if (batch == nullptr || loading.batches_made++ % kAsked != 0) {
    return;
  }
  int64_t& silent = loading.silent_batches;
  if (silent >= kPatience && ++silent % kAskedOfSilent != 0) {
    return;
  }
  const int64_t tokens = tokens_of(self, batch);
  silent = tokens > 0 ? 0 : silent + (silent < kPatience ? 1 : 0);
  thread.fetch.add_tokens(tokens);
}

}  // namespace

void* worker_get(void* self, void* const* items, intptr_t count, void* names) noexcept {
  void* item = call(own_item(self, kGet), {items, count, names});
  if (item != nullptr) {
    note_task(self, item);
  }
  return item;
}

void* fetch(void* self, void* const* items, intptr_t count, void* names) noexcept {
  ThreadState& thread = thread_state();
  void* original = own_item(self, 0);
  if (!thread.loading.makes_batches || !is_recording()) {
    return call(original, {items, count, names});
  }
  const int depth = ++thread.loading.fetch_depth;  // a data loader used by a dataset fetches within the fetch
  if (depth == 1) {
    const int64_t start_ns = thread.fetch.begin();
    count_task(thread, start_ns);
  }
  void* batch = call(original, {items, count, names});
  if (thread.loading.fetch_depth != depth) {  // in a child that was forked in between
    return batch;
  }
  thread.loading.fetch_depth = depth - 1;
  if (depth == 1) {
    thread.fetch.end();
    if (thread.fetch_task.for_others) {
      write_fetch(thread.fetch_task, thread.fetch.usage());
    }
  }
  return batch;
}

void* collate(void* self, void* const* items, intptr_t count, void* names) noexcept {
  ThreadState& thread = thread_state();
  void* original = own_item(self, 0);
  if (thread.loading.fetch_depth != 1) {
    return call(original, {items, count, names});
  }
  void* samples = count > 0 ? items[0] : nullptr;
  const int64_t length = samples != nullptr ? list_length(samples) : -1;
  const int64_t collated = length >= 0 ? length : 1;
  thread.fetch.begin_collate();
  void* batch = call(original, {items, count, names});
  if (thread.loading.fetch_depth == 1) {  // not in a child that was forked in between
    thread.fetch.end_collate(collated);
    note_tokens(self, batch, thread);
  }
  return batch;
}

}  // namespace stepscope::collector::python
