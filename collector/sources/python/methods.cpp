// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/python/methods.hpp"

#include "collector/clock.hpp"
#include "collector/exports.hpp"
#include "collector/text.hpp"
#include "collector/thread_state.hpp"
#include "trace/kinds.hpp"

namespace stepscope::collector::python {
namespace {

constexpr intptr_t kMaxArguments = 2 + static_cast<intptr_t>(trace::kMaxColumns) + 1;  // one more: too many

// One interpreter's functions; every caller hands in the same.
constinit stepscope_python g_python{};

void* nothing() noexcept {
  return g_python.from_long_long(0);
}

// The first arguments as numbers, 0 where there are fewer; false when one is not a number, with Python's exception set.
template <size_t N>
bool numbers(void* const* arguments, intptr_t count, int64_t (&out)[N]) noexcept {
  for (intptr_t i = 0; i < count && i < static_cast<intptr_t>(N); ++i) {
    out[i] = g_python.as_long_long(arguments[i]);
    if (out[i] == -1 && g_python.error_occurred() != nullptr) {
      return false;
    }
  }
  return true;
}

void write(int64_t kind, int64_t lane, const int64_t* values, size_t count) noexcept {
  const bool sensible = kind >= 0 && kind <= UINT16_MAX && lane >= 0 && lane <= UINT32_MAX;
  // Kind 0 is none: it is counted there as what it is.
  stepscope_get_api()->emit(sensible ? static_cast<uint32_t>(kind) : 0,
                            sensible ? static_cast<uint32_t>(lane) : 0, values, static_cast<uint32_t>(count));
}

void* emit(void*, void* const* arguments, intptr_t count) noexcept {
  int64_t in[kMaxArguments] = {};
  if (!numbers(arguments, count, in)) {
    return nullptr;
  }
  const intptr_t given = count < kMaxArguments ? count : kMaxArguments;
  write(in[0], in[1], in + 2, given > 2 ? static_cast<size_t>(given - 2) : 0);
  return nothing();
}

void write_fetch(const FetchTask& of, const FetchUsage& used) noexcept {
  if (EventScope scope(Door::kOwn); scope) {
    const int64_t row[] = {used.start_ns,     used.end_ns - used.start_ns,
                           of.loader,         of.epoch,
                           of.task,           of.worker,
                           used.collate_ns,   of.received_ns,
                           used.end_ns,       used.cpu_ns,
                           used.runq_ns,      used.read_bytes,
                           used.major_faults, used.items,
                           used.throttled_ns};
    scope.push(trace::Kind::kBatchFetch, 0, row, sizeof(row) / sizeof(row[0]));
  }
}

void* fetch_worker(void*, void* const* arguments, intptr_t count) noexcept {
  int64_t in[3] = {};
  if (!numbers(arguments, count, in)) {
    return nullptr;
  }
  thread_state().fetch_task = {in[2] >= 0, in[0], in[1], in[2], 0, 0};
  return nothing();
}

void* fetch_task(void*, void* const* arguments, intptr_t count) noexcept {
  int64_t in[1] = {};
  if (!numbers(arguments, count, in)) {
    return nullptr;
  }
  FetchTask& of = thread_state().fetch_task;
  of.task = in[0];
  of.received_ns = now_ns();
  return nothing();
}

void* fetch_begin(void*, void* const*, intptr_t) noexcept {
  thread_state().fetch.begin();
  return nothing();
}

void* fetch_end(void*, void* const*, intptr_t) noexcept {
  ThreadState& thread = thread_state();
  thread.fetch.end();
  if (thread.fetch_task.for_others) {
    write_fetch(thread.fetch_task, thread.fetch.usage());
  }
  return nothing();
}

void* collate_begin(void*, void* const*, intptr_t) noexcept {
  thread_state().fetch.begin_collate();
  return nothing();
}

void* collate_end(void*, void* const* arguments, intptr_t count) noexcept {
  int64_t items[1] = {};
  if (!numbers(arguments, count, items)) {
    return nullptr;
  }
  thread_state().fetch.end_collate(items[0]);
  return nothing();
}

void* batch_emit(void*, void* const* arguments, intptr_t count) noexcept {
  int64_t in[6] = {};
  if (!numbers(arguments, count, in)) {
    return nullptr;
  }
  const auto [start, loader, epoch, task, dispatched, flags] = in;
  const int64_t end = now_ns();
  FetchUsage used = thread_state().fetch.usage();
  if (used.start_ns < start) {  // the sampler or the dataset ended: nothing was fetched
    used = {};
  } else if ((flags & trace::kBatchLast) == 0) {
    write_fetch({false, loader, epoch, -1, task, used.start_ns}, used);
  }
  const int64_t row[] = {start,
                         end - start,
                         loader,
                         epoch,
                         task,
                         -1,
                         0,
                         dispatched != 0 ? dispatched : used.start_ns,
                         used.end_ns,
                         0,
                         0,
                         used.end_ns - used.start_ns,
                         used.collate_ns,
                         used.items,
                         flags};
  write(static_cast<int64_t>(trace::Kind::kBatch), 0, row, sizeof(row) / sizeof(row[0]));
  return nothing();
}

struct Method {
  const char* name;
  stepscope_python_method function;
};
constexpr Method kMethods[] = {{"emit", emit},
                               {"fetch_worker", fetch_worker},
                               {"fetch_task", fetch_task},
                               {"fetch_begin", fetch_begin},
                               {"fetch_end", fetch_end},
                               {"collate_begin", collate_begin},
                               {"collate_end", collate_end},
                               {"batch_emit", batch_emit}};

}  // namespace

stepscope_python_method method(const char* name, const stepscope_python* python) noexcept {
  if (name == nullptr || python == nullptr || python->as_long_long == nullptr ||
      python->from_long_long == nullptr || python->error_occurred == nullptr) {
    return nullptr;
  }
  g_python = *python;
  for (const Method& one : kMethods) {
    if (TextView(name).equals(one.name)) {
      return one.function;
    }
  }
  return nullptr;
}

}  // namespace stepscope::collector::python
