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

// Items of `self` (wrappers.hpp). The first five are the same for both; what follows is loader_next's, or loader_get_data's.
enum Item : intptr_t {
  kOriginal,
  kStateName,
  kStateType,
  kReceivedName,
  kSentName,
  kWake = kSentName + 1,
  kStopIteration,
  kTasksName = kSentName + 1,
  kTypeNameName,
  kEndName
};

// The state of the iterator that a method is called on, held for as long as this lives; none when it is not recorded.
class StateOf {
 public:
  StateOf(void* self, void* iterator) noexcept : object_(attribute(self, iterator)) {
    int64_t address = 0;
    if (object_ && is_exactly(object_.get(), own_item(self, kStateType)) &&
        number_of(object_.get(), address)) {
      state_ = reinterpret_cast<LoaderState*>(address);
    }
  }

  [[nodiscard]] LoaderState* get() const noexcept { return state_; }

 private:
  // Null when the next() under way on this thread is the iterator's: it holds the state, and there is nothing to look up.
  void* attribute(void* self, void* iterator) noexcept {
    const DataLoading& loading = thread_state().loading;
    if (iterator == nullptr) {
      return nullptr;
    }
    if (loading.iterator == iterator) {
      state_ = static_cast<LoaderState*>(loading.loader);
      return nullptr;
    }
    void* object = interpreter().get_attribute(iterator, own_item(self, kStateName));
    if (object == nullptr) {
      interpreter().error_clear();
    }
    return object;
  }

  LoaderState* state_ = nullptr;  // first: attribute() may set it
  Owned object_;
};

// The iterator is not what the hooks took it for, and part of a batch could not be read. Counted a few times per iterator, since
// that takes a lock.
void unread(LoaderState& loader, const char* counter) noexcept {
  constexpr int64_t kMaxCounted = 8;
  if (loader.failures++ < kMaxCounted) {
    stepscope_get_api()->loss(counter, 1);
  }
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
  write_batch(loader, task, -1, {start_ns, used.start_ns, used.end_ns, 0}, used, flags);
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

// The iterator put tasks to the workers' queues since this was asked last, and none before `at_ns`. Asked around a next(), not where it
// happens: one wrapper less on the way of every batch.
void note_dispatched(void* self, void* iterator, LoaderState& loader, int64_t at_ns) noexcept {
  int64_t sent = 0;
  if (!number_attribute(iterator, own_item(self, kSentName), sent) || sent < 0) {
    unread(loader, kQueueUnread);
    return;
  }
  // After next() calls that were not seen there may be more than the slots hold, and some that have been handed over.
  int64_t task = loader.sent > loader.received ? loader.sent : loader.received;
  if (task < sent - loader.slots) {
    task = sent - loader.slots;
  }
  for (; task < sent; ++task) {
    loader.claim(task)->dispatched_ns = at_ns;
  }
  loader.sent = sent;
}

enum class Outcome { kBatch, kEnd, kException };

// What a next() was: writes it. Without an exception on its way.
void note_next(void* self, void* iterator, LoaderState& loader, Outcome outcome, int64_t start_ns) noexcept {
  const int64_t before = loader.received;
  int64_t received = 0;
  if (outcome == Outcome::kBatch && loader.may_count_on(before)) {
    received = before + 1;
    if (LoaderTask* put = loader.claim(loader.sent++)) {
      put->dispatched_ns = loader.turned_ns;
    }
  } else if (loader.workers != 0) {
    if (!number_attribute(iterator, own_item(self, kReceivedName), received)) {
      unread(loader, kNextUnread);
      return;
    }
    note_dispatched(self, iterator, loader, loader.turned_ns);
  }
  loader.received = received;
  if (outcome == Outcome::kEnd) {
    write_last(loader, received, start_ns);
  } else if (loader.workers == 0) {
    if (outcome == Outcome::kBatch) {
      write_made(loader, start_ns, 0);
    }
  } else if (outcome == Outcome::kBatch || received > before) {
    // An exception of the dataset takes the place of its batch; any other leaves the batch for later.
    write_received(loader, received, start_ns);
  }
}

// A task that came back from a worker; `item`: (task, data), `key`: the task as Python has it.
void note_arrival(void* self, void* iterator, LoaderState& loader, void* item, void* key,
                  int64_t number) noexcept {
  int64_t worker = loader.worker_of(number), sent = 0, received = 0;
  if (worker < 0) {
    const Owned tasks(interpreter().get_attribute(iterator, own_item(self, kTasksName)));
    const Owned entry(tasks ? interpreter().get_item(tasks.get(), key) : nullptr);
    if (!entry || !number_of(tuple_item(entry.get(), 0), worker)) {
      interpreter().error_clear();
      // A persistent loader's new epoch takes what is left of the last one, which the iterator has forgotten.
      if (!number_attribute(iterator, own_item(self, kSentName), sent) || number < sent) {
        unread(loader, kQueueUnread);
      }
      return;
    }
    if (loader.workers != 0 && worker != number % loader.workers) {
      loader.in_turn = false;
    }
  }
  if (number >= loader.sent) {
    loader.one_for_one = false;
  }
  LoaderTask* task = loader.claim(number);
  task->arrived_ns = now_ns();
  task->worker = worker;
  loader.last_arrived = number;
  const bool iterable = (loader.flags & trace::kBatchIterable) != 0;
  if (iterable &&
      type_is_called(tuple_item(item, 1), own_item(self, kTypeNameName), own_item(self, kEndName))) {
    loader.worker_ended = true;
    return;
  }
  if (!loader.worker_ended) {
    loader.turned_ns = task->arrived_ns;
  }
  // The iterator itself is asked where it may have passed over tasks of workers that ended.
  if (loader.in_order && number != loader.received &&
      number_attribute(iterator, own_item(self, kReceivedName), received) && received != number) {
    ++loader.out_of_order;
  }
}

}  // namespace

