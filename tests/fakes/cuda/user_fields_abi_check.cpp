// SPDX-License-Identifier: Apache-2.0
//
// Compares the fields that can be chosen from the libcupti stand-in, and the structures around them, with the toolkit's
// headers. Compiled only where CUDA 13.0 or newer is installed, of use with 13.3 or newer; produces no code.
#include <cupti.h>

#include <cstddef>

#include "tests/fakes/cuda/user_records.hpp"

#if CUPTI_API_VERSION >= 130300
namespace fakecuda {

#define SAME(ours, theirs, our_field, their_field) \
  static_assert(offsetof(ours, our_field) == offsetof(theirs, their_field))

SAME(FieldSelection, CUpti_ActivityFieldSelection, count, numFields);
SAME(FieldSelection, CUpti_ActivityFieldSelection, ids, pFieldIds);
SAME(ActivityConfig, CUpti_ActivityConfig, size, structSize);
SAME(ActivityConfig, CUpti_ActivityConfig, selection, fieldSelection);
SAME(FieldLayout, CUpti_ActivityFieldLayoutEntry, size, structSize);
SAME(FieldLayout, CUpti_ActivityFieldLayoutEntry, id, fieldId);
SAME(FieldLayout, CUpti_ActivityFieldLayoutEntry, offset, offset);
SAME(FieldLayout, CUpti_ActivityFieldLayoutEntry, bytes, size);
SAME(FieldLayout, CUpti_ActivityFieldLayoutEntry, alignment, alignment);
SAME(RecordLayout, CUpti_ActivityRecordLayout, entries, pEntries);
SAME(RecordLayout, CUpti_ActivityRecordLayout, count, numFields);
SAME(RecordLayout, CUpti_ActivityRecordLayout, record_bytes, recordSize);
SAME(CompleteInfo, CUpti_BufferCallbackCompleteInfo, thread, threadId);
SAME(CompleteInfo, CUpti_BufferCallbackCompleteInfo, layouts, ppRecordLayouts);
SAME(CompleteInfo, CUpti_BufferCallbackCompleteInfo, layout_count, numRecordLayouts);
static_assert(sizeof(FieldLayout) == sizeof(CUpti_ActivityFieldLayoutEntry));
static_assert(sizeof(RecordLayout) == sizeof(CUpti_ActivityRecordLayout));
static_assert(sizeof(CompleteInfo) == sizeof(CUpti_BufferCallbackCompleteInfo));
static_assert(kUserDefinedAttribute == CUPTI_ACTIVITY_ATTR_USER_DEFINED_RECORDS &&
              kEventTimestampsAttribute == CUPTI_ACTIVITY_ATTR_ENABLE_CUDA_EVENT_DEVICE_TIMESTAMPS &&
              kThreadIdTypeAttribute == CUPTI_ACTIVITY_ATTR_THREAD_ID_TYPE);

constexpr bool can_be_chosen(uint32_t kind, int id, size_t offset) {
  for (const ChoosableField& field : kChoosable) {
    if (field.kind == kind && field.id == id) {
      return field.offset == offset;
    }
  }
  return false;
}
#define FIELD(kind, theirs, offset) static_assert(can_be_chosen(kind, theirs, offset))

FIELD(kConcurrentKernel, KERNEL_FIELD_KIND, 0);
FIELD(kConcurrentKernel, KERNEL_FIELD_REGISTERS_PER_THREAD, kernel::kRegisters);
FIELD(kConcurrentKernel, KERNEL_FIELD_START, kernel::kStart);
FIELD(kConcurrentKernel, KERNEL_FIELD_END, kernel::kEnd);
FIELD(kConcurrentKernel, KERNEL_FIELD_COMPLETED, kernel::kCompleted);
FIELD(kConcurrentKernel, KERNEL_FIELD_DEVICE_ID, kernel::kDevice);
FIELD(kConcurrentKernel, KERNEL_FIELD_CONTEXT_ID, kernel::kContext);
FIELD(kConcurrentKernel, KERNEL_FIELD_STREAM_ID, kernel::kStream);
FIELD(kConcurrentKernel, KERNEL_FIELD_GRID_X, kernel::kGrid);
FIELD(kConcurrentKernel, KERNEL_FIELD_GRID_Y, kernel::kGrid + 4);
FIELD(kConcurrentKernel, KERNEL_FIELD_GRID_Z, kernel::kGrid + 8);
FIELD(kConcurrentKernel, KERNEL_FIELD_BLOCK_X, kernel::kBlock);
FIELD(kConcurrentKernel, KERNEL_FIELD_BLOCK_Y, kernel::kBlock + 4);
FIELD(kConcurrentKernel, KERNEL_FIELD_BLOCK_Z, kernel::kBlock + 8);
FIELD(kConcurrentKernel, KERNEL_FIELD_STATIC_SHARED_MEMORY, kernel::kStaticShared);
FIELD(kConcurrentKernel, KERNEL_FIELD_DYNAMIC_SHARED_MEMORY, kernel::kDynamicShared);
FIELD(kConcurrentKernel, KERNEL_FIELD_CORRELATION_ID, kernel::kCorrelation);
FIELD(kConcurrentKernel, KERNEL_FIELD_GRID_ID, kernel::kGridId);
FIELD(kConcurrentKernel, KERNEL_FIELD_NAME, kernel::kName);
FIELD(kConcurrentKernel, KERNEL_FIELD_QUEUED, kernel::kQueued);
FIELD(kConcurrentKernel, KERNEL_FIELD_SUBMITTED, kernel::kSubmitted);
FIELD(kConcurrentKernel, KERNEL_FIELD_GRAPH_NODE_ID, kernel::kGraphNode);
FIELD(kConcurrentKernel, KERNEL_FIELD_GRAPH_ID, kernel::kGraph);
FIELD(kConcurrentKernel, KERNEL_FIELD_CHANNEL_ID, kernel::kChannel);
FIELD(kConcurrentKernel, KERNEL_FIELD_IS_DEVICE_LAUNCHED, kernel::kDeviceLaunched);
FIELD(kMemcpy, MEMCPY_FIELD_KIND, 0);
FIELD(kMemcpy, MEMCPY_FIELD_COPY_KIND, copy::kCopyKind);
FIELD(kMemcpy, MEMCPY_FIELD_SRC_KIND, copy::kSourceKind);
FIELD(kMemcpy, MEMCPY_FIELD_DST_KIND, copy::kTargetKind);
FIELD(kMemcpy, MEMCPY_FIELD_FLAGS, copy::kFlags);
FIELD(kMemcpy, MEMCPY_FIELD_BYTES, copy::kBytes);
FIELD(kMemcpy, MEMCPY_FIELD_START, copy::kStart);
FIELD(kMemcpy, MEMCPY_FIELD_END, copy::kEnd);
FIELD(kMemcpy, MEMCPY_FIELD_DEVICE_ID, copy::kDevice);
FIELD(kMemcpy, MEMCPY_FIELD_CONTEXT_ID, copy::kContext);
FIELD(kMemcpy, MEMCPY_FIELD_STREAM_ID, copy::kStream);
FIELD(kMemcpy, MEMCPY_FIELD_CORRELATION_ID, copy::kCorrelation);
FIELD(kMemcpy, MEMCPY_FIELD_GRAPH_NODE_ID, copy::kGraphNode);
FIELD(kMemcpy, MEMCPY_FIELD_GRAPH_ID, copy::kGraph);
FIELD(kMemcpy, MEMCPY_FIELD_COPY_COUNT, copy::kCopyCount);
FIELD(kMemcpy2, MEMCPY2_FIELD_KIND, 0);
FIELD(kMemcpy2, MEMCPY2_FIELD_COPY_KIND, copy::kCopyKind);
FIELD(kMemcpy2, MEMCPY2_FIELD_SRC_KIND, copy::kSourceKind);
FIELD(kMemcpy2, MEMCPY2_FIELD_DST_KIND, copy::kTargetKind);
FIELD(kMemcpy2, MEMCPY2_FIELD_FLAGS, copy::kFlags);
FIELD(kMemcpy2, MEMCPY2_FIELD_BYTES, copy::kBytes);
FIELD(kMemcpy2, MEMCPY2_FIELD_START, copy::kStart);
FIELD(kMemcpy2, MEMCPY2_FIELD_END, copy::kEnd);
FIELD(kMemcpy2, MEMCPY2_FIELD_DEVICE_ID, copy::kDevice);
FIELD(kMemcpy2, MEMCPY2_FIELD_CONTEXT_ID, copy::kContext);
FIELD(kMemcpy2, MEMCPY2_FIELD_STREAM_ID, copy::kStream);
FIELD(kMemcpy2, MEMCPY2_FIELD_SRC_DEVICE_ID, peer_copy::kSourceDevice);
FIELD(kMemcpy2, MEMCPY2_FIELD_SRC_CONTEXT_ID, peer_copy::kSourceContext);
FIELD(kMemcpy2, MEMCPY2_FIELD_DST_DEVICE_ID, peer_copy::kTargetDevice);
FIELD(kMemcpy2, MEMCPY2_FIELD_DST_CONTEXT_ID, peer_copy::kTargetContext);
FIELD(kMemcpy2, MEMCPY2_FIELD_CORRELATION_ID, peer_copy::kCorrelation);
FIELD(kMemcpy2, MEMCPY2_FIELD_GRAPH_NODE_ID, peer_copy::kGraphNode);
FIELD(kMemcpy2, MEMCPY2_FIELD_GRAPH_ID, peer_copy::kGraph);
FIELD(kMemset, MEMSET_FIELD_KIND, 0);
FIELD(kMemset, MEMSET_FIELD_VALUE, set::kValue);
FIELD(kMemset, MEMSET_FIELD_BYTES, set::kBytes);
FIELD(kMemset, MEMSET_FIELD_START, set::kStart);
FIELD(kMemset, MEMSET_FIELD_END, set::kEnd);
FIELD(kMemset, MEMSET_FIELD_DEVICE_ID, set::kDevice);
FIELD(kMemset, MEMSET_FIELD_CONTEXT_ID, set::kContext);
FIELD(kMemset, MEMSET_FIELD_STREAM_ID, set::kStream);
FIELD(kMemset, MEMSET_FIELD_CORRELATION_ID, set::kCorrelation);
FIELD(kMemset, MEMSET_FIELD_FLAGS, set::kFlags);
FIELD(kMemset, MEMSET_FIELD_MEMORY_KIND, set::kMemoryKind);
FIELD(kMemset, MEMSET_FIELD_GRAPH_NODE_ID, set::kGraphNode);
FIELD(kMemset, MEMSET_FIELD_GRAPH_ID, set::kGraph);
FIELD(kRuntime, API_FIELD_KIND, 0);
FIELD(kRuntime, API_FIELD_CBID, api::kCbid);
FIELD(kRuntime, API_FIELD_START, api::kStart);
FIELD(kRuntime, API_FIELD_END, api::kEnd);
FIELD(kRuntime, API_FIELD_PROCESS_ID, api::kProcess);
FIELD(kRuntime, API_FIELD_THREAD_ID, api::kThread);
FIELD(kRuntime, API_FIELD_CORRELATION_ID, api::kCorrelation);
FIELD(kRuntime, API_FIELD_RETURN_VALUE, api::kResult);
FIELD(kDriver, API_FIELD_KIND, 0);
FIELD(kDriver, API_FIELD_CBID, api::kCbid);
FIELD(kDriver, API_FIELD_START, api::kStart);
FIELD(kDriver, API_FIELD_END, api::kEnd);
FIELD(kDriver, API_FIELD_PROCESS_ID, api::kProcess);
FIELD(kDriver, API_FIELD_THREAD_ID, api::kThread);
FIELD(kDriver, API_FIELD_CORRELATION_ID, api::kCorrelation);
FIELD(kDriver, API_FIELD_RETURN_VALUE, api::kResult);
FIELD(kOverhead, OVERHEAD_FIELD_KIND, 0);
FIELD(kOverhead, OVERHEAD_FIELD_OVERHEAD_KIND, overhead::kOverheadKind);
FIELD(kOverhead, OVERHEAD_FIELD_PROCESS_ID, overhead::kProcess);
FIELD(kOverhead, OVERHEAD_FIELD_THREAD_ID, overhead::kThread);
FIELD(kOverhead, OVERHEAD_FIELD_START, overhead::kStart);
FIELD(kOverhead, OVERHEAD_FIELD_END, overhead::kEnd);
FIELD(kOverhead, OVERHEAD_FIELD_CORRELATION_ID, overhead::kCorrelation);
FIELD(kExternalCorrelation, EXTERNAL_CORRELATION_FIELD_KIND, 0);
FIELD(kExternalCorrelation, EXTERNAL_CORRELATION_FIELD_EXTERNAL_KIND, external::kExternalKind);
FIELD(kExternalCorrelation, EXTERNAL_CORRELATION_FIELD_EXTERNAL_ID, external::kExternalId);
FIELD(kExternalCorrelation, EXTERNAL_CORRELATION_FIELD_CORRELATION_ID, external::kCorrelation);
FIELD(kGraphTrace, GRAPH_TRACE_FIELD_KIND, 0);
FIELD(kGraphTrace, GRAPH_TRACE_FIELD_CORRELATION_ID, graph_trace::kCorrelation);
FIELD(kGraphTrace, GRAPH_TRACE_FIELD_START, graph_trace::kStart);
FIELD(kGraphTrace, GRAPH_TRACE_FIELD_END, graph_trace::kEnd);
FIELD(kGraphTrace, GRAPH_TRACE_FIELD_DEVICE_ID, graph_trace::kDevice);
FIELD(kGraphTrace, GRAPH_TRACE_FIELD_GRAPH_ID, graph_trace::kGraph);
FIELD(kGraphTrace, GRAPH_TRACE_FIELD_CONTEXT_ID, graph_trace::kContext);
FIELD(kGraphTrace, GRAPH_TRACE_FIELD_STREAM_ID, graph_trace::kStream);
FIELD(kGraphTrace, GRAPH_TRACE_FIELD_END_DEVICE_ID, graph_trace::kEndDevice);
FIELD(kGraphTrace, GRAPH_TRACE_FIELD_END_CONTEXT_ID, graph_trace::kEndContext);
FIELD(kSynchronization, SYNCHRONIZATION_FIELD_KIND, 0);
FIELD(kSynchronization, SYNCHRONIZATION_FIELD_TYPE, sync::kType);
FIELD(kSynchronization, SYNCHRONIZATION_FIELD_START, sync::kStart);
FIELD(kSynchronization, SYNCHRONIZATION_FIELD_END, sync::kEnd);
FIELD(kSynchronization, SYNCHRONIZATION_FIELD_CORRELATION_ID, sync::kCorrelation);
FIELD(kSynchronization, SYNCHRONIZATION_FIELD_CONTEXT_ID, sync::kContext);
FIELD(kSynchronization, SYNCHRONIZATION_FIELD_STREAM_ID, sync::kStream);
FIELD(kSynchronization, SYNCHRONIZATION_FIELD_CUDA_EVENT_ID, sync::kEventId);
FIELD(kSynchronization, SYNCHRONIZATION_FIELD_CUDA_EVENT_SYNC_ID, sync::kEventSyncId);
FIELD(kSynchronization, SYNCHRONIZATION_FIELD_RETURN_VALUE, sync::kResult);
FIELD(kCudaEvent, CUDA_EVENT_FIELD_KIND, 0);
FIELD(kCudaEvent, CUDA_EVENT_FIELD_CORRELATION_ID, cuda_event::kCorrelation);
FIELD(kCudaEvent, CUDA_EVENT_FIELD_CONTEXT_ID, cuda_event::kContext);
FIELD(kCudaEvent, CUDA_EVENT_FIELD_STREAM_ID, cuda_event::kStream);
FIELD(kCudaEvent, CUDA_EVENT_FIELD_EVENT_ID, cuda_event::kEventId);
FIELD(kCudaEvent, CUDA_EVENT_FIELD_DEVICE_ID, cuda_event::kDevice);
FIELD(kCudaEvent, CUDA_EVENT_FIELD_DEVICE_TIMESTAMP, cuda_event::kDeviceTime);
FIELD(kMemory2, MEMORY_FIELD_KIND, 0);
FIELD(kMemory2, MEMORY_FIELD_OPERATION_TYPE, memory::kOperation);
FIELD(kMemory2, MEMORY_FIELD_MEMORY_KIND, memory::kMemoryKind);
FIELD(kMemory2, MEMORY_FIELD_CORRELATION_ID, memory::kCorrelation);
FIELD(kMemory2, MEMORY_FIELD_ADDRESS, memory::kAddress);
FIELD(kMemory2, MEMORY_FIELD_BYTES, memory::kBytes);
FIELD(kMemory2, MEMORY_FIELD_TIMESTAMP, memory::kTime);
FIELD(kMemory2, MEMORY_FIELD_PROCESS_ID, memory::kProcess);
FIELD(kMemory2, MEMORY_FIELD_DEVICE_ID, memory::kDevice);
FIELD(kMemory2, MEMORY_FIELD_CONTEXT_ID, memory::kContext);
FIELD(kMemory2, MEMORY_FIELD_STREAM_ID, memory::kStream);
FIELD(kMemory2, MEMORY_FIELD_IS_ASYNC, memory::kIsAsync);
FIELD(kMemoryPool, MEMORY_POOL_FIELD_KIND, 0);
FIELD(kMemoryPool, MEMORY_POOL_FIELD_OPERATION_TYPE, memory_pool::kOperation);
FIELD(kMemoryPool, MEMORY_POOL_FIELD_DEVICE_ID, memory_pool::kDevice);
FIELD(kMemoryPool, MEMORY_POOL_FIELD_ADDRESS, memory_pool::kAddress);
FIELD(kMemoryPool, MEMORY_POOL_FIELD_SIZE, memory_pool::kSize);
FIELD(kMemoryPool, MEMORY_POOL_FIELD_TIMESTAMP, memory_pool::kTime);
FIELD(kJit, JIT_FIELD_KIND, 0);
FIELD(kJit, JIT_FIELD_ENTRY_TYPE, jit::kEntryType);
FIELD(kJit, JIT_FIELD_OPERATION_TYPE, jit::kOperation);
FIELD(kJit, JIT_FIELD_DEVICE_ID, jit::kDevice);
FIELD(kJit, JIT_FIELD_START, jit::kStart);
FIELD(kJit, JIT_FIELD_END, jit::kEnd);
FIELD(kJit, JIT_FIELD_CORRELATION_ID, jit::kCorrelation);
FIELD(kJit, JIT_FIELD_CACHE_SIZE, jit::kCacheSize);
FIELD(kJit, JIT_FIELD_CACHE_PATH, jit::kCachePath);
FIELD(kJit, JIT_FIELD_PROCESS_ID, jit::kProcess);
FIELD(kJit, JIT_FIELD_THREAD_ID, jit::kThread);
FIELD(kContext, CONTEXT_FIELD_KIND, 0);
FIELD(kContext, CONTEXT_FIELD_CONTEXT_ID, context::kId);
FIELD(kContext, CONTEXT_FIELD_DEVICE_ID, context::kDevice);
FIELD(kContext, CONTEXT_FIELD_COMPUTE_API_KIND, context::kApi);
FIELD(kContext, CONTEXT_FIELD_NULL_STREAM_ID, context::kNullStream);
FIELD(kContext, CONTEXT_FIELD_PARENT_CONTEXT_ID, context::kParent);
FIELD(kContext, CONTEXT_FIELD_IS_GREEN_CONTEXT, context::kIsGreen);
FIELD(kStream, STREAM_FIELD_KIND, 0);
FIELD(kStream, STREAM_FIELD_CONTEXT_ID, stream::kContext);
FIELD(kStream, STREAM_FIELD_STREAM_ID, stream::kId);
FIELD(kStream, STREAM_FIELD_PRIORITY, stream::kPriority);
FIELD(kStream, STREAM_FIELD_FLAG, stream::kFlag);
FIELD(kStream, STREAM_FIELD_CORRELATION_ID, stream::kCorrelation);
FIELD(kDevice, DEVICE_FIELD_KIND, 0);
FIELD(kDevice, DEVICE_FIELD_GLOBAL_MEMORY_SIZE, device::kMemory);
FIELD(kDevice, DEVICE_FIELD_CORE_CLOCK_RATE, device::kClock);
FIELD(kDevice, DEVICE_FIELD_NUM_MULTIPROCESSORS, device::kMultiprocessors);
FIELD(kDevice, DEVICE_FIELD_COMPUTE_CAPABILITY_MAJOR, device::kMajor);
FIELD(kDevice, DEVICE_FIELD_COMPUTE_CAPABILITY_MINOR, device::kMinor);
FIELD(kDevice, DEVICE_FIELD_ID, device::kId);
FIELD(kDevice, DEVICE_FIELD_UUID, device::kUuid);
FIELD(kDevice, DEVICE_FIELD_NAME, device::kName);
FIELD(kEnvironment, ENVIRONMENT_FIELD_KIND, 0);
FIELD(kEnvironment, ENVIRONMENT_FIELD_DEVICE_ID, environment::kDevice);
FIELD(kEnvironment, ENVIRONMENT_FIELD_TIMESTAMP, environment::kTime);
FIELD(kEnvironment, ENVIRONMENT_FIELD_ENVIRONMENT_KIND, environment::kWhat);
FIELD(kEnvironment, ENVIRONMENT_FIELD_ENVIRONMENT_KIND_DATA, environment::kSmClock);

}  // namespace fakecuda
#endif
