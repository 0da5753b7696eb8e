// SPDX-License-Identifier: Apache-2.0
//
// The libcuda stand-in: calls that put work on the GPU, wait for it, or handle memory.
#include <algorithm>

#include "tests/fakes/cuda/cuda_state.hpp"

namespace fakecuda {
namespace {

constexpr uint64_t kLaunchLatencyNs = 4000;
constexpr uint64_t kGapNs = 200;

struct Names {
  uint32_t runtime;
  uint32_t driver;
  const char* runtime_name;
  const char* driver_name;
};

Names names_of(WorkType type) {
  switch (type) {
    case WorkType::kMemcpy:
      return {cbid::kCudaMemcpyAsync, cbid::kCuMemcpyHtoDAsync, "cudaMemcpyAsync", "cuMemcpyHtoDAsync_v2"};
    case WorkType::kPeerCopy:
      return {cbid::kCudaMemcpyPeerAsync, cbid::kCuMemcpyHtoDAsync, "cudaMemcpyPeerAsync",
              "cuMemcpyPeerAsync"};
    case WorkType::kMemset:
      return {cbid::kCudaMemsetAsync, cbid::kCuMemsetD8Async, "cudaMemsetAsync", "cuMemsetD8Async"};
    case WorkType::kKernel:
      break;
  }
  return {cbid::kCudaLaunchKernel, cbid::kCuLaunchKernel, "cudaLaunchKernel", "cuLaunchKernel"};
}

void submit_call(Stream& stream, const Work& work, uint32_t correlation, Execution* done) {
  Execution execution = place(stream, work, correlation, now_ns());
  if (const ProfilerHooks* profiler = hooks()) {
    profiler->execution(&execution);
  }
  if (done != nullptr) {
    *done = execution;
  }
}

uint64_t busy_until(Stream& stream) {
  std::lock_guard<std::mutex> guard(stream.lock);
  return stream.free_at_ns;
}

void told_sync(SyncType type, const Call& call, uint32_t context, uint32_t stream, uint32_t event) {
  if (const ProfilerHooks* profiler = hooks()) {
    Sync sync{type, call.start(), now_ns(), call.correlation(), context, stream, event};
    profiler->sync(&sync);
  }
}

std::vector<Stream*> streams_of(const Context& context) {
  std::lock_guard<std::mutex> guard(state().lock);
  std::vector<Stream*> found;
  std::copy_if(state().streams.begin(), state().streams.end(), std::back_inserter(found),
               [&](const Stream* stream) { return stream->context == &context; });
  return found;
}

uint64_t event_time(uint32_t event_id) {
  std::lock_guard<std::mutex> guard(state().lock);
  auto it = state().events.find(event_id);
  return it == state().events.end() ? 0 : it->second;
}

void told_memory(const MemoryOperation& operation) {
  if (const ProfilerHooks* profiler = hooks()) {
    profiler->memory(&operation);
  }
}

}  // namespace

Execution place(Stream& stream, const Work& work, uint32_t correlation, uint64_t submitted_ns) {
  Execution done;
  done.work = work;
  done.device = stream.context->info.device;
  done.context = stream.context->info.id;
  done.stream = stream.info.id;
  done.correlation_id = correlation;
  done.queued_ns = submitted_ns;
  done.submitted_ns = submitted_ns + 500;
  std::lock_guard<std::mutex> guard(stream.lock);
  done.start_ns = std::max(stream.free_at_ns, submitted_ns + kLaunchLatencyNs);
  done.end_ns = done.start_ns + work.duration_ns;
  stream.free_at_ns = done.end_ns + kGapNs;
  return done;
}

int submit(Stream* stream, const Work* work, Through through, Execution* done) {
  if (!usable() || stream == nullptr) {
    return kNotInitialized;
  }
  Names names = names_of(work->type);
  if (through == Through::kDriver) {
    Call driver(kDriverApi, names.driver, names.driver_name, stream->context, work->name);
    submit_call(*stream, *work, driver.correlation(), done);
    return 0;
  }
  Call runtime(kRuntimeApi, names.runtime, names.runtime_name, stream->context, work->name);
  NestedCall driver(kDriverApi, names.driver, names.driver_name, stream->context, work->name);
  submit_call(*stream, *work, runtime.correlation(), done);
  return 0;
}

int synchronize_stream(Stream* stream) {
  if (!usable()) {
    return kNotInitialized;
  }
  Call runtime(kRuntimeApi, cbid::kCudaStreamSynchronize, "cudaStreamSynchronize", stream->context);
  NestedCall driver(kDriverApi, cbid::kCuStreamSynchronize, "cuStreamSynchronize", stream->context);
  sleep_until(busy_until(*stream));
  told_sync(SyncType::kStream, runtime, stream->context->info.id, stream->info.id, 0);
  return 0;
}

int synchronize_context(Context* context) {
  if (!usable()) {
    return kNotInitialized;
  }
  Call runtime(kRuntimeApi, cbid::kCudaDeviceSynchronize, "cudaDeviceSynchronize", context);
  NestedCall driver(kDriverApi, cbid::kCuCtxSynchronize, "cuCtxSynchronize", context);
  for (Stream* stream : streams_of(*context)) {
    sleep_until(busy_until(*stream));
  }
  told_sync(SyncType::kContext, runtime, context->info.id, UINT32_MAX, 0);
  return 0;
}

int record_event(Stream* stream, uint32_t event_id) {
  if (!usable()) {
    return kNotInitialized;
  }
  Call runtime(kRuntimeApi, cbid::kCudaEventRecord, "cudaEventRecord", stream->context);
  NestedCall driver(kDriverApi, cbid::kCuEventRecord, "cuEventRecord", stream->context);
  uint64_t reached = std::max(busy_until(*stream), now_ns());
  {
    std::lock_guard<std::mutex> guard(state().lock);
    state().events[event_id] = reached;
  }
  if (const ProfilerHooks* profiler = hooks()) {
    EventRecord event{runtime.correlation(),
                      stream->context->info.device,
                      stream->context->info.id,
                      stream->info.id,
                      event_id,
                      reached};
    profiler->event_record(&event);
  }
  return 0;
}

int synchronize_event(Context* context, uint32_t event_id) {
  if (!usable()) {
    return kNotInitialized;
  }
  Call runtime(kRuntimeApi, cbid::kCudaEventSynchronize, "cudaEventSynchronize", context);
  NestedCall driver(kDriverApi, cbid::kCuEventSynchronize, "cuEventSynchronize", context);
  sleep_until(event_time(event_id));
  told_sync(SyncType::kEvent, runtime, context->info.id, UINT32_MAX, event_id);
  return 0;
}

int wait_event(Stream* stream, uint32_t event_id) {
  if (!usable()) {
    return kNotInitialized;
  }
  Call runtime(kRuntimeApi, cbid::kCudaStreamWaitEvent, "cudaStreamWaitEvent", stream->context);
  uint64_t reached = event_time(event_id);
  {
    std::lock_guard<std::mutex> guard(stream->lock);
    stream->free_at_ns = std::max(stream->free_at_ns, reached);
  }
  told_sync(SyncType::kStreamWaitEvent, runtime, stream->context->info.id, stream->info.id, event_id);
  return 0;
}

int allocate(Context* context, uint64_t bytes, uint64_t* address) {
  if (!usable()) {
    return kNotInitialized;
  }
  Call runtime(kRuntimeApi, cbid::kCudaMalloc, "cudaMalloc", context);
  NestedCall driver(kDriverApi, cbid::kCuMemAlloc, "cuMemAlloc_v2", context);
  {
    std::lock_guard<std::mutex> guard(state().lock);
    *address = state().last_address += 0x200000;
    state().last_address += bytes;
    state().allocations[*address] = {bytes, context->info.id};
  }
  told_memory({false, runtime.correlation(), *address, bytes, now_ns(), context->info.device,
               context->info.id, UINT32_MAX, false});
  return 0;
}

int release(Context* context, uint64_t address) {
  if (!usable()) {
    return kNotInitialized;
  }
  Call runtime(kRuntimeApi, cbid::kCudaFree, "cudaFree", context);
  NestedCall driver(kDriverApi, cbid::kCuMemFree, "cuMemFree_v2", context);
  uint64_t bytes = 0;
  {
    std::lock_guard<std::mutex> guard(state().lock);
    auto it = state().allocations.find(address);
    if (it == state().allocations.end()) {
      return kInvalidValue;
    }
    bytes = it->second.first;
    state().allocations.erase(it);
  }
  told_memory({true, runtime.correlation(), address, bytes, now_ns(), context->info.device, context->info.id,
               UINT32_MAX, false});
  return 0;
}

int compile(Context* context, uint64_t duration_ns) {
  if (!usable()) {
    return kNotInitialized;
  }
  Compilation compilation{now_ns(), 0, context->info.device, state().correlation.load(), 3};
  compilation.end_ns = compilation.start_ns + duration_ns;
  sleep_until(compilation.end_ns);
  if (const ProfilerHooks* profiler = hooks()) {
    profiler->compilation(&compilation);
  }
  return 0;
}

int peek() {
  if (!usable()) {
    return kNotInitialized;
  }
  Call runtime(kRuntimeApi, cbid::kCudaGetLastError, "cudaGetLastError", nullptr);
  return 0;
}

int profiler_start() {
  if (!usable()) {
    return kNotInitialized;
  }
  Call runtime(kRuntimeApi, cbid::kCudaProfilerStart, "cudaProfilerStart", nullptr);
  NestedCall driver(kDriverApi, cbid::kCuProfilerStart, "cuProfilerStart", nullptr);
  return 0;
}

int profiler_stop() {
  if (!usable()) {
    return kNotInitialized;
  }
  Call runtime(kRuntimeApi, cbid::kCudaProfilerStop, "cudaProfilerStop", nullptr);
  NestedCall driver(kDriverApi, cbid::kCuProfilerStop, "cuProfilerStop", nullptr);
  return 0;
}

}  // namespace fakecuda
