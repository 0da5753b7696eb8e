// SPDX-License-Identifier: Apache-2.0
//
// What CUPTI calls: for buffers, and when something happens that we asked to be told of. On the program's threads and CUPTI's
// own, sometimes under CUPTI's locks: no lock of ours is waited for, nothing is allocated, FlushAll is never called.
#include <stdlib.h>

#include "collector/clock.hpp"
#include "collector/drain_thread.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/cupti/buffer_walk.hpp"
#include "collector/sources/cupti/source_state.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector::cupti {
namespace {

// ---- buffers ----

void give_buffer(uint8_t** buffer, size_t* size, size_t* max_records) noexcept {
  *buffer = state().pool.request(*size);
  *max_records = 0;
}

// Counts what a spare buffer holds and frees it: the memory budget is used up.
void count_spare(uint8_t* buffer, size_t valid) noexcept {
  SourceState& s = state();
  uint64_t records = 0;
  const void* record = nullptr;
  while ((record = next_record(nullptr, buffer, valid, record)) != nullptr) {
    ++records;
  }
  s.spare_records.fetch_add(records, std::memory_order_relaxed);
  s.pool.give_back_spare(buffer, valid);
}

void take_buffer(uint8_t* buffer, size_t valid) noexcept {
  SourceState& s = state();
  switch (s.pool.complete(buffer, valid)) {
    case BufferPool::Owner::kPool:
    case BufferPool::Owner::kLast:
      return;
    case BufferPool::Owner::kSpare:
      count_spare(buffer, valid);
      return;
    case BufferPool::Owner::kStranger:
      s.strange_buffers.fetch_add(1, std::memory_order_relaxed);
      return;
  }
}

void on_requested(uint8_t** buffer, size_t* size, size_t* max_records) {
  give_buffer(buffer, size, max_records);
}
void on_completed(void*, uint32_t, uint8_t* buffer, size_t, size_t valid) {
  take_buffer(buffer, valid);
}
void on_requested_v2(uint8_t** buffer, size_t* size, size_t* max_records, void*) {
  give_buffer(buffer, size, max_records);
}
void on_completed_v2(uint8_t* buffer, size_t, size_t valid, const abi::CompletedInfo* info) {
  SourceState& s = state();
  if (s.subscription.chooses_fields()) {
    s.described.note(info);  // first: who takes the buffer must know how to read it
  }
  take_buffer(buffer, valid);
}

// ---- events ----

void on_process_exit(int, void*) noexcept {
  flush_sources_at_exit();
}

// libcuda registers its own exit handlers while it initialises; those registered later run earlier. So ours has to be
// registered when there is a context.
void register_exit() noexcept {
  if (!state().exit_registered.exchange(true)) {
    on_exit(on_process_exit, nullptr);
  }
}

void mark(const char* name) noexcept {
  if (EventScope scope(Door::kOwn); scope) {
    const int64_t values[] = {now_ns(), intern_cached(name, strlen(name)), 0, 0, 0, 0, 0};
    scope.push(trace::Kind::kInstant, 0, values, 7);
  }
}

// cudaProfilerStart and Stop are rare; whoever finds the list being written leaves it to the other.
void change_window(bool begin) noexcept {
  SourceState& s = state();
  if (!s.windows.active || s.window_lock.exchange(true, std::memory_order_acquire)) {
    return;
  }
  Windows& windows = s.windows;
  const bool open = windows.count > 0 && windows.spans[windows.count - 1].end_ns == INT64_MAX;
  const int64_t now = s.subscription.now_ns();
  if (begin && !open && windows.count < Windows::kMax) {
    windows.spans[windows.count] = {now, INT64_MAX};
    __atomic_store_n(&windows.count, windows.count + 1, __ATOMIC_RELEASE);
  } else if (!begin && open) {
    __atomic_store_n(&windows.spans[windows.count - 1].end_ns, now, __ATOMIC_RELAXED);
  }
  s.window_lock.store(false, std::memory_order_release);
}

// The first parameter of cudaGraphLaunch and cuGraphLaunch is the executable graph.
void on_graph_launch(const abi::CallbackData& call) noexcept {
  SourceState& s = state();
  void* graph_exec = nullptr;
  if (call.function_params == nullptr) {
    return;
  }
  memcpy(&graph_exec, call.function_params, sizeof(graph_exec));
  uint32_t id = 0;
  const auto graph_exec_id = s.subscription.functions().graph_exec_id;
  const bool known = graph_exec_id != nullptr && graph_exec_id(graph_exec, &id) == abi::kSuccess && id != 0;
  switch (s.graphs.on_launch(known ? id : reinterpret_cast<uintptr_t>(graph_exec))) {
    case GraphPolicy::Turn::kNone:
      return;
    case GraphPolicy::Turn::kToNodes:
      (void)s.subscription.disable(abi::kGraphTrace);
      return;
    case GraphPolicy::Turn::kToLaunches:
      if (s.subscription.enable(abi::kGraphTrace) != abi::kSuccess) {
        s.graphs.give_up();
      } else if (s.phase.load(std::memory_order_acquire) != Phase::kRunning) {
        (void)s.subscription.disable(abi::kGraphTrace);  // given back to another tool meanwhile
      }
      return;
  }
}

// Inside a runtime call that we are told of: the driver's call below it is the same thing, told again.
__thread bool t_in_runtime_call = false;

void on_api(uint32_t id, bool runtime, const abi::CallbackData& call) noexcept {
  const bool enter = call.callback_site == abi::kApiEnter;
  if (runtime) {
    t_in_runtime_call = enter;
  } else if (t_in_runtime_call) {
    return;
  }
  if (id == (runtime ? abi::kRuntimeProfilerStart : abi::kDriverProfilerStart)) {
    if (!enter) {
      mark("cudaProfilerStart");
      change_window(true);
    }
  } else if (id == (runtime ? abi::kRuntimeProfilerStop : abi::kDriverProfilerStop)) {
    if (enter) {
      mark("cudaProfilerStop");
      change_window(false);
    }
  } else if (enter) {
    on_graph_launch(call);
  }
}

void on_event(void*, int domain, uint32_t id, const void* data) {
  SourceState& s = state();
  if (domain == abi::kState && id == abi::kFatalError) {
    s.fatal.store(true, std::memory_order_release);
  } else if (!s.may_call()) {
    return;
  } else if (domain == abi::kResource && id == abi::kContextCreated) {
    register_exit();
  } else if (domain == abi::kResource && id == abi::kModuleUnloadStarting) {
    s.code_unloaded.store(true, std::memory_order_release);
  } else if ((domain == abi::kRuntimeApi || domain == abi::kDriverApi) && data != nullptr) {
    register_exit();
    on_api(id, domain == abi::kRuntimeApi, *static_cast<const abi::CallbackData*>(data));
  }
}

}  // namespace

Callbacks callbacks() noexcept {
  return {on_event, on_requested, on_completed, on_requested_v2, on_completed_v2};
}

}  // namespace stepscope::collector::cupti
