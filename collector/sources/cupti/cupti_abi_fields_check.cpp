// SPDX-License-Identifier: Apache-2.0
//
// Compares cupti_abi_fields.hpp with the real headers. Compiled where a CUDA toolkit is installed, of use with 13.3 or newer;
// linked into nothing.
#include <cupti.h>

#include "collector/sources/cupti/cupti_abi.hpp"
#include "collector/sources/cupti/cupti_abi_fields.hpp"

namespace abi = stepscope::collector::cupti::abi;

#define SAME(OURS, THEIRS) static_assert(static_cast<long long>(OURS) == static_cast<long long>(THEIRS))

#if CUPTI_API_VERSION >= 130300
SAME(abi::kUserDefinedRecords, CUPTI_ACTIVITY_ATTR_USER_DEFINED_RECORDS);
SAME(abi::kEventTimestamps, CUPTI_ACTIVITY_ATTR_ENABLE_CUDA_EVENT_DEVICE_TIMESTAMPS);
SAME(abi::kThreadIdType, CUPTI_ACTIVITY_ATTR_THREAD_ID_TYPE);
SAME(sizeof(int), sizeof(CUpti_ActivityThreadIdType));
SAME(offsetof(abi::SubscriberParams, allow_multiple),
     offsetof(CUpti_SubscriberParams, allowMultipleSubscribers));
SAME(sizeof(abi::SubscriberParams), sizeof(CUpti_SubscriberParams));

SAME(offsetof(abi::FieldSelection, struct_size), offsetof(CUpti_ActivityFieldSelection, structSize));
SAME(offsetof(abi::FieldSelection, count), offsetof(CUpti_ActivityFieldSelection, numFields));
SAME(offsetof(abi::FieldSelection, ids), offsetof(CUpti_ActivityFieldSelection, pFieldIds));
SAME(sizeof(abi::FieldSelection), sizeof(CUpti_ActivityFieldSelection));
SAME(offsetof(abi::ActivityConfig, struct_size), offsetof(CUpti_ActivityConfig, structSize));
SAME(offsetof(abi::ActivityConfig, fields), offsetof(CUpti_ActivityConfig, fieldSelection));
SAME(offsetof(abi::FieldDescription, struct_size), offsetof(CUpti_ActivityFieldLayoutEntry, structSize));
SAME(offsetof(abi::FieldDescription, id), offsetof(CUpti_ActivityFieldLayoutEntry, fieldId));
SAME(offsetof(abi::FieldDescription, offset), offsetof(CUpti_ActivityFieldLayoutEntry, offset));
SAME(offsetof(abi::FieldDescription, bytes), offsetof(CUpti_ActivityFieldLayoutEntry, size));
SAME(offsetof(abi::FieldDescription, alignment), offsetof(CUpti_ActivityFieldLayoutEntry, alignment));
SAME(sizeof(abi::FieldDescription), sizeof(CUpti_ActivityFieldLayoutEntry));
SAME(offsetof(abi::RecordDescription, struct_size), offsetof(CUpti_ActivityRecordLayout, structSize));
SAME(offsetof(abi::RecordDescription, fields), offsetof(CUpti_ActivityRecordLayout, pEntries));
SAME(offsetof(abi::RecordDescription, count), offsetof(CUpti_ActivityRecordLayout, numFields));
SAME(offsetof(abi::RecordDescription, record_bytes), offsetof(CUpti_ActivityRecordLayout, recordSize));
SAME(sizeof(abi::RecordDescription), sizeof(CUpti_ActivityRecordLayout));
SAME(offsetof(abi::CompletedInfo, struct_size), offsetof(CUpti_BufferCallbackCompleteInfo, structSize));
SAME(offsetof(abi::CompletedInfo, thread), offsetof(CUpti_BufferCallbackCompleteInfo, threadId));
SAME(offsetof(abi::CompletedInfo, records), offsetof(CUpti_BufferCallbackCompleteInfo, ppRecordLayouts));
SAME(offsetof(abi::CompletedInfo, record_count),
     offsetof(CUpti_BufferCallbackCompleteInfo, numRecordLayouts));
SAME(sizeof(abi::CompletedInfo), sizeof(CUpti_BufferCallbackCompleteInfo));

