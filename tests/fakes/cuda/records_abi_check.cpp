// SPDX-License-Identifier: Apache-2.0
//
// Compares the layouts of the libcupti stand-in with the toolkit's headers. Compiled only where CUDA 13.0 or newer is
// installed; produces no code. Lengths of older versions are those of the structures the headers still declare for them.
#include <cupti.h>

#include <cstddef>

#include "tests/fakes/cuda/cupti_callback_data.hpp"
#include "tests/fakes/cuda/driver.hpp"
#include "tests/fakes/cuda/records.hpp"

namespace fakecuda {

#define SAME(offset, type, field) static_assert((offset) == offsetof(type, field))
#define LENGTH(version, member, type) static_assert(kVersions[version].member == sizeof(type))

using Kernel = CUpti_ActivityKernel10;
SAME(kernel::kRegisters, Kernel, registersPerThread);
SAME(kernel::kStart, Kernel, start);
SAME(kernel::kEnd, Kernel, end);
SAME(kernel::kCompleted, Kernel, completed);
SAME(kernel::kDevice, Kernel, deviceId);
SAME(kernel::kContext, Kernel, contextId);
SAME(kernel::kStream, Kernel, streamId);
SAME(kernel::kGrid, Kernel, gridX);
SAME(kernel::kBlock, Kernel, blockX);
SAME(kernel::kStaticShared, Kernel, staticSharedMemory);
SAME(kernel::kDynamicShared, Kernel, dynamicSharedMemory);
SAME(kernel::kCorrelation, Kernel, correlationId);
SAME(kernel::kGridId, Kernel, gridId);
SAME(kernel::kName, Kernel, name);
SAME(kernel::kQueued, Kernel, queued);
SAME(kernel::kSubmitted, Kernel, submitted);
SAME(kernel::kGraphNode, Kernel, graphNodeId);
SAME(kernel::kGraph, Kernel, graphId);
SAME(kernel::kChannel, Kernel, channelID);
SAME(kernel::kCluster, Kernel, clusterX);
SAME(kernel::kMaxCluster, Kernel, maxPotentialClusterSize);
SAME(kernel::kDeviceLaunched, Kernel, isDeviceLaunched);
LENGTH(0, kernel, CUpti_ActivityKernel8);
LENGTH(1, kernel, CUpti_ActivityKernel9);
LENGTH(4, kernel, CUpti_ActivityKernel10);

using Copy = CUpti_ActivityMemcpy6;
SAME(copy::kCopyKind, Copy, copyKind);
SAME(copy::kSourceKind, Copy, srcKind);
SAME(copy::kTargetKind, Copy, dstKind);
SAME(copy::kFlags, Copy, flags);
SAME(copy::kBytes, Copy, bytes);
SAME(copy::kStart, Copy, start);
SAME(copy::kEnd, Copy, end);
SAME(copy::kDevice, Copy, deviceId);
SAME(copy::kContext, Copy, contextId);
SAME(copy::kStream, Copy, streamId);
SAME(copy::kCorrelation, Copy, correlationId);
SAME(copy::kGraphNode, Copy, graphNodeId);
SAME(copy::kGraph, Copy, graphId);
SAME(copy::kCopyCount, Copy, copyCount);
LENGTH(0, memcpy, CUpti_ActivityMemcpy5);
LENGTH(3, memcpy, CUpti_ActivityMemcpy6);

using Peer = CUpti_ActivityMemcpyPtoP4;
SAME(copy::kCopyKind, Peer, copyKind);
SAME(copy::kBytes, Peer, bytes);
SAME(copy::kStart, Peer, start);
SAME(copy::kEnd, Peer, end);
SAME(copy::kDevice, Peer, deviceId);
SAME(copy::kContext, Peer, contextId);
SAME(copy::kStream, Peer, streamId);
SAME(peer_copy::kSourceDevice, Peer, srcDeviceId);
SAME(peer_copy::kSourceContext, Peer, srcContextId);
SAME(peer_copy::kTargetDevice, Peer, dstDeviceId);
SAME(peer_copy::kTargetContext, Peer, dstContextId);
SAME(peer_copy::kCorrelation, Peer, correlationId);
SAME(peer_copy::kGraphNode, Peer, graphNodeId);
SAME(peer_copy::kGraph, Peer, graphId);
static_assert(kPeerCopySize == sizeof(Peer));

using Set = CUpti_ActivityMemset4;
SAME(set::kValue, Set, value);
SAME(set::kBytes, Set, bytes);
SAME(set::kStart, Set, start);
SAME(set::kEnd, Set, end);
SAME(set::kDevice, Set, deviceId);
SAME(set::kContext, Set, contextId);
SAME(set::kStream, Set, streamId);
SAME(set::kCorrelation, Set, correlationId);
SAME(set::kFlags, Set, flags);
SAME(set::kMemoryKind, Set, memoryKind);
SAME(set::kGraphNode, Set, graphNodeId);
SAME(set::kGraph, Set, graphId);
LENGTH(0, memset, Set);

SAME(api::kCbid, CUpti_ActivityAPI, cbid);
SAME(api::kStart, CUpti_ActivityAPI, start);
SAME(api::kEnd, CUpti_ActivityAPI, end);
SAME(api::kProcess, CUpti_ActivityAPI, processId);
SAME(api::kThread, CUpti_ActivityAPI, threadId);
SAME(api::kCorrelation, CUpti_ActivityAPI, correlationId);
SAME(api::kResult, CUpti_ActivityAPI, returnValue);
static_assert(kApiSize == sizeof(CUpti_ActivityAPI));

SAME(overhead::kOverheadKind, CUpti_ActivityOverhead3, overheadKind);
SAME(overhead::kObjectKind, CUpti_ActivityOverhead3, objectKind);
SAME(overhead::kProcess, CUpti_ActivityOverhead3, objectId.pt.processId);
SAME(overhead::kThread, CUpti_ActivityOverhead3, objectId.pt.threadId);
SAME(overhead::kStart, CUpti_ActivityOverhead3, start);
SAME(overhead::kEnd, CUpti_ActivityOverhead3, end);
SAME(overhead::kCorrelation, CUpti_ActivityOverhead3, correlationId);
LENGTH(0, overhead, CUpti_ActivityOverhead);
LENGTH(2, overhead, CUpti_ActivityOverhead3);

SAME(external::kExternalKind, CUpti_ActivityExternalCorrelation, externalKind);
SAME(external::kExternalId, CUpti_ActivityExternalCorrelation, externalId);
SAME(external::kCorrelation, CUpti_ActivityExternalCorrelation, correlationId);
static_assert(kExternalSize == sizeof(CUpti_ActivityExternalCorrelation));

SAME(graph_trace::kCorrelation, CUpti_ActivityGraphTrace2, correlationId);
SAME(graph_trace::kStart, CUpti_ActivityGraphTrace2, start);
SAME(graph_trace::kEnd, CUpti_ActivityGraphTrace2, end);
SAME(graph_trace::kDevice, CUpti_ActivityGraphTrace2, deviceId);
SAME(graph_trace::kGraph, CUpti_ActivityGraphTrace2, graphId);
SAME(graph_trace::kContext, CUpti_ActivityGraphTrace2, contextId);
SAME(graph_trace::kStream, CUpti_ActivityGraphTrace2, streamId);
SAME(graph_trace::kEndDevice, CUpti_ActivityGraphTrace2, endDeviceId);
SAME(graph_trace::kEndContext, CUpti_ActivityGraphTrace2, endContextId);
LENGTH(0, graph_trace, CUpti_ActivityGraphTrace);
LENGTH(2, graph_trace, CUpti_ActivityGraphTrace2);

SAME(sync::kType, CUpti_ActivitySynchronization2, type);
SAME(sync::kStart, CUpti_ActivitySynchronization2, start);
SAME(sync::kEnd, CUpti_ActivitySynchronization2, end);
SAME(sync::kCorrelation, CUpti_ActivitySynchronization2, correlationId);
SAME(sync::kContext, CUpti_ActivitySynchronization2, contextId);
SAME(sync::kStream, CUpti_ActivitySynchronization2, streamId);
SAME(sync::kEventId, CUpti_ActivitySynchronization2, cudaEventId);
SAME(sync::kEventSyncId, CUpti_ActivitySynchronization2, cudaEventSyncId);
SAME(sync::kResult, CUpti_ActivitySynchronization2, returnValue);
LENGTH(0, sync, CUpti_ActivitySynchronization);
LENGTH(3, sync, CUpti_ActivitySynchronization2);
static_assert(static_cast<int>(SyncType::kEvent) == CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_EVENT_SYNCHRONIZE);
static_assert(static_cast<int>(SyncType::kStreamWaitEvent) ==
              CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_WAIT_EVENT);
static_assert(static_cast<int>(SyncType::kStream) == CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_SYNCHRONIZE);
static_assert(static_cast<int>(SyncType::kContext) ==
              CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_CONTEXT_SYNCHRONIZE);

SAME(cuda_event::kCorrelation, CUpti_ActivityCudaEvent2, correlationId);
SAME(cuda_event::kContext, CUpti_ActivityCudaEvent2, contextId);
SAME(cuda_event::kStream, CUpti_ActivityCudaEvent2, streamId);
SAME(cuda_event::kEventId, CUpti_ActivityCudaEvent2, eventId);
SAME(cuda_event::kDevice, CUpti_ActivityCudaEvent2, deviceId);
SAME(cuda_event::kDeviceTime, CUpti_ActivityCudaEvent2, deviceTimestamp);
LENGTH(0, cuda_event, CUpti_ActivityCudaEvent);
LENGTH(3, cuda_event, CUpti_ActivityCudaEvent2);

SAME(memory::kOperation, CUpti_ActivityMemory4, memoryOperationType);
SAME(memory::kMemoryKind, CUpti_ActivityMemory4, memoryKind);
SAME(memory::kCorrelation, CUpti_ActivityMemory4, correlationId);
SAME(memory::kAddress, CUpti_ActivityMemory4, address);
SAME(memory::kBytes, CUpti_ActivityMemory4, bytes);
SAME(memory::kTime, CUpti_ActivityMemory4, timestamp);
SAME(memory::kProcess, CUpti_ActivityMemory4, processId);
SAME(memory::kDevice, CUpti_ActivityMemory4, deviceId);
SAME(memory::kContext, CUpti_ActivityMemory4, contextId);
SAME(memory::kStream, CUpti_ActivityMemory4, streamId);
SAME(memory::kName, CUpti_ActivityMemory4, name);
SAME(memory::kIsAsync, CUpti_ActivityMemory4, isAsync);
LENGTH(0, memory, CUpti_ActivityMemory3);
LENGTH(3, memory, CUpti_ActivityMemory4);

SAME(memory_pool::kOperation, CUpti_ActivityMemoryPool3, memoryPoolOperationType);
SAME(memory_pool::kDevice, CUpti_ActivityMemoryPool3, deviceId);
SAME(memory_pool::kAddress, CUpti_ActivityMemoryPool3, address);
SAME(memory_pool::kSize, CUpti_ActivityMemoryPool3, size);
SAME(memory_pool::kTime, CUpti_ActivityMemoryPool3, timestamp);

SAME(jit::kEntryType, CUpti_ActivityJit2, jitEntryType);
SAME(jit::kOperation, CUpti_ActivityJit2, jitOperationType);
SAME(jit::kDevice, CUpti_ActivityJit2, deviceId);
SAME(jit::kStart, CUpti_ActivityJit2, start);
SAME(jit::kEnd, CUpti_ActivityJit2, end);
SAME(jit::kCorrelation, CUpti_ActivityJit2, correlationId);
SAME(jit::kCacheSize, CUpti_ActivityJit2, cacheSize);
SAME(jit::kCachePath, CUpti_ActivityJit2, cachePath);
SAME(jit::kProcess, CUpti_ActivityJit2, processId);
SAME(jit::kThread, CUpti_ActivityJit2, threadId);
LENGTH(0, jit, CUpti_ActivityJit);
LENGTH(4, jit, CUpti_ActivityJit2);

SAME(device::kMemory, CUpti_ActivityDevice5, globalMemorySize);
SAME(device::kClock, CUpti_ActivityDevice5, coreClockRate);
SAME(device::kMultiprocessors, CUpti_ActivityDevice5, numMultiprocessors);
SAME(device::kMajor, CUpti_ActivityDevice5, computeCapabilityMajor);
SAME(device::kMinor, CUpti_ActivityDevice5, computeCapabilityMinor);
SAME(device::kId, CUpti_ActivityDevice5, id);
SAME(device::kUuid, CUpti_ActivityDevice5, uuid);
SAME(device::kName, CUpti_ActivityDevice5, name);
SAME(device::kIsMig, CUpti_ActivityDevice5, isMigEnabled);
LENGTH(0, device, CUpti_ActivityDevice4);
LENGTH(4, device, CUpti_ActivityDevice5);

SAME(context::kId, CUpti_ActivityContext3, contextId);
SAME(context::kDevice, CUpti_ActivityContext3, deviceId);
SAME(context::kApi, CUpti_ActivityContext3, computeApiKind);
SAME(context::kNullStream, CUpti_ActivityContext3, nullStreamId);
SAME(context::kParent, CUpti_ActivityContext3, parentContextId);
SAME(context::kIsGreen, CUpti_ActivityContext3, isGreenContext);
LENGTH(0, context, CUpti_ActivityContext);
LENGTH(2, context, CUpti_ActivityContext2);
LENGTH(3, context, CUpti_ActivityContext3);

SAME(stream::kContext, CUpti_ActivityStream, contextId);
SAME(stream::kId, CUpti_ActivityStream, streamId);
SAME(stream::kPriority, CUpti_ActivityStream, priority);
SAME(stream::kFlag, CUpti_ActivityStream, flag);
SAME(stream::kCorrelation, CUpti_ActivityStream, correlationId);
static_assert(kStreamSize == sizeof(CUpti_ActivityStream));

SAME(environment::kDevice, CUpti_ActivityEnvironment, deviceId);
SAME(environment::kTime, CUpti_ActivityEnvironment, timestamp);
SAME(environment::kWhat, CUpti_ActivityEnvironment, environmentKind);
SAME(environment::kSmClock, CUpti_ActivityEnvironment, data.speed.smClock);
SAME(environment::kMemoryClock, CUpti_ActivityEnvironment, data.speed.memoryClock);
SAME(environment::kThrottle, CUpti_ActivityEnvironment, data.speed.clocksThrottleReasons);
static_assert(kEnvironmentSize == sizeof(CUpti_ActivityEnvironment));

SAME(offsetof(CallbackData, site), CUpti_CallbackData, callbackSite);
SAME(offsetof(CallbackData, function_name), CUpti_CallbackData, functionName);
SAME(offsetof(CallbackData, function_return_value), CUpti_CallbackData, functionReturnValue);
SAME(offsetof(CallbackData, symbol_name), CUpti_CallbackData, symbolName);
SAME(offsetof(CallbackData, context), CUpti_CallbackData, context);
SAME(offsetof(CallbackData, context_uid), CUpti_CallbackData, contextUid);
SAME(offsetof(CallbackData, correlation_data), CUpti_CallbackData, correlationData);
SAME(offsetof(CallbackData, correlation_id), CUpti_CallbackData, correlationId);
SAME(offsetof(ResourceData, context), CUpti_ResourceData, context);
SAME(offsetof(ResourceData, stream), CUpti_ResourceData, resourceHandle.stream);
SAME(offsetof(ResourceData, descriptor), CUpti_ResourceData, resourceDescriptor);
SAME(offsetof(GraphData, graph), CUpti_GraphData, graph);
SAME(offsetof(GraphData, node_type), CUpti_GraphData, nodeType);
SAME(offsetof(GraphData, graph_exec), CUpti_GraphData, graphExec);
SAME(offsetof(StateData, result), CUpti_StateData, notification.result);
SAME(offsetof(StateData, message), CUpti_StateData, notification.message);
SAME(offsetof(SubscriberParams, size), CUpti_SubscriberParams, structSize);
SAME(offsetof(SubscriberParams, name), CUpti_SubscriberParams, subscriberName);
SAME(offsetof(SubscriberParams, old_name), CUpti_SubscriberParams, oldSubscriberName);
SAME(offsetof(SubscriberParams, old_name_size), CUpti_SubscriberParams, oldSubscriberSize);

#if CUPTI_API_VERSION >= 130300
LENGTH(5, kernel, CUpti_ActivityKernel12);
LENGTH(5, context, CUpti_ActivityContext4);
LENGTH(5, device, CUpti_ActivityDevice6);
#endif

static_assert(int{fakecuda::kMemcpy} == int{CUPTI_ACTIVITY_KIND_MEMCPY} &&
              int{fakecuda::kMemset} == int{CUPTI_ACTIVITY_KIND_MEMSET});
static_assert(int{fakecuda::kDriver} == int{CUPTI_ACTIVITY_KIND_DRIVER} &&
              int{fakecuda::kRuntime} == int{CUPTI_ACTIVITY_KIND_RUNTIME});
static_assert(int{fakecuda::kDevice} == int{CUPTI_ACTIVITY_KIND_DEVICE} &&
              int{fakecuda::kContext} == int{CUPTI_ACTIVITY_KIND_CONTEXT});
static_assert(int{fakecuda::kConcurrentKernel} == int{CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL});
static_assert(int{fakecuda::kOverhead} == int{CUPTI_ACTIVITY_KIND_OVERHEAD});
static_assert(int{fakecuda::kEnvironment} == int{CUPTI_ACTIVITY_KIND_ENVIRONMENT});
static_assert(int{fakecuda::kMemcpy2} == int{CUPTI_ACTIVITY_KIND_MEMCPY2});
static_assert(int{fakecuda::kCudaEvent} == int{CUPTI_ACTIVITY_KIND_CUDA_EVENT});
static_assert(int{fakecuda::kStream} == int{CUPTI_ACTIVITY_KIND_STREAM});
static_assert(int{fakecuda::kSynchronization} == int{CUPTI_ACTIVITY_KIND_SYNCHRONIZATION});
static_assert(int{fakecuda::kExternalCorrelation} == int{CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION});
static_assert(int{fakecuda::kMemory2} == int{CUPTI_ACTIVITY_KIND_MEMORY2});
static_assert(int{fakecuda::kGraphTrace} == int{CUPTI_ACTIVITY_KIND_GRAPH_TRACE} &&
              int{fakecuda::kJit} == int{CUPTI_ACTIVITY_KIND_JIT});

static_assert(int{cbid::kCuInit} == int{CUPTI_DRIVER_TRACE_CBID_cuInit});
static_assert(int{cbid::kCuLaunchKernel} == int{CUPTI_DRIVER_TRACE_CBID_cuLaunchKernel});
static_assert(int{cbid::kCuGraphLaunch} == int{CUPTI_DRIVER_TRACE_CBID_cuGraphLaunch});
static_assert(int{cbid::kCuProfilerStart} == int{CUPTI_DRIVER_TRACE_CBID_cuProfilerStart});
static_assert(int{cbid::kCuProfilerStop} == int{CUPTI_DRIVER_TRACE_CBID_cuProfilerStop});
static_assert(int{cbid::kCuMemcpyHtoDAsync} == int{CUPTI_DRIVER_TRACE_CBID_cuMemcpyHtoDAsync_v2});
static_assert(int{cbid::kCuStreamSynchronize} == int{CUPTI_DRIVER_TRACE_CBID_cuStreamSynchronize});
static_assert(int{cbid::kCuCtxSynchronize} == int{CUPTI_DRIVER_TRACE_CBID_cuCtxSynchronize});
static_assert(int{cbid::kCudaLaunchKernel} == int{CUPTI_RUNTIME_TRACE_CBID_cudaLaunchKernel_v7000});
static_assert(int{cbid::kCudaGraphLaunch} == int{CUPTI_RUNTIME_TRACE_CBID_cudaGraphLaunch_v10000});
static_assert(int{cbid::kCudaMemcpyAsync} == int{CUPTI_RUNTIME_TRACE_CBID_cudaMemcpyAsync_v3020});
static_assert(int{cbid::kCudaMemcpyPeerAsync} == int{CUPTI_RUNTIME_TRACE_CBID_cudaMemcpyPeerAsync_v4000});
static_assert(int{cbid::kCudaMemsetAsync} == int{CUPTI_RUNTIME_TRACE_CBID_cudaMemsetAsync_v3020});
static_assert(int{cbid::kCudaMalloc} == int{CUPTI_RUNTIME_TRACE_CBID_cudaMalloc_v3020});
static_assert(int{cbid::kCudaFree} == int{CUPTI_RUNTIME_TRACE_CBID_cudaFree_v3020});
static_assert(int{cbid::kCudaDeviceSynchronize} == int{CUPTI_RUNTIME_TRACE_CBID_cudaDeviceSynchronize_v3020});
static_assert(int{cbid::kCudaStreamSynchronize} == int{CUPTI_RUNTIME_TRACE_CBID_cudaStreamSynchronize_v3020});
static_assert(int{cbid::kCudaEventSynchronize} == int{CUPTI_RUNTIME_TRACE_CBID_cudaEventSynchronize_v3020});
static_assert(int{cbid::kCudaEventRecord} == int{CUPTI_RUNTIME_TRACE_CBID_cudaEventRecord_v3020});
static_assert(int{cbid::kCudaStreamWaitEvent} == int{CUPTI_RUNTIME_TRACE_CBID_cudaStreamWaitEvent_v3020});
static_assert(int{cbid::kCudaProfilerStart} == int{CUPTI_RUNTIME_TRACE_CBID_cudaProfilerStart_v4000});
static_assert(int{cbid::kCudaProfilerStop} == int{CUPTI_RUNTIME_TRACE_CBID_cudaProfilerStop_v4000});
static_assert(int{cbid::kCudaGetLastError} == int{CUPTI_RUNTIME_TRACE_CBID_cudaGetLastError_v3020});

static_assert(static_cast<int>(Resource::kContextCreated) == CUPTI_CBID_RESOURCE_CONTEXT_CREATED);
static_assert(static_cast<int>(Resource::kStreamCreated) == CUPTI_CBID_RESOURCE_STREAM_CREATED);
static_assert(static_cast<int>(Resource::kInitFinished) == CUPTI_CBID_RESOURCE_CU_INIT_FINISHED);
static_assert(static_cast<int>(Resource::kGraphNodeCreated) == CUPTI_CBID_RESOURCE_GRAPHNODE_CREATED);
static_assert(static_cast<int>(Resource::kGraphExecCreated) == CUPTI_CBID_RESOURCE_GRAPHEXEC_CREATED);

}  // namespace fakecuda
