// SPDX-License-Identifier: Apache-2.0
#include "collector/clock.hpp"
#include "collector/exports.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/python/fetch_row.hpp"
#include "collector/sources/python/interpreter.hpp"
#include "collector/sources/python/loader_state.hpp"
#include "collector/sources/python/wrappers.hpp"
#include "collector/thread_state.hpp"
#include "trace/kinds.hpp"

namespace stepscope::collector::python {
namespace {

void* call(void* original, void* arguments, void* keywords) noexcept {
  return interpreter().call(original, arguments, keywords);
}

// The state of the iterator that a method is called on; null when it is not recorded. `name`: of the attribute with its address.
LoaderState* state_of(void* iterator, void* name) noexcept {
  int64_t address = 0;
  if (iterator == nullptr || !number_attribute(iterator, name, address)) {
    return nullptr;
  }
  return reinterpret_cast<LoaderState*>(address);
}

// The iterator is not what the hooks took it for, and part of a batch could not be read.
void unread(const char* counter) noexcept {
  stepscope_get_api()->loss(counter, 1);
}
constexpr const char* kNextUnread = "python.dataloader.next";
constexpr const char* kQueueUnread = "python.dataloader.queue";

struct BatchTimes {
  int64_t start_ns, dispatch_ns, arrive_ns, pin_ns;
};

void write_batch(const LoaderState& loader, int64_t task, int64_t worker, const BatchTimes& at,
                 const FetchUsage& used, int64_t flags) noexcept {
  if (EventScope scope(Door::kOwn); scope) {
    const int64_t row[] = {at.start_ns,
                           now_ns() - at.start_ns,
                           loader.loader,
                           loader.epoch,
                           task,
                           worker,
                           loader.workers,
                           at.dispatch_ns,
                           at.arrive_ns,
                           at.pin_ns,
                           loader.out_of_order,
                           used.end_ns - used.start_ns,
                           used.collate_ns,
                           used.items,
                           loader.flags | flags};
    scope.push(trace::Kind::kBatch, 0, row, sizeof(row) / sizeof(row[0]));
  }
}

// A batch that next() made itself, and its fetch.
void write_made(LoaderState& loader, int64_t start_ns, int64_t flags) noexcept {
  FetchUsage used = thread_state().fetch.usage();
  const int64_t task = loader.next_task++;
  if (used.start_ns < start_ns) {  // the sampler or the dataset ended: nothing was fetched
    used = {};
  } else if (flags == 0) {
    write_fetch({false, loader.loader, loader.epoch, -1, task, used.start_ns}, used);
  }
  const int64_t dispatch_ns = loader.index_ns != 0 ? loader.index_ns : used.start_ns;
  write_batch(loader, task, -1, {start_ns, dispatch_ns, used.end_ns, 0}, used, flags);
}

// A batch that a worker made; `received`: the iterator's count of batches, this one included.
void write_received(LoaderState& loader, int64_t received, int64_t start_ns) noexcept {
  const int64_t number = loader.in_order ? received - 1 : loader.last_arrived;
  LoaderTask task{number, 0, 0, -1, 0};
  if (LoaderTask* known = loader.find(number)) {
    task = *known;
    known->number = -1;
  }
  write_batch(loader, number, task.worker, {start_ns, task.dispatched_ns, task.arrived_ns, task.pinned_ns},
              {}, 0);
  loader.out_of_order = 0;
}

// The next() that found the loader at its end.
void write_last(LoaderState& loader, int64_t received, int64_t start_ns) noexcept {
  if (loader.workers == 0) {
    write_made(loader, start_ns, trace::kBatchLast);
    return;
  }
  write_batch(loader, received, -1, {start_ns, 0, 0, 0}, {}, trace::kBatchLast);
  loader.out_of_order = 0;
}

// True when this process is recorded, or is now: a forked child wakes when it takes its first batch.
bool awake(void* self) noexcept {
  if (is_recording()) {
    return true;
  }
  if (const Owned result(call(tuple_item(self, 1), tuple_item(self, 2), nullptr)); !result) {
    interpreter().error_clear();
  }
  return is_recording();
}

// next() returned `batch`, or raised; writes what that was.
void note_next(void* self, void* iterator, LoaderState& loader, void* batch, int64_t start_ns) noexcept {
  const bool ended = batch == nullptr && interpreter().error_matches(tuple_item(self, 5)) != 0;
  const ExceptionAside aside;  // nothing, when there is a batch
  int64_t received = 0;
  if (loader.workers != 0 && !number_attribute(iterator, tuple_item(self, 4), received)) {
    unread(kNextUnread);
    return;
  }
  if (ended) {
    write_last(loader, received, start_ns);
  } else if (loader.workers == 0) {
    if (batch != nullptr) {
      write_made(loader, start_ns, 0);
    }
  } else if (batch != nullptr || received > loader.received) {
    // An exception of the dataset takes the place of its batch; any other leaves the batch for later.
    write_received(loader, received, start_ns);
  }
  loader.received = received;
}

}  // namespace

void* loader_next(void* self, void* arguments, void* keywords) noexcept {
  void* original = tuple_item(self, 0);
  void* iterator = tuple_item(arguments, 0);
  LoaderState* loader = state_of(iterator, tuple_item(self, 3));
  DataLoading& loading = thread_state().loading;
  if (loader == nullptr || loading.makes_batches || loading.in_next || !awake(self)) {
    return call(original, arguments, keywords);
  }
  loading.in_next = true;
  loading.makes_batches = loader->workers == 0;
  ++loading.nexts;
  const int64_t start_ns = now_ns();
  void* batch = call(original, arguments, keywords);
  if (loading.in_next) {  // not in a child that was forked in between
    loading.in_next = loading.makes_batches = false;
    note_next(self, iterator, *loader, batch, start_ns);
  }
  return batch;
}

void* loader_next_index(void* self, void* arguments, void* keywords) noexcept {
  Owned index(call(tuple_item(self, 0), arguments, keywords));
  if (!index) {
    return nullptr;
  }
  void* iterator = tuple_item(arguments, 0);
  if (LoaderState* loader = state_of(iterator, tuple_item(self, 1))) {
    int64_t task = 0;
    if (loader->workers == 0) {
      loader->index_ns = now_ns();
    } else if (number_attribute(iterator, tuple_item(self, 2), task) && task >= 0) {
      loader->claim(task)->dispatched_ns = now_ns();
    } else {
      unread(kQueueUnread);
    }
  }
  return index.release();
}

void* loader_get_data(void* self, void* arguments, void* keywords) noexcept {
  Owned item(call(tuple_item(self, 0), arguments, keywords));
  if (!item) {
    return nullptr;
  }
  void* iterator = tuple_item(arguments, 0);
  LoaderState* loader = state_of(iterator, tuple_item(self, 1));
  int64_t number = 0;
  void* key = loader != nullptr && is_tuple(item.get()) ? tuple_item(item.get(), 0) : nullptr;
  if (!number_of(key, number) || number < 0) {
    return item.release();
  }
  LoaderTask* task = loader->claim(number);
  task->arrived_ns = now_ns();
  loader->last_arrived = number;
  const Owned tasks(interpreter().get_attribute(iterator, tuple_item(self, 3)));
  const Owned entry(tasks ? interpreter().get_item(tasks.get(), key) : nullptr);
  if (!entry || !number_of(tuple_item(entry.get(), 0), task->worker)) {
    interpreter().error_clear();
    unread(kQueueUnread);
  }
  int64_t received = 0;
  if (loader->in_order && number_attribute(iterator, tuple_item(self, 2), received) && received != number) {
    int64_t is_batch = 0;
    const Owned answer(call(tuple_item(self, 4), item.get(), nullptr));
    if (!answer) {
      interpreter().error_clear();
    } else if (number_of(answer.get(), is_batch)) {
      loader->out_of_order += is_batch;
    }
  }
  return item.release();
}

void* pin_get(void* self, void* arguments, void* keywords) noexcept {
  void* item = call(tuple_item(self, 0), arguments, keywords);
  thread_state().loading.pin_taken_ns = now_ns();
  return item;
}

void* pin_put(void* self, void* arguments, void* keywords) noexcept {
  int64_t address = 0, number = 0;
  void* item = tuple_item(arguments, 0);
  if (item != nullptr && is_tuple(item) && number_of(tuple_item(item, 0), number) && number >= 0 &&
      number_of(tuple_item(self, 1), address) && address != 0) {
    LoaderTask* task = reinterpret_cast<LoaderState*>(address)->claim(number);
    task->pinned_ns = now_ns() - thread_state().loading.pin_taken_ns;
  }
  return call(tuple_item(self, 0), arguments, keywords);
}

}  // namespace stepscope::collector::python