SAME(abi::kKindField, KERNEL_FIELD_KIND);
SAME(abi::kKindField, MEMCPY_FIELD_KIND);
SAME(abi::kKindField, MEMCPY2_FIELD_KIND);
SAME(abi::kKindField, MEMSET_FIELD_KIND);
SAME(abi::kKindField, API_FIELD_KIND);
SAME(abi::kKindField, OVERHEAD_FIELD_KIND);
SAME(abi::kKindField, EXTERNAL_CORRELATION_FIELD_KIND);
SAME(abi::kKindField, GRAPH_TRACE_FIELD_KIND);
SAME(abi::kKindField, SYNCHRONIZATION_FIELD_KIND);
SAME(abi::kKindField, CUDA_EVENT_FIELD_KIND);
SAME(abi::kKindField, MEMORY_FIELD_KIND);
SAME(abi::kKindField, MEMORY_POOL_FIELD_KIND);
SAME(abi::kKindField, JIT_FIELD_KIND);
SAME(abi::kKindField, CONTEXT_FIELD_KIND);
SAME(abi::kKindField, STREAM_FIELD_KIND);
SAME(abi::kKindField, DEVICE_FIELD_KIND);
SAME(abi::kKindField, ENVIRONMENT_FIELD_KIND);
#define FIELD(OURS, KIND, THEIRS) SAME(abi::OURS, KIND##_FIELD_##THEIRS)
FIELD(kernel_id::kRegisters, KERNEL, REGISTERS_PER_THREAD);
FIELD(kernel_id::kStart, KERNEL, START);
FIELD(kernel_id::kEnd, KERNEL, END);
FIELD(kernel_id::kDevice, KERNEL, DEVICE_ID);
FIELD(kernel_id::kContext, KERNEL, CONTEXT_ID);
FIELD(kernel_id::kStream, KERNEL, STREAM_ID);
FIELD(kernel_id::kGridX, KERNEL, GRID_X);
FIELD(kernel_id::kGridY, KERNEL, GRID_Y);
FIELD(kernel_id::kGridZ, KERNEL, GRID_Z);
FIELD(kernel_id::kBlockX, KERNEL, BLOCK_X);
FIELD(kernel_id::kBlockY, KERNEL, BLOCK_Y);
FIELD(kernel_id::kBlockZ, KERNEL, BLOCK_Z);
FIELD(kernel_id::kStaticShared, KERNEL, STATIC_SHARED_MEMORY);
FIELD(kernel_id::kDynamicShared, KERNEL, DYNAMIC_SHARED_MEMORY);
FIELD(kernel_id::kCorrelation, KERNEL, CORRELATION_ID);
FIELD(kernel_id::kName, KERNEL, NAME);
FIELD(kernel_id::kGraphNode, KERNEL, GRAPH_NODE_ID);
FIELD(kernel_id::kGraph, KERNEL, GRAPH_ID);
FIELD(memcpy_id::kCopyKind, MEMCPY, COPY_KIND);
FIELD(memcpy_id::kSrcKind, MEMCPY, SRC_KIND);
FIELD(memcpy_id::kDstKind, MEMCPY, DST_KIND);
FIELD(memcpy_id::kFlags, MEMCPY, FLAGS);
FIELD(memcpy_id::kBytes, MEMCPY, BYTES);
FIELD(memcpy_id::kStart, MEMCPY, START);
FIELD(memcpy_id::kEnd, MEMCPY, END);
FIELD(memcpy_id::kDevice, MEMCPY, DEVICE_ID);
FIELD(memcpy_id::kContext, MEMCPY, CONTEXT_ID);
FIELD(memcpy_id::kStream, MEMCPY, STREAM_ID);
FIELD(memcpy_id::kCorrelation, MEMCPY, CORRELATION_ID);
FIELD(memcpy_id::kGraphNode, MEMCPY, GRAPH_NODE_ID);
FIELD(memcpy_id::kGraph, MEMCPY, GRAPH_ID);
FIELD(memcpy_id::kCopyKind, MEMCPY2, COPY_KIND);
FIELD(memcpy_id::kSrcKind, MEMCPY2, SRC_KIND);
FIELD(memcpy_id::kDstKind, MEMCPY2, DST_KIND);
FIELD(memcpy_id::kFlags, MEMCPY2, FLAGS);
FIELD(memcpy_id::kBytes, MEMCPY2, BYTES);
FIELD(memcpy_id::kStart, MEMCPY2, START);
FIELD(memcpy_id::kEnd, MEMCPY2, END);
FIELD(memcpy_id::kDevice, MEMCPY2, DEVICE_ID);
FIELD(memcpy_id::kContext, MEMCPY2, CONTEXT_ID);
FIELD(memcpy_id::kStream, MEMCPY2, STREAM_ID);
FIELD(memcpy_peer_id::kDstDevice, MEMCPY2, DST_DEVICE_ID);
FIELD(memcpy_peer_id::kCorrelation, MEMCPY2, CORRELATION_ID);
FIELD(memcpy_peer_id::kGraphNode, MEMCPY2, GRAPH_NODE_ID);
FIELD(memcpy_peer_id::kGraph, MEMCPY2, GRAPH_ID);
FIELD(memset_id::kBytes, MEMSET, BYTES);
FIELD(memset_id::kStart, MEMSET, START);
FIELD(memset_id::kEnd, MEMSET, END);
FIELD(memset_id::kDevice, MEMSET, DEVICE_ID);
FIELD(memset_id::kContext, MEMSET, CONTEXT_ID);
FIELD(memset_id::kStream, MEMSET, STREAM_ID);
FIELD(memset_id::kCorrelation, MEMSET, CORRELATION_ID);
FIELD(memset_id::kMemoryKind, MEMSET, MEMORY_KIND);
FIELD(memset_id::kGraphNode, MEMSET, GRAPH_NODE_ID);
FIELD(memset_id::kGraph, MEMSET, GRAPH_ID);
FIELD(api_id::kCallbackId, API, CBID);
FIELD(api_id::kStart, API, START);
FIELD(api_id::kEnd, API, END);
FIELD(api_id::kThread, API, THREAD_ID);
FIELD(api_id::kCorrelation, API, CORRELATION_ID);
FIELD(api_id::kReturnValue, API, RETURN_VALUE);
FIELD(overhead_id::kOverheadKind, OVERHEAD, OVERHEAD_KIND);
FIELD(overhead_id::kThread, OVERHEAD, THREAD_ID);
FIELD(overhead_id::kStart, OVERHEAD, START);
FIELD(overhead_id::kEnd, OVERHEAD, END);
FIELD(external_id::kExternalKind, EXTERNAL_CORRELATION, EXTERNAL_KIND);
FIELD(external_id::kExternalId, EXTERNAL_CORRELATION, EXTERNAL_ID);
FIELD(external_id::kCorrelation, EXTERNAL_CORRELATION, CORRELATION_ID);
FIELD(graph_trace_id::kCorrelation, GRAPH_TRACE, CORRELATION_ID);
FIELD(graph_trace_id::kStart, GRAPH_TRACE, START);
FIELD(graph_trace_id::kEnd, GRAPH_TRACE, END);
FIELD(graph_trace_id::kDevice, GRAPH_TRACE, DEVICE_ID);
FIELD(graph_trace_id::kGraph, GRAPH_TRACE, GRAPH_ID);
FIELD(graph_trace_id::kContext, GRAPH_TRACE, CONTEXT_ID);
FIELD(graph_trace_id::kStream, GRAPH_TRACE, STREAM_ID);
FIELD(sync_id::kType, SYNCHRONIZATION, TYPE);
FIELD(sync_id::kStart, SYNCHRONIZATION, START);
FIELD(sync_id::kEnd, SYNCHRONIZATION, END);
FIELD(sync_id::kCorrelation, SYNCHRONIZATION, CORRELATION_ID);
FIELD(sync_id::kContext, SYNCHRONIZATION, CONTEXT_ID);
FIELD(sync_id::kStream, SYNCHRONIZATION, STREAM_ID);
FIELD(sync_id::kEvent, SYNCHRONIZATION, CUDA_EVENT_ID);
FIELD(cuda_event_id::kCorrelation, CUDA_EVENT, CORRELATION_ID);
FIELD(cuda_event_id::kContext, CUDA_EVENT, CONTEXT_ID);
FIELD(cuda_event_id::kStream, CUDA_EVENT, STREAM_ID);
FIELD(cuda_event_id::kEvent, CUDA_EVENT, EVENT_ID);
FIELD(cuda_event_id::kDevice, CUDA_EVENT, DEVICE_ID);
FIELD(cuda_event_id::kDeviceTimestamp, CUDA_EVENT, DEVICE_TIMESTAMP);
FIELD(memory_id::kOperation, MEMORY, OPERATION_TYPE);
FIELD(memory_id::kMemoryKind, MEMORY, MEMORY_KIND);
FIELD(memory_id::kCorrelation, MEMORY, CORRELATION_ID);
FIELD(memory_id::kAddress, MEMORY, ADDRESS);
FIELD(memory_id::kBytes, MEMORY, BYTES);
FIELD(memory_id::kTimestamp, MEMORY, TIMESTAMP);
FIELD(memory_id::kDevice, MEMORY, DEVICE_ID);
FIELD(memory_id::kContext, MEMORY, CONTEXT_ID);
FIELD(memory_id::kStream, MEMORY, STREAM_ID);
FIELD(memory_pool_id::kOperation, MEMORY_POOL, OPERATION_TYPE);
FIELD(memory_pool_id::kDevice, MEMORY_POOL, DEVICE_ID);
FIELD(memory_pool_id::kAddress, MEMORY_POOL, ADDRESS);
FIELD(memory_pool_id::kSize, MEMORY_POOL, SIZE);
FIELD(memory_pool_id::kTimestamp, MEMORY_POOL, TIMESTAMP);
FIELD(jit_id::kEntryType, JIT, ENTRY_TYPE);
FIELD(jit_id::kOperation, JIT, OPERATION_TYPE);
FIELD(jit_id::kDevice, JIT, DEVICE_ID);
FIELD(jit_id::kStart, JIT, START);
FIELD(jit_id::kEnd, JIT, END);
FIELD(jit_id::kCorrelation, JIT, CORRELATION_ID);
FIELD(jit_id::kCacheSize, JIT, CACHE_SIZE);
FIELD(context_id::kContext, CONTEXT, CONTEXT_ID);
FIELD(context_id::kDevice, CONTEXT, DEVICE_ID);
FIELD(context_id::kIsGreen, CONTEXT, IS_GREEN_CONTEXT);
FIELD(stream_id::kContext, STREAM, CONTEXT_ID);
FIELD(stream_id::kStream, STREAM, STREAM_ID);
FIELD(stream_id::kPriority, STREAM, PRIORITY);
FIELD(device_id::kMemory, DEVICE, GLOBAL_MEMORY_SIZE);
FIELD(device_id::kMultiprocessors, DEVICE, NUM_MULTIPROCESSORS);
FIELD(device_id::kComputeMajor, DEVICE, COMPUTE_CAPABILITY_MAJOR);
FIELD(device_id::kComputeMinor, DEVICE, COMPUTE_CAPABILITY_MINOR);
FIELD(device_id::kId, DEVICE, ID);
FIELD(device_id::kUuid, DEVICE, UUID);
FIELD(device_id::kName, DEVICE, NAME);
FIELD(environment_id::kDevice, ENVIRONMENT, DEVICE_ID);
FIELD(environment_id::kTimestamp, ENVIRONMENT, TIMESTAMP);
FIELD(environment_id::kEnvironmentKind, ENVIRONMENT, ENVIRONMENT_KIND);
FIELD(environment_id::kData, ENVIRONMENT, ENVIRONMENT_KIND_DATA);
#endif

