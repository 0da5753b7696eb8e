// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: what it does when the driver tells it something, on the thread that made the CUDA call. Callbacks
// of the tool run under no lock.
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <mutex>
#include <vector>

#include "tests/fakes/cuda/clock.hpp"
#include "tests/fakes/cuda/cupti_callback_data.hpp"
#include "tests/fakes/cuda/cupti_state.hpp"

namespace fakecuda {
namespace {

using Guard = std::lock_guard<std::recursive_mutex>;

constexpr size_t kExternalKinds = 8;
thread_local std::array<std::vector<uint64_t>, kExternalKinds> t_external;

// The CUDA calls this thread is in, and whether one of them is recorded or has a callback.
thread_local uint32_t t_calls = 0;
thread_local bool t_call_is_known = false;

bool enabled(ActivityKind kind) {
  return cupti().kinds[kind].load(std::memory_order_relaxed);
}

template <typename T>
void put(uint8_t* record, size_t offset, T value) {
  std::memcpy(record + offset, &value, sizeof(value));
}

void api_callback(ApiCall* call, uint32_t site) {
  if (!wants_callback(call->domain, call->cbid)) {
    return;
  }
  CallbackData data;
  data.site = site;
  data.function_name = call->name;
  data.function_params = call->params;
  data.function_return_value = &call->result;
  data.symbol_name = call->kernel;
  data.context = call->context;
  data.context_uid = call->context_id;
  data.correlation_data = &call->tool_data;
  data.correlation_id = call->correlation_id;
  call_back(call->domain, call->cbid, &data);
}

void api_enter(ApiCall* call) {
  bool recorded = cupti().recorded_apis[call->domain][call->cbid].load(std::memory_order_relaxed) != 0;
  call->scratch |= static_cast<uint64_t>(recorded) << cupti().index;
  ++t_calls;
  t_call_is_known = t_call_is_known || recorded || wants_callback(call->domain, call->cbid);
  api_callback(call, 0);
}

void write_api(const ApiCall& call, Owner& owner) {
  if (uint8_t* r = new_record(owner, call.domain == kDriverApi ? kDriver : kRuntime, kApiSize)) {
    put(r, api::kCbid, call.cbid);
    put(r, api::kStart, call.start_ns);
    put(r, api::kEnd, call.end_ns);
    put(r, api::kProcess, static_cast<uint32_t>(getpid()));
    put(r, api::kThread, thread_id());
    put(r, api::kCorrelation, call.correlation_id);
    put(r, api::kResult, static_cast<uint32_t>(call.result));
  }
}

void write_external(const ApiCall& call, Owner& owner) {
  for (uint32_t kind = 0; kind < kExternalKinds; ++kind) {
    if (t_external[kind].empty()) {
      continue;
    }
    if (uint8_t* r = new_record(owner, kExternalCorrelation, kExternalSize)) {
      put(r, external::kExternalKind, kind);
      put(r, external::kExternalId, t_external[kind].back());
      put(r, external::kCorrelation, call.correlation_id);
    }
  }
}

void api_exit(ApiCall* call) {
  if ((call->scratch >> cupti().index & 1) != 0) {
    Guard guard(cupti().lock);
    Owner& owner = owner_of_this_thread();
    if (enabled(kExternalCorrelation)) {
      write_external(*call, owner);
    }
    write_api(*call, owner);
  }
  api_callback(call, 1);
  if (--t_calls == 0) {
    t_call_is_known = false;
  }
  tell_fatal();
}

bool recorded(WorkType type) {
  switch (type) {
    case WorkType::kKernel:
      return enabled(kConcurrentKernel);
    case WorkType::kMemcpy:
      return enabled(kMemcpy);
    case WorkType::kPeerCopy:
      return enabled(kMemcpy2);
    case WorkType::kMemset:
      return enabled(kMemset);
  }
  return false;
}

void add_pending(const Execution& execution, bool is_graph) {
  Cupti& state = cupti();
  state.pending.push_back({execution, &owner_of_this_thread(), is_graph});
  state.pending.back().execution.correlation_id = correlation_of(execution.correlation_id);
  if (state.pending.size() % state.device_buffer_records == 0) {
    collect(false);
  }
}

void on_execution(const Execution* execution) {
  if (recorded(execution->work.type)) {
    Guard guard(cupti().lock);
    add_pending(*execution, false);
  }
}

// Graph level excludes node level, as in CUPTI.
void on_graph_launch(const GraphLaunch* launch) {
  Guard guard(cupti().lock);
  if (launch->count == 0) {
    return;
  }
  if (enabled(kGraphTrace)) {
    Execution whole = launch->nodes[0];
    whole.end_ns = launch->nodes[launch->count - 1].end_ns;
    add_pending(whole, true);
    return;
  }
  for (size_t i = 0; i < launch->count; ++i) {
    if (recorded(launch->nodes[i].work.type)) {
      add_pending(launch->nodes[i], false);
    }
  }
}

void on_sync(const Sync* sync) {
  Guard guard(cupti().lock);
  if (sync->type == SyncType::kContext) {
    collect(false);
  }
  if (!enabled(kSynchronization)) {
    return;
  }
  if (uint8_t* r = new_record(owner_of_this_thread(), kSynchronization, g_version.sync)) {
    put(r, sync::kType, static_cast<uint32_t>(sync->type));
    put(r, sync::kStart, sync->start_ns);
    put(r, sync::kEnd, sync->end_ns);
    put(r, sync::kCorrelation, sync->correlation_id);
    put(r, sync::kContext, sync->context);
    put(r, sync::kStream, sync->stream);
    put(r, sync::kEventId, sync->event_id);
  }
}

void on_event_record(const EventRecord* event) {
  if (!enabled(kCudaEvent)) {
    return;
  }
  Guard guard(cupti().lock);
  if (uint8_t* r = new_record(owner_of_this_thread(), kCudaEvent, g_version.cuda_event)) {
    put(r, cuda_event::kCorrelation, event->correlation_id);
    put(r, cuda_event::kContext, event->context);
    put(r, cuda_event::kStream, event->stream);
    put(r, cuda_event::kEventId, event->event_id);
    if (g_version.cuda_event > cuda_event::kDeviceTime) {
      put(r, cuda_event::kDevice, event->device);
      if (cupti().event_timestamps.load(std::memory_order_relaxed)) {
        put(r, cuda_event::kDeviceTime, event->device_ns);
      }
    }
  }
}

void on_memory(const MemoryOperation* operation) {
  if (!enabled(kMemory2)) {
    return;
  }
  Guard guard(cupti().lock);
  if (uint8_t* r = new_record(owner_of_this_thread(), kMemory2, g_version.memory)) {
    put(r, memory::kOperation, operation->release ? uint32_t{2} : uint32_t{1});
    put(r, memory::kMemoryKind, uint32_t{3});
    put(r, memory::kCorrelation, correlation_of(operation->correlation_id));
    put(r, memory::kAddress, operation->address);
    put(r, memory::kBytes, operation->bytes);
    put(r, memory::kTime, operation->timestamp_ns);
    put(r, memory::kProcess, static_cast<uint32_t>(getpid()));
    put(r, memory::kDevice, operation->device);
    put(r, memory::kContext, operation->context);
    put(r, memory::kStream, operation->stream);
    put(r, memory::kIsAsync, operation->is_async ? uint32_t{1} : uint32_t{0});
  }
}

void on_compilation(const Compilation* compilation) {
  if (!enabled(kJit)) {
    return;
  }
  Guard guard(cupti().lock);
  if (uint8_t* r = new_record(owner_of_this_thread(), kJit, g_version.jit)) {
    put(r, jit::kEntryType, uint32_t{1});
    put(r, jit::kOperation, compilation->operation);
    put(r, jit::kDevice, compilation->device);
    put(r, jit::kStart, compilation->start_ns);
    put(r, jit::kEnd, compilation->end_ns);
    put(r, jit::kCorrelation, compilation->correlation_id);
    if (g_version.jit > jit::kProcess) {
      put(r, jit::kProcess, static_cast<uint32_t>(getpid()));
      put(r, jit::kThread, thread_id());
    }
  }
}

void on_resource(const ResourceEvent* event) {
  {
    Guard guard(cupti().lock);
    if (event->what == Resource::kContextCreated) {
      write_new_context(event->context);
      write_new_stream(event->stream);
    } else if (event->what == Resource::kStreamCreated) {
      write_new_stream(event->stream);
    } else if (event->what == Resource::kInitFinished && enabled(kDevice)) {
      write_known_objects(kDevice);
    }
  }
  auto id = static_cast<uint32_t>(event->what);
  if (!wants_callback(kResourceDomain, id)) {
    return;
  }
  GraphData graph;
  graph.graph = event->graph;
  graph.node_type = event->node_type;
  graph.graph_exec = event->graph_exec;
  ResourceData data;
  data.context = event->context.handle;
  data.stream = event->stream.handle;
  data.descriptor = event->graph == nullptr ? nullptr : &graph;
  call_back(kResourceDomain, id, &data);
}

// The driver's news for every session.
template <auto Handler, typename News>
void all_sessions(News* news) {
  for_each_session([&] { Handler(news); });
}

}  // namespace

const ProfilerHooks kHooks = {
    all_sessions<api_enter, ApiCall>,
    all_sessions<api_exit, ApiCall>,
    all_sessions<on_execution, const Execution>,
    all_sessions<on_graph_launch, const GraphLaunch>,
    all_sessions<on_sync, const Sync>,
    all_sessions<on_event_record, const EventRecord>,
    all_sessions<on_memory, const MemoryOperation>,
    all_sessions<on_compilation, const Compilation>,
    all_sessions<on_resource, const ResourceEvent>,
};

uint32_t thread_id() {
  return cupti().system_thread_ids.load(std::memory_order_relaxed)
             ? static_cast<uint32_t>(syscall(SYS_gettid))
             : static_cast<uint32_t>(pthread_self());
}

uint32_t correlation_of(uint32_t id) {
  switch (options().correlate) {
    case Correlate::kAlways:
      return id;
    case Correlate::kNever:
      return 0;
    case Correlate::kKnownCalls:
      break;
  }
  return t_call_is_known ? id : 0;
}

Result push_external(uint32_t kind, uint64_t id) {
  if (kind == 0 || kind >= kExternalKinds) {
    return kInvalidParameter;
  }
  t_external[kind].push_back(id);
  return kSuccess;
}

Result pop_external(uint32_t kind, uint64_t* last) {
  if (kind == 0 || kind >= kExternalKinds) {
    return kInvalidParameter;
  }
  if (t_external[kind].empty()) {
    return kQueueEmpty;
  }
  if (last != nullptr) {
    *last = t_external[kind].back();
  }
  t_external[kind].pop_back();
  return kSuccess;
}

bool wants_callback(uint32_t domain, uint32_t cbid) {
  const Subscriber* subscriber = cupti().subscriber.load(std::memory_order_acquire);
  return subscriber != nullptr && subscriber->callback != nullptr && cbid < kCallbackIds &&
         subscriber->enabled[domain][cbid] != 0;
}

void call_back(uint32_t domain, uint32_t cbid, const void* data) {
  const Subscriber* subscriber = cupti().subscriber.load(std::memory_order_acquire);
  if (subscriber == nullptr) {
    return;
  }
  Inside before = t_inside;
  t_inside = Inside::kCallback;
  subscriber->callback(subscriber->user, domain, cbid, data);
  t_inside = before;
}

void tell_fatal() {
  Cupti& state = cupti();
  if (!state.fatal.load(std::memory_order_relaxed) || state.fatal_told.exchange(true)) {
    return;
  }
  constexpr uint32_t kFatalError = 1;
  if (wants_callback(kStateDomain, kFatalError)) {
    StateData data{kUnknown, "the stand-in was told to fail"};
    call_back(kStateDomain, kFatalError, &data);
    state.fatal_known.store(true);
  }
}

}  // namespace fakecuda
