// SPDX-License-Identifier: Apache-2.0
#include "collector/clock.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/python/batch_tokens.hpp"
#include "collector/sources/python/fetch_row.hpp"
#include "collector/sources/python/interpreter.hpp"
#include "collector/sources/python/wrappers.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector::python {
namespace {

void note_task(void* self, void* item) noexcept {
  FetchTask& of = thread_state().fetch_task;
  int64_t task = 0;
  if (number_of(tuple_item(item, 0), task)) {
    of.task = task;
    of.received_ns = now_ns();
  } else if (type_is_called(item, own_item(self, 1), own_item(self, 2))) {
    ++of.epoch;
  }
}

// How many tokens the batch has. A thread that trains asks one batch in five: where the caches are cold, that takes microseconds. Where
// some in a row did not say, one in 32 of those is asked: a miss is an exception of Python's.
void note_tokens(void* self, void* batch, ThreadState& thread) noexcept {
  constexpr int64_t kPatience = 8, kAskedEvery = 32, kAskedInTraining = 5;
  DataLoading& loading = thread.loading;
  if (batch == nullptr || (!thread.fetch_task.for_others && loading.batches_made++ % kAskedInTraining != 0)) {
    return;
  }
  int64_t& silent = loading.silent_batches;
  if (silent >= kPatience && ++silent % kAskedEvery != 0) {
    return;
  }
  const int64_t tokens = tokens_of(self, batch);
  silent = tokens > 0 ? 0 : silent + (silent < kPatience ? 1 : 0);
  thread.fetch.add_tokens(tokens);
}

}  // namespace

void* worker_get(void* self, void* const* items, intptr_t count, void* names) noexcept {
  void* item = call(own_item(self, 0), {items, count, names});
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
    thread.fetch.begin();
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