#if CUPTI_API_VERSION >= 130400
SAME(offsetof(abi::ActivityConfig, kind_options), offsetof(CUpti_ActivityConfig, pKindOptions));
SAME(sizeof(abi::ActivityConfig), sizeof(CUpti_ActivityConfig));
SAME(offsetof(abi::CallOptions, struct_size), offsetof(CUpti_ActivityApiOptions, structSize));
SAME(offsetof(abi::CallOptions, calls), offsetof(CUpti_ActivityApiOptions, pCbidOptions));
SAME(sizeof(abi::CallOptions), sizeof(CUpti_ActivityApiOptions));
SAME(offsetof(abi::CallSelection, struct_size), offsetof(CUpti_ActivityApiCbidOptions, structSize));
SAME(offsetof(abi::CallSelection, ids), offsetof(CUpti_ActivityApiCbidOptions, pCbids));
SAME(offsetof(abi::CallSelection, count), offsetof(CUpti_ActivityApiCbidOptions, numCbids));
SAME(offsetof(abi::CallSelection, only_these), offsetof(CUpti_ActivityApiCbidOptions, enable));
SAME(sizeof(abi::CallSelection), sizeof(CUpti_ActivityApiCbidOptions));
SAME(sizeof(uint32_t), sizeof(CUpti_CallbackId));
#elif CUPTI_API_VERSION >= 130300
SAME(abi::kActivityConfig133, sizeof(CUpti_ActivityConfig));
#endif