void* loader_next(void* self, void* const* items, intptr_t count, void* names) noexcept {
  void* original = own_item(self, kOriginal);
  void* iterator = count > 0 ? items[0] : nullptr;
  const StateOf state(self, iterator);
  LoaderState* loader = state.get();
  if (loader == nullptr) {
    return call(original, {items, count, names});
  }
  DataLoading& loading = thread_state().loading;
  if (loading.makes_batches || loading.in_next) {
    loader->received = -1;
    return call(original, {items, count, names});
  }
  if (!is_recording()) {  // a forked child wakes when it takes its first batch
    const Owned awake(call(own_item(self, kWake), {nullptr, 0, nullptr}));
    if (!awake) {
      return nullptr;  // what a signal handler of the program raised
    }
    if (!is_recording()) {
      return call(original, {items, count, names});
    }
  }
  if (loader->received < 0) {  // next() calls that were not seen may have put tasks
    if (!number_attribute(iterator, own_item(self, kReceivedName), loader->received)) {
      loader->received = 0;
    }
    if (loader->sent != 0) {
      note_dispatched(self, iterator, *loader, now_ns());
    }
  }
  if (loader->sent == 0 && loader->workers != 0) {
    note_dispatched(self, iterator, *loader, loader->begun_ns);
  }
  loading.in_next = true;
  loading.makes_batches = loader->workers == 0;
  loading.iterator = iterator;
  loading.loader = loader;
  ++loading.nexts;
  const int64_t start_ns = now_ns();
  loader->turned_ns = start_ns;
  loader->worker_ended = false;
  void* batch = call(original, {items, count, names});
  if (loading.in_next) {  // not in a child that was forked in between
    loading.in_next = loading.makes_batches = false;
    loading.iterator = loading.loader = nullptr;
    if (batch != nullptr) {
      note_next(self, iterator, *loader, Outcome::kBatch, start_ns);
    } else {
      const bool ended = interpreter().error_matches(own_item(self, kStopIteration)) != 0;
      const ExceptionAside aside;
      note_next(self, iterator, *loader, ended ? Outcome::kEnd : Outcome::kException, start_ns);
    }
  }
  return batch;
}

void* loader_get_data(void* self, void* const* items, intptr_t count, void* names) noexcept {
  void* item = call(own_item(self, kOriginal), {items, count, names});
  if (item == nullptr) {
    return nullptr;
  }
  void* iterator = count > 0 ? items[0] : nullptr;
  const StateOf state(self, iterator);
  int64_t number = 0;
  void* key = state.get() != nullptr ? tuple_item(item, 0) : nullptr;
  if (number_of(key, number) && number >= 0) {
    note_arrival(self, iterator, *state.get(), item, key, number);
  }
  return item;
}

void* pin_get(void* self, void* const* items, intptr_t count, void* names) noexcept {
  void* item = call(own_item(self, 0), {items, count, names});
  thread_state().loading.pin_taken_ns = now_ns();
  return item;
}

void* pin_put(void* self, void* const* items, intptr_t count, void* names) noexcept {
  int64_t address = 0, number = 0;
  void* item = count > 0 ? items[0] : nullptr;
  if (item != nullptr && number_of(tuple_item(item, 0), number) && number >= 0 &&
      number_of(own_item(self, 1), address)) {
    LoaderTask* task = reinterpret_cast<LoaderState*>(address)->claim(number);
    task->pinned_ns = now_ns() - thread_state().loading.pin_taken_ns;
  }
  return call(own_item(self, 0), {items, count, names});
}

}  // namespace stepscope::collector::python
