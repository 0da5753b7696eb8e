// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: what happened in the driver, as activity records of the version this library is.
#include <unistd.h>

#include <cstring>

#include "tests/fakes/cuda/cupti_state.hpp"

namespace fakecuda {
namespace {

constexpr uint8_t kUnknownTail = 0x5A;  // what a newer CUPTI writes behind what anyone knows today

template <typename T>
void put(uint8_t* record, size_t offset, T value) {
  std::memcpy(record + offset, &value, sizeof(value));
}

struct Times {
  uint64_t start;
  uint64_t end;
  const char* name;
};

// CUPTI has been seen to deliver kernels without a name, without times, and ending before they start.
Times times_of(const Execution& execution, bool complete) {
  Times times = {execution.start_ns, complete ? execution.end_ns : 0, execution.work.name};
  Cupti& state = cupti();
  if (execution.work.type != WorkType::kKernel) {
    return times;
  }
  uint64_t number = ++state.counters.kernels;
  if (options().odd_every == 0 || number % options().odd_every != 0) {
    return times;
  }
  switch (++state.counters.odd % 3) {
    case 0:
      return {times.start, times.end, nullptr};
    case 1:
      return {0, 0, times.name};
    default:
      return {times.end, times.start, times.name};
  }
}

void write_kernel(Owner& owner, const Execution& e, bool complete) {
  uint8_t* r = new_record(owner, kConcurrentKernel, g_version.kernel);
  if (r == nullptr) {
    return;
  }
  Times times = times_of(e, complete);
  put(r, kernel::kRegisters, e.work.registers);
  put(r, kernel::kStart, times.start);
  put(r, kernel::kEnd, times.end);
  put(r, kernel::kDevice, e.device);
  put(r, kernel::kContext, e.context);
  put(r, kernel::kStream, e.stream);
  std::memcpy(r + kernel::kGrid, e.work.grid, sizeof(e.work.grid));
  std::memcpy(r + kernel::kBlock, e.work.block, sizeof(e.work.block));
  put(r, kernel::kStaticShared, e.work.static_shared);
  put(r, kernel::kDynamicShared, e.work.dynamic_shared);
  put(r, kernel::kCorrelation, e.correlation_id);
  put(r, kernel::kGridId, static_cast<int64_t>(e.correlation_id));
  put(r, kernel::kName, times.name);
  if (session(0).latency_timestamps.load(std::memory_order_relaxed)) {
    put(r, kernel::kQueued, e.queued_ns);
    put(r, kernel::kSubmitted, e.submitted_ns);
  }
  put(r, kernel::kGraphNode, e.node_id);
  put(r, kernel::kGraph, e.graph_id);
  put(r, kernel::kChannel, uint32_t{3});
  std::memcpy(r + kernel::kCluster, e.work.cluster, sizeof(e.work.cluster));
  constexpr size_t kNewestKnown = 216;
  if (g_version.kernel > kNewestKnown) {
    std::memset(r + kNewestKnown, kUnknownTail, g_version.kernel - kNewestKnown);
  }
}

void write_copy(Owner& owner, const Execution& e, bool complete) {
  uint8_t* r = new_record(owner, kMemcpy, g_version.memcpy);
  if (r == nullptr) {
    return;
  }
  put(r, copy::kCopyKind, e.work.copy_kind);
  put(r, copy::kSourceKind, e.work.source_kind);
  put(r, copy::kTargetKind, e.work.target_kind);
  put(r, copy::kFlags, uint8_t{1});  // asynchronous
  put(r, copy::kBytes, e.work.bytes);
  put(r, copy::kStart, e.start_ns);
  put(r, copy::kEnd, complete ? e.end_ns : uint64_t{0});
  put(r, copy::kDevice, e.device);
  put(r, copy::kContext, e.context);
  put(r, copy::kStream, e.stream);
  put(r, copy::kCorrelation, e.correlation_id);
  put(r, copy::kGraphNode, e.node_id);
  put(r, copy::kGraph, e.graph_id);
  if (g_version.memcpy > copy::kCopyCount) {
    put(r, copy::kCopyCount, uint64_t{1});
  }
}

void write_peer_copy(Owner& owner, const Execution& e, bool complete) {
  uint8_t* r = new_record(owner, kMemcpy2, kPeerCopySize);
  if (r == nullptr) {
    return;
  }
  put(r, copy::kCopyKind, uint8_t{10});
  put(r, copy::kSourceKind, uint8_t{3});
  put(r, copy::kTargetKind, uint8_t{3});
  put(r, copy::kFlags, uint8_t{1});
  put(r, copy::kBytes, e.work.bytes);
  put(r, copy::kStart, e.start_ns);
  put(r, copy::kEnd, complete ? e.end_ns : uint64_t{0});
  put(r, copy::kDevice, e.device);
  put(r, copy::kContext, e.context);
  put(r, copy::kStream, e.stream);
  put(r, peer_copy::kSourceDevice, e.device);
  put(r, peer_copy::kSourceContext, e.context);
  put(r, peer_copy::kTargetDevice, e.work.peer_device);
  put(r, peer_copy::kTargetContext, e.work.peer_device + 1);
  put(r, peer_copy::kCorrelation, e.correlation_id);
  put(r, peer_copy::kGraphNode, e.node_id);
  put(r, peer_copy::kGraph, e.graph_id);
}

void write_set(Owner& owner, const Execution& e, bool complete) {
  uint8_t* r = new_record(owner, kMemset, g_version.memset);
  if (r == nullptr) {
    return;
  }
  put(r, set::kValue, e.work.value);
  put(r, set::kBytes, e.work.bytes);
  put(r, set::kStart, e.start_ns);
  put(r, set::kEnd, complete ? e.end_ns : uint64_t{0});
  put(r, set::kDevice, e.device);
  put(r, set::kContext, e.context);
  put(r, set::kStream, e.stream);
  put(r, set::kCorrelation, e.correlation_id);
  put(r, set::kFlags, uint16_t{1});
  put(r, set::kMemoryKind, uint16_t{3});
  put(r, set::kGraphNode, e.node_id);
  put(r, set::kGraph, e.graph_id);
}

void write_device(Owner& owner, const DeviceInfo& info) {
  uint8_t* r = new_record(owner, kDevice, g_version.device);
  if (r == nullptr) {
    return;
  }
  put(r, device::kMemory, info.memory_bytes);
  put(r, device::kClock, uint32_t{1980000});
  put(r, device::kMultiprocessors, info.multiprocessors);
  put(r, device::kMajor, uint32_t{9});
  put(r, device::kId, info.id);
  std::memcpy(r + device::kUuid, info.uuid, sizeof(info.uuid));
  put(r, device::kName, static_cast<const char*>(strdup(info.name)));  // the reader frees it, or not
}

void write_context(Owner& owner, const ContextInfo& info) {
  if (uint8_t* r = new_record(owner, kContext, g_version.context)) {
    put(r, context::kId, info.id);
    put(r, context::kDevice, info.device);
    put(r, context::kApi, uint16_t{1});
    put(r, context::kNullStream, static_cast<uint16_t>(info.null_stream));
  }
}

void write_stream(Owner& owner, const StreamInfo& info) {
  if (uint8_t* r = new_record(owner, kStream, kStreamSize)) {
    put(r, stream::kContext, info.context);
    put(r, stream::kId, info.id);
    put(r, stream::kPriority, info.priority);
    put(r, stream::kFlag, info.flag);
  }
}

}  // namespace

size_t record_size(uint32_t kind) {
  switch (kind) {
    case kMemcpy:
      return g_version.memcpy;
    case kMemset:
      return g_version.memset;
    case kDriver:
    case kRuntime:
      return kApiSize;
    case kDevice:
      return g_version.device;
    case kContext:
      return g_version.context;
    case kConcurrentKernel:
      return g_version.kernel;
    case kName:
      return kNameSize;
    case kOverhead:
      return g_version.overhead;
    case kEnvironment:
      return kEnvironmentSize;
    case kMemcpy2:
      return kPeerCopySize;
    case kCudaEvent:
      return g_version.cuda_event;
    case kStream:
      return kStreamSize;
    case kSynchronization:
      return g_version.sync;
    case kExternalCorrelation:
      return kExternalSize;
    case kMemory2:
      return g_version.memory;
    case kGraphTrace:
      return g_version.graph_trace;
    case kJit:
      return g_version.jit;
    default:
      return 0;
  }
}

void write_execution(Owner& owner, const Execution& execution, bool complete) {
  switch (execution.work.type) {
    case WorkType::kKernel:
      return write_kernel(owner, execution, complete);
    case WorkType::kMemcpy:
      return write_copy(owner, execution, complete);
    case WorkType::kPeerCopy:
      return write_peer_copy(owner, execution, complete);
    case WorkType::kMemset:
      return write_set(owner, execution, complete);
  }
}

// `e`: as long as the whole graph.
void write_graph(Owner& owner, const Execution& e, bool complete) {
  uint8_t* r = new_record(owner, kGraphTrace, g_version.graph_trace);
  if (r == nullptr) {
    return;
  }
  put(r, graph_trace::kCorrelation, e.correlation_id);
  put(r, graph_trace::kStart, e.start_ns);
  put(r, graph_trace::kEnd, complete ? e.end_ns : uint64_t{0});
  put(r, graph_trace::kDevice, e.device);
  put(r, graph_trace::kGraph, e.graph_id);
  put(r, graph_trace::kContext, e.context);
  put(r, graph_trace::kStream, e.stream);
  if (g_version.graph_trace > graph_trace::kEndDevice) {
    put(r, graph_trace::kEndDevice, e.device);
    put(r, graph_trace::kEndContext, e.context);
  }
}

void write_overhead(Owner& owner, uint32_t what, uint64_t start_ns, uint64_t end_ns) {
  if (!cupti().kinds[kOverhead].load()) {
    return;
  }
  if (uint8_t* r = new_record(owner, kOverhead, g_version.overhead)) {
    put(r, overhead::kOverheadKind, what);
    put(r, overhead::kObjectKind, uint32_t{2});  // a thread
    put(r, overhead::kProcess, static_cast<uint32_t>(getpid()));
    put(r, overhead::kThread, thread_id());
    put(r, overhead::kStart, start_ns);
    put(r, overhead::kEnd, end_ns);
  }
}

void write_new_context(const ContextInfo& info) {
  if (cupti().kinds[kContext].load()) {
    write_context(owner_of_this_thread(), info);
  }
}

void write_new_stream(const StreamInfo& info) {
  if (cupti().kinds[kStream].load()) {
    write_stream(owner_of_this_thread(), info);
  }
}

void write_known_objects(uint32_t kind) {
  const Driver* source = driver();
  if (source == nullptr || !source->initialized()) {
    return;
  }
  constexpr size_t kMost = 256;
  Owner& owner = owner_of_this_thread();
  if (kind == kDevice) {
    DeviceInfo found[kMost];
    for (size_t i = 0, count = source->devices(found, kMost); i < count; ++i) {
      write_device(owner, found[i]);
    }
  } else if (kind == kContext) {
    ContextInfo found[kMost];
    for (size_t i = 0, count = source->contexts(found, kMost); i < count; ++i) {
      write_context(owner, found[i]);
    }
  } else if (kind == kStream) {
    StreamInfo found[kMost];
    for (size_t i = 0, count = source->streams(found, kMost); i < count; ++i) {
      write_stream(owner, found[i]);
    }
  }
}

}  // namespace fakecuda
