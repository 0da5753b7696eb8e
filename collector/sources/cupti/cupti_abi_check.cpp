// SPDX-License-Identifier: Apache-2.0
//
// Compares cupti_abi.hpp with the real headers. Compiled where a CUDA toolkit is installed; linked into nothing.
#include <cupti.h>

#include "collector/sources/cupti/cupti_abi.hpp"

namespace abi = stepscope::collector::cupti::abi;

#define SAME(OURS, THEIRS) static_assert(static_cast<long long>(OURS) == static_cast<long long>(THEIRS))
#define AT(OFFSET, RECORD, FIELD) SAME(abi::OFFSET, offsetof(RECORD, FIELD))

SAME(abi::kSuccess, CUPTI_SUCCESS);
SAME(abi::kMaxLimitReached, CUPTI_ERROR_MAX_LIMIT_REACHED);
SAME(abi::kInsufficientPrivileges, CUPTI_ERROR_INSUFFICIENT_PRIVILEGES);
SAME(abi::kMultipleSubscribers, CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED);
SAME(abi::kUnknown, CUPTI_ERROR_UNKNOWN);

SAME(abi::kMemcpy, CUPTI_ACTIVITY_KIND_MEMCPY);
SAME(abi::kMemset, CUPTI_ACTIVITY_KIND_MEMSET);
SAME(abi::kDriver, CUPTI_ACTIVITY_KIND_DRIVER);
SAME(abi::kRuntime, CUPTI_ACTIVITY_KIND_RUNTIME);
SAME(abi::kDevice, CUPTI_ACTIVITY_KIND_DEVICE);
SAME(abi::kContext, CUPTI_ACTIVITY_KIND_CONTEXT);
SAME(abi::kConcurrentKernel, CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
SAME(abi::kOverhead, CUPTI_ACTIVITY_KIND_OVERHEAD);
SAME(abi::kEnvironment, CUPTI_ACTIVITY_KIND_ENVIRONMENT);
SAME(abi::kMemcpyPeer, CUPTI_ACTIVITY_KIND_MEMCPY2);
SAME(abi::kCudaEvent, CUPTI_ACTIVITY_KIND_CUDA_EVENT);
SAME(abi::kStream, CUPTI_ACTIVITY_KIND_STREAM);
SAME(abi::kSynchronization, CUPTI_ACTIVITY_KIND_SYNCHRONIZATION);
SAME(abi::kExternalCorrelation, CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION);
SAME(abi::kMemory, CUPTI_ACTIVITY_KIND_MEMORY2);
SAME(abi::kMemoryPool, CUPTI_ACTIVITY_KIND_MEMORY_POOL);
SAME(abi::kGraphTrace, CUPTI_ACTIVITY_KIND_GRAPH_TRACE);
SAME(abi::kJit, CUPTI_ACTIVITY_KIND_JIT);

SAME(abi::kDeviceBufferSize, CUPTI_ACTIVITY_ATTR_DEVICE_BUFFER_SIZE);
SAME(abi::kDeviceBufferPoolLimit, CUPTI_ACTIVITY_ATTR_DEVICE_BUFFER_POOL_LIMIT);
SAME(abi::kZeroedOutBuffers, CUPTI_ACTIVITY_ATTR_ZEROED_OUT_ACTIVITY_BUFFER);
SAME(abi::kFlushForced, CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
SAME(abi::kThreadIdDefault, CUPTI_ACTIVITY_THREAD_ID_TYPE_DEFAULT);
SAME(abi::kThreadIdSystem, CUPTI_ACTIVITY_THREAD_ID_TYPE_SYSTEM);

SAME(abi::kDriverApi, CUPTI_CB_DOMAIN_DRIVER_API);
SAME(abi::kRuntimeApi, CUPTI_CB_DOMAIN_RUNTIME_API);
SAME(abi::kResource, CUPTI_CB_DOMAIN_RESOURCE);
SAME(abi::kState, CUPTI_CB_DOMAIN_STATE);
SAME(abi::kContextCreated, CUPTI_CBID_RESOURCE_CONTEXT_CREATED);
SAME(abi::kModuleUnloadStarting, CUPTI_CBID_RESOURCE_MODULE_UNLOAD_STARTING);
SAME(abi::kFatalError, CUPTI_CBID_STATE_FATAL_ERROR);
SAME(abi::kRuntimeProfilerStart, CUPTI_RUNTIME_TRACE_CBID_cudaProfilerStart_v4000);
SAME(abi::kRuntimeProfilerStop, CUPTI_RUNTIME_TRACE_CBID_cudaProfilerStop_v4000);
SAME(abi::kDriverProfilerStart, CUPTI_DRIVER_TRACE_CBID_cuProfilerStart);
SAME(abi::kDriverProfilerStop, CUPTI_DRIVER_TRACE_CBID_cuProfilerStop);
SAME(abi::kRuntimeGraphLaunch, CUPTI_RUNTIME_TRACE_CBID_cudaGraphLaunch_v10000);
SAME(abi::kRuntimeGraphLaunchPtsz, CUPTI_RUNTIME_TRACE_CBID_cudaGraphLaunch_ptsz_v10000);
SAME(abi::kDriverGraphLaunch, CUPTI_DRIVER_TRACE_CBID_cuGraphLaunch);
SAME(abi::kDriverGraphLaunchPtsz, CUPTI_DRIVER_TRACE_CBID_cuGraphLaunch_ptsz);
SAME(abi::kApiEnter, CUPTI_API_ENTER);
SAME(abi::kApiExit, CUPTI_API_EXIT);

SAME(offsetof(abi::CallbackData, callback_site), offsetof(CUpti_CallbackData, callbackSite));
SAME(offsetof(abi::CallbackData, function_name), offsetof(CUpti_CallbackData, functionName));
SAME(offsetof(abi::CallbackData, function_params), offsetof(CUpti_CallbackData, functionParams));

SAME(offsetof(abi::SubscriberParams, struct_size), offsetof(CUpti_SubscriberParams, structSize));
SAME(offsetof(abi::SubscriberParams, subscriber_name), offsetof(CUpti_SubscriberParams, subscriberName));
SAME(offsetof(abi::SubscriberParams, old_subscriber_name),
     offsetof(CUpti_SubscriberParams, oldSubscriberName));
SAME(offsetof(abi::SubscriberParams, old_subscriber_size),
     offsetof(CUpti_SubscriberParams, oldSubscriberSize));
SAME(abi::kSubscriberNameBytes, CUPTI_OLD_SUBSCRIBER_NAME_MIN_LEN);

using Kernel = CUpti_ActivityKernel10;
AT(kernel::kRegisters, Kernel, registersPerThread);
AT(kernel::kStart, Kernel, start);
AT(kernel::kEnd, Kernel, end);
AT(kernel::kDevice, Kernel, deviceId);
AT(kernel::kContext, Kernel, contextId);
AT(kernel::kStream, Kernel, streamId);
AT(kernel::kGridX, Kernel, gridX);
AT(kernel::kBlockX, Kernel, blockX);
AT(kernel::kStaticShared, Kernel, staticSharedMemory);
AT(kernel::kDynamicShared, Kernel, dynamicSharedMemory);
AT(kernel::kCorrelation, Kernel, correlationId);
AT(kernel::kName, Kernel, name);
AT(kernel::kGraphNode, Kernel, graphNodeId);
AT(kernel::kGraph, Kernel, graphId);

using Memcpy = CUpti_ActivityMemcpy6;
AT(memcpy_record::kCopyKind, Memcpy, copyKind);
AT(memcpy_record::kSrcKind, Memcpy, srcKind);
AT(memcpy_record::kDstKind, Memcpy, dstKind);
AT(memcpy_record::kFlags, Memcpy, flags);
AT(memcpy_record::kBytes, Memcpy, bytes);
AT(memcpy_record::kStart, Memcpy, start);
AT(memcpy_record::kEnd, Memcpy, end);
AT(memcpy_record::kDevice, Memcpy, deviceId);
AT(memcpy_record::kContext, Memcpy, contextId);
AT(memcpy_record::kStream, Memcpy, streamId);
AT(memcpy_record::kCorrelation, Memcpy, correlationId);
AT(memcpy_record::kGraphNode, Memcpy, graphNodeId);
AT(memcpy_record::kGraph, Memcpy, graphId);

using Peer = CUpti_ActivityMemcpyPtoP4;
AT(memcpy_peer::kCopyKind, Peer, copyKind);
AT(memcpy_peer::kSrcKind, Peer, srcKind);
AT(memcpy_peer::kDstKind, Peer, dstKind);
AT(memcpy_peer::kFlags, Peer, flags);
AT(memcpy_peer::kBytes, Peer, bytes);
AT(memcpy_peer::kStart, Peer, start);
AT(memcpy_peer::kEnd, Peer, end);
AT(memcpy_peer::kDevice, Peer, deviceId);
AT(memcpy_peer::kContext, Peer, contextId);
AT(memcpy_peer::kStream, Peer, streamId);
AT(memcpy_peer::kDstDevice, Peer, dstDeviceId);
AT(memcpy_peer::kCorrelation, Peer, correlationId);
AT(memcpy_peer::kGraphNode, Peer, graphNodeId);
AT(memcpy_peer::kGraph, Peer, graphId);

using Memset = CUpti_ActivityMemset4;
AT(memset_record::kBytes, Memset, bytes);
AT(memset_record::kStart, Memset, start);
AT(memset_record::kEnd, Memset, end);
AT(memset_record::kDevice, Memset, deviceId);
AT(memset_record::kContext, Memset, contextId);
AT(memset_record::kStream, Memset, streamId);
AT(memset_record::kCorrelation, Memset, correlationId);
AT(memset_record::kMemoryKind, Memset, memoryKind);
AT(memset_record::kGraphNode, Memset, graphNodeId);
AT(memset_record::kGraph, Memset, graphId);

AT(api::kCallbackId, CUpti_ActivityAPI, cbid);
AT(api::kStart, CUpti_ActivityAPI, start);
AT(api::kEnd, CUpti_ActivityAPI, end);
AT(api::kThread, CUpti_ActivityAPI, threadId);
AT(api::kCorrelation, CUpti_ActivityAPI, correlationId);
AT(api::kReturnValue, CUpti_ActivityAPI, returnValue);

AT(overhead::kOverheadKind, CUpti_ActivityOverhead3, overheadKind);
AT(overhead::kObjectKind, CUpti_ActivityOverhead3, objectKind);
AT(overhead::kObjectThread, CUpti_ActivityOverhead3, objectId.pt.threadId);
AT(overhead::kStart, CUpti_ActivityOverhead3, start);
AT(overhead::kEnd, CUpti_ActivityOverhead3, end);
SAME(abi::overhead::kObjectIsThread, CUPTI_ACTIVITY_OBJECT_THREAD);

AT(external::kExternalKind, CUpti_ActivityExternalCorrelation, externalKind);
AT(external::kExternalId, CUpti_ActivityExternalCorrelation, externalId);
AT(external::kCorrelation, CUpti_ActivityExternalCorrelation, correlationId);

AT(graph_trace::kCorrelation, CUpti_ActivityGraphTrace2, correlationId);
AT(graph_trace::kStart, CUpti_ActivityGraphTrace2, start);
AT(graph_trace::kEnd, CUpti_ActivityGraphTrace2, end);
AT(graph_trace::kDevice, CUpti_ActivityGraphTrace2, deviceId);
AT(graph_trace::kGraph, CUpti_ActivityGraphTrace2, graphId);
AT(graph_trace::kContext, CUpti_ActivityGraphTrace2, contextId);
AT(graph_trace::kStream, CUpti_ActivityGraphTrace2, streamId);

AT(sync::kType, CUpti_ActivitySynchronization2, type);
AT(sync::kStart, CUpti_ActivitySynchronization2, start);
AT(sync::kEnd, CUpti_ActivitySynchronization2, end);
AT(sync::kCorrelation, CUpti_ActivitySynchronization2, correlationId);
AT(sync::kContext, CUpti_ActivitySynchronization2, contextId);
AT(sync::kStream, CUpti_ActivitySynchronization2, streamId);
AT(sync::kEvent, CUpti_ActivitySynchronization2, cudaEventId);

AT(cuda_event::kCorrelation, CUpti_ActivityCudaEvent2, correlationId);
AT(cuda_event::kContext, CUpti_ActivityCudaEvent2, contextId);
AT(cuda_event::kStream, CUpti_ActivityCudaEvent2, streamId);
AT(cuda_event::kEvent, CUpti_ActivityCudaEvent2, eventId);
AT(cuda_event::kDevice, CUpti_ActivityCudaEvent2, deviceId);
AT(cuda_event::kDeviceTimestamp, CUpti_ActivityCudaEvent2, deviceTimestamp);

AT(memory::kOperation, CUpti_ActivityMemory4, memoryOperationType);
AT(memory::kMemoryKind, CUpti_ActivityMemory4, memoryKind);
AT(memory::kCorrelation, CUpti_ActivityMemory4, correlationId);
AT(memory::kAddress, CUpti_ActivityMemory4, address);
AT(memory::kBytes, CUpti_ActivityMemory4, bytes);
AT(memory::kTimestamp, CUpti_ActivityMemory4, timestamp);
AT(memory::kDevice, CUpti_ActivityMemory4, deviceId);
AT(memory::kContext, CUpti_ActivityMemory4, contextId);
AT(memory::kStream, CUpti_ActivityMemory4, streamId);

AT(memory_pool::kOperation, CUpti_ActivityMemoryPool3, memoryPoolOperationType);
AT(memory_pool::kDevice, CUpti_ActivityMemoryPool3, deviceId);
AT(memory_pool::kAddress, CUpti_ActivityMemoryPool3, address);
AT(memory_pool::kSize, CUpti_ActivityMemoryPool3, size);
AT(memory_pool::kTimestamp, CUpti_ActivityMemoryPool3, timestamp);

AT(jit::kEntryType, CUpti_ActivityJit2, jitEntryType);
AT(jit::kOperation, CUpti_ActivityJit2, jitOperationType);
AT(jit::kDevice, CUpti_ActivityJit2, deviceId);
AT(jit::kStart, CUpti_ActivityJit2, start);
AT(jit::kEnd, CUpti_ActivityJit2, end);
AT(jit::kCorrelation, CUpti_ActivityJit2, correlationId);
AT(jit::kCacheSize, CUpti_ActivityJit2, cacheSize);

AT(context::kContext, CUpti_ActivityContext3, contextId);
AT(context::kDevice, CUpti_ActivityContext3, deviceId);
AT(context::kIsGreen, CUpti_ActivityContext3, isGreenContext);
SAME(sizeof(uint8_t), sizeof(CUpti_ActivityContext3::isGreenContext));

AT(stream::kContext, CUpti_ActivityStream, contextId);
AT(stream::kStream, CUpti_ActivityStream, streamId);
AT(stream::kPriority, CUpti_ActivityStream, priority);

AT(device::kMemory, CUpti_ActivityDevice5, globalMemorySize);
AT(device::kMultiprocessors, CUpti_ActivityDevice5, numMultiprocessors);
AT(device::kComputeMajor, CUpti_ActivityDevice5, computeCapabilityMajor);
AT(device::kComputeMinor, CUpti_ActivityDevice5, computeCapabilityMinor);
AT(device::kId, CUpti_ActivityDevice5, id);
AT(device::kUuid, CUpti_ActivityDevice5, uuid);
AT(device::kName, CUpti_ActivityDevice5, name);

AT(environment::kDevice, CUpti_ActivityEnvironment, deviceId);
AT(environment::kTimestamp, CUpti_ActivityEnvironment, timestamp);
AT(environment::kEnvironmentKind, CUpti_ActivityEnvironment, environmentKind);
AT(environment::kSmClock, CUpti_ActivityEnvironment, data.speed.smClock);
AT(environment::kMemoryClock, CUpti_ActivityEnvironment, data.speed.memoryClock);
AT(environment::kTemperature, CUpti_ActivityEnvironment, data.temperature.gpuTemperature);
AT(environment::kPower, CUpti_ActivityEnvironment, data.power.power);
SAME(abi::environment::kSpeed, CUPTI_ACTIVITY_ENVIRONMENT_SPEED);
SAME(abi::environment::kTemperatureKind, CUPTI_ACTIVITY_ENVIRONMENT_TEMPERATURE);
SAME(abi::environment::kPowerKind, CUPTI_ACTIVITY_ENVIRONMENT_POWER);

// The ids of api_calls.cpp, one of each family: a call, its per-thread-stream variant, an older and a newer signature.
SAME(41, CUPTI_RUNTIME_TRACE_CBID_cudaMemcpyAsync_v3020);
SAME(131, CUPTI_RUNTIME_TRACE_CBID_cudaStreamSynchronize_v3020);
SAME(137, CUPTI_RUNTIME_TRACE_CBID_cudaEventSynchronize_v3020);
SAME(165, CUPTI_RUNTIME_TRACE_CBID_cudaDeviceSynchronize_v3020);
SAME(211, CUPTI_RUNTIME_TRACE_CBID_cudaLaunchKernel_v7000);
SAME(214, CUPTI_RUNTIME_TRACE_CBID_cudaLaunchKernel_ptsz_v7000);
SAME(225, CUPTI_RUNTIME_TRACE_CBID_cudaMemcpyAsync_ptsz_v7000);
SAME(239, CUPTI_RUNTIME_TRACE_CBID_cudaStreamSynchronize_ptsz_v7000);
SAME(310, CUPTI_RUNTIME_TRACE_CBID_cudaGraphInstantiate_v10000);
SAME(373, CUPTI_RUNTIME_TRACE_CBID_cudaMallocAsync_v11020);
SAME(374, CUPTI_RUNTIME_TRACE_CBID_cudaMallocAsync_ptsz_v11020);
SAME(430, CUPTI_RUNTIME_TRACE_CBID_cudaLaunchKernelExC_v11060);
SAME(431, CUPTI_RUNTIME_TRACE_CBID_cudaLaunchKernelExC_ptsz_v11060);
SAME(443, CUPTI_RUNTIME_TRACE_CBID_cudaGraphInstantiate_v12000);
SAME(17, CUPTI_DRIVER_TRACE_CBID_cuCtxSynchronize);
SAME(29, CUPTI_DRIVER_TRACE_CBID_cuMemAlloc);
SAME(60, CUPTI_DRIVER_TRACE_CBID_cuMemcpyHtoDAsync);
SAME(243, CUPTI_DRIVER_TRACE_CBID_cuMemAlloc_v2);
SAME(277, CUPTI_DRIVER_TRACE_CBID_cuMemcpyHtoDAsync_v2);
SAME(307, CUPTI_DRIVER_TRACE_CBID_cuLaunchKernel);
SAME(421, CUPTI_DRIVER_TRACE_CBID_cuMemcpyHtoDAsync_v2_ptsz);
SAME(442, CUPTI_DRIVER_TRACE_CBID_cuLaunchKernel_ptsz);
SAME(652, CUPTI_DRIVER_TRACE_CBID_cuLaunchKernelEx);
SAME(653, CUPTI_DRIVER_TRACE_CBID_cuLaunchKernelEx_ptsz);
SAME(678, CUPTI_DRIVER_TRACE_CBID_cuLibraryLoadData);
SAME(800, CUPTI_DRIVER_TRACE_CBID_cuCtxSynchronize_v2);
