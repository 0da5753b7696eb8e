// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/python/methods.hpp"

#include "collector/exports.hpp"
#include "collector/sources/python/fetch_row.hpp"
#include "collector/sources/python/interpreter.hpp"
#include "collector/sources/python/loader_state.hpp"
#include "collector/sources/python/method_object.hpp"
#include "collector/sources/python/wrappers.hpp"
#include "collector/text.hpp"
#include "collector/thread_state.hpp"
#include "trace/kinds.hpp"

namespace stepscope::collector::python {
namespace {

constexpr intptr_t kMaxArguments = 2 + static_cast<intptr_t>(trace::kMaxColumns) + 1;  // one more: too many

// CPython's METH_ flags.
constexpr int kKeywords = 0x2, kFastcall = 0x80;

void* number(int64_t value) noexcept {
  return interpreter().from_long_long(value);
}

// The first arguments as numbers, 0 where there are fewer; false when one is not a number, with Python's exception set.
template <size_t N>
bool numbers(void* const* arguments, intptr_t count, int64_t (&out)[N]) noexcept {
  for (intptr_t i = 0; i < count && i < static_cast<intptr_t>(N); ++i) {
    out[i] = interpreter().as_long_long(arguments[i]);
    if (out[i] == -1 && interpreter().error_occurred() != nullptr) {
      return false;
    }
  }
  return true;
}

void* emit(void*, void* const* arguments, intptr_t count) noexcept {
  int64_t in[kMaxArguments] = {};
  if (!numbers(arguments, count, in)) {
    return nullptr;
  }
  const int64_t kind = in[0], lane = in[1];
  const intptr_t given = count < kMaxArguments ? count : kMaxArguments;
  const bool sensible = kind >= 0 && kind <= UINT16_MAX && lane >= 0 && lane <= UINT32_MAX;
  // Kind 0 is none: it is counted there as what it is.
  stepscope_get_api()->emit(sensible ? static_cast<uint32_t>(kind) : 0,
                            sensible ? static_cast<uint32_t>(lane) : 0, in + 2,
                            given > 2 ? static_cast<uint32_t>(given - 2) : 0);
  return number(0);
}

void* fetch_worker(void*, void* const* arguments, intptr_t count) noexcept {
  int64_t in[5] = {};
  if (!numbers(arguments, count, in)) {
    return nullptr;
  }
  ThreadState& thread = thread_state();
  thread.worker_queue = {};
  if (in[2] >= 0 && in[3] != 0) {
    thread.worker_queue.object = reinterpret_cast<void*>(in[3]);
    if (in[4] == 0) {
      thread.worker_queue.tasks.allow(in[2]);
    }
  }
  thread.loading.makes_batches = in[2] >= 0;
  thread.fetch_task = {in[2] >= 0, in[0], in[1], in[2], 0, 0};
  return number(0);
}

void* fetch_epoch(void*, void* const*, intptr_t) noexcept {
  ThreadState& thread = thread_state();
  WorkerQueue& queue = thread.worker_queue;
  if (thread.loading.fetch_depth != 0) {  // another loader's, within the dataset
    return number(0);
  }
  if (queue.tasks.is_counting()) {
    ++thread.fetch_task.epoch;
    queue.tasks.new_epoch();
  } else if (queue.object != nullptr && queue.resumed) {  // so each epoch will tell, looked at or not
    queue.tasks.allow(thread.fetch_task.worker);
  }
  return number(0);
}

void* loading(void*, void* const*, intptr_t) noexcept {
  const DataLoading& is = thread_state().loading;
  return number(is.nexts << 3 | (is.makes_batches ? 4 : 0) | (is.fetch_depth > 0 ? 2 : 0) |
                (is.in_next ? 1 : 0));
}

void* loader_bytes(void*, void* const* arguments, intptr_t count) noexcept {
  int64_t in[1] = {};
  if (!numbers(arguments, count, in)) {
    return nullptr;
  }
  return number(static_cast<int64_t>(LoaderState::bytes(LoaderState::slots_for(in[0]))));
}

void* loader_begin(void*, void* const* arguments, intptr_t count) noexcept {
  int64_t in[7] = {};
  if (!numbers(arguments, count, in)) {
    return nullptr;
  }
  const auto& [address, in_flight, loader, epoch, workers, flags, in_order] = in;
  if (auto* state = reinterpret_cast<LoaderState*>(address)) {
    const int64_t failures = state->failures;
    *state = {.loader = loader,
              .epoch = epoch,
              .workers = workers,
              .flags = flags,
              .in_order = in_order != 0,
              .slots = LoaderState::slots_for(in_flight)};
    state->failures = failures;
    state->begin();
  }
  return number(0);
}

void* loader_key(void*, void* const* arguments, intptr_t count) noexcept {
  int64_t in[2] = {};
  if (!numbers(arguments, count, in)) {
    return nullptr;
  }
  if (auto* state = reinterpret_cast<LoaderState*>(in[0])) {
    state->loader = in[1];
  }
  return number(0);
}

using Fast = void* (*)(void*, void* const*, intptr_t) noexcept;
using Wrapper = void* (*)(void*, void* const*, intptr_t, void*) noexcept;

struct Method {
  const char* name;
  Fast fast;  // one of the two
  Wrapper wrapper;
};
constexpr Method kMethods[] = {
    {"emit", emit, nullptr},
    {"fetch_worker", fetch_worker, nullptr},
    {"fetch_epoch", fetch_epoch, nullptr},
    {"loading", loading, nullptr},
    {"loader_bytes", loader_bytes, nullptr},
    {"loader_begin", loader_begin, nullptr},
    {"loader_key", loader_key, nullptr},
    {"loader_next", nullptr, loader_next},
    {"loader_get_data", nullptr, loader_get_data},
    {"pin_get", nullptr, pin_get},
    {"pin_put", nullptr, pin_put},
    {"worker_get", nullptr, worker_get},
    {"fetch", nullptr, fetch},
    {"collate", nullptr, collate},
};

}  // namespace

void* method(const char* name, const stepscope_python* python, int* flags) noexcept {
  if (name == nullptr || flags == nullptr || !set_interpreter(python)) {
    return nullptr;
  }
  *flags = 0;
  if (TextView(name).equals("method_call")) {
    return reinterpret_cast<void*>(method_call);
  }
  if (TextView(name).equals("method_get")) {
    return reinterpret_cast<void*>(method_get);
  }
  for (const Method& one : kMethods) {
    if (TextView(name).equals(one.name)) {
      *flags = one.fast != nullptr ? kFastcall : kFastcall | kKeywords;
      return one.fast != nullptr ? reinterpret_cast<void*>(one.fast) : reinterpret_cast<void*>(one.wrapper);
    }
  }
  return nullptr;
}

}  // namespace stepscope::collector::python
