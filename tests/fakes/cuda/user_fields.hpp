// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: which fields a tool can choose, of the kinds the stand-in knows. Correlation and thread ids are wider
// than in the classic records, and so are some others. Compared with the toolkit's headers in user_fields_abi_check.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tests/fakes/cuda/records.hpp"

namespace fakecuda {

// A field that can be chosen: its number, where the classic record of its kind has it, and how wide it is when chosen.
struct ChoosableField {
  uint32_t kind;
  int id;
  size_t offset;
  size_t bytes;
  size_t chosen_bytes;
};

// clang-format off
inline constexpr ChoosableField kChoosable[] = {
    {kConcurrentKernel, 0, 0, 4, 4}, {kConcurrentKernel, 4, kernel::kRegisters, 2, 2},
    {kConcurrentKernel, 7, kernel::kStart, 8, 8}, {kConcurrentKernel, 8, kernel::kEnd, 8, 8},
    {kConcurrentKernel, 9, kernel::kCompleted, 8, 8}, {kConcurrentKernel, 10, kernel::kDevice, 4, 4},
    {kConcurrentKernel, 11, kernel::kContext, 4, 8}, {kConcurrentKernel, 12, kernel::kStream, 4, 8},
    {kConcurrentKernel, 13, kernel::kGrid, 4, 4}, {kConcurrentKernel, 14, kernel::kGrid + 4, 4, 4},
    {kConcurrentKernel, 15, kernel::kGrid + 8, 4, 4}, {kConcurrentKernel, 16, kernel::kBlock, 4, 4},
    {kConcurrentKernel, 17, kernel::kBlock + 4, 4, 4}, {kConcurrentKernel, 18, kernel::kBlock + 8, 4, 4},
    {kConcurrentKernel, 19, kernel::kStaticShared, 4, 4}, {kConcurrentKernel, 20, kernel::kDynamicShared, 4, 4},
    {kConcurrentKernel, 22, kernel::kCorrelation, 4, 8}, {kConcurrentKernel, 23, kernel::kGridId, 8, 8},
    {kConcurrentKernel, 24, kernel::kName, 8, 8}, {kConcurrentKernel, 25, kernel::kQueued, 8, 8},
    {kConcurrentKernel, 26, kernel::kSubmitted, 8, 8}, {kConcurrentKernel, 31, kernel::kGraphNode, 8, 8},
    {kConcurrentKernel, 33, kernel::kGraph, 4, 4}, {kConcurrentKernel, 35, kernel::kChannel, 4, 4},
    {kConcurrentKernel, 44, kernel::kDeviceLaunched, 1, 1}, {kMemcpy, 0, 0, 4, 4},
    {kMemcpy, 1, copy::kCopyKind, 1, 1}, {kMemcpy, 2, copy::kSourceKind, 1, 1},
    {kMemcpy, 3, copy::kTargetKind, 1, 1}, {kMemcpy, 4, copy::kFlags, 1, 1}, {kMemcpy, 5, copy::kBytes, 8, 8},
    {kMemcpy, 6, copy::kStart, 8, 8}, {kMemcpy, 7, copy::kEnd, 8, 8}, {kMemcpy, 8, copy::kDevice, 4, 4},
    {kMemcpy, 9, copy::kContext, 4, 4}, {kMemcpy, 10, copy::kStream, 4, 4},
    {kMemcpy, 11, copy::kCorrelation, 4, 8}, {kMemcpy, 12, copy::kGraphNode, 8, 8},
    {kMemcpy, 13, copy::kGraph, 4, 4}, {kMemcpy, 17, copy::kCopyCount, 8, 8}, {kMemcpy2, 0, 0, 4, 4},
    {kMemcpy2, 1, copy::kCopyKind, 1, 1}, {kMemcpy2, 2, copy::kSourceKind, 1, 1},
    {kMemcpy2, 3, copy::kTargetKind, 1, 1}, {kMemcpy2, 4, copy::kFlags, 1, 1}, {kMemcpy2, 5, copy::kBytes, 8, 8},
    {kMemcpy2, 6, copy::kStart, 8, 8}, {kMemcpy2, 7, copy::kEnd, 8, 8}, {kMemcpy2, 8, copy::kDevice, 4, 4},
    {kMemcpy2, 9, copy::kContext, 4, 4}, {kMemcpy2, 10, copy::kStream, 4, 4},
    {kMemcpy2, 11, peer_copy::kSourceDevice, 4, 4}, {kMemcpy2, 12, peer_copy::kSourceContext, 4, 4},
    {kMemcpy2, 13, peer_copy::kTargetDevice, 4, 4}, {kMemcpy2, 14, peer_copy::kTargetContext, 4, 4},
    {kMemcpy2, 15, peer_copy::kCorrelation, 4, 8}, {kMemcpy2, 16, peer_copy::kGraphNode, 8, 8},
    {kMemcpy2, 17, peer_copy::kGraph, 4, 4}, {kMemset, 0, 0, 4, 4}, {kMemset, 1, set::kValue, 4, 4},
    {kMemset, 2, set::kBytes, 8, 8}, {kMemset, 3, set::kStart, 8, 8}, {kMemset, 4, set::kEnd, 8, 8},
    {kMemset, 5, set::kDevice, 4, 4}, {kMemset, 6, set::kContext, 4, 4}, {kMemset, 7, set::kStream, 4, 4},
    {kMemset, 8, set::kCorrelation, 4, 8}, {kMemset, 9, set::kFlags, 2, 2}, {kMemset, 10, set::kMemoryKind, 2, 2},
    {kMemset, 11, set::kGraphNode, 8, 8}, {kMemset, 12, set::kGraph, 4, 4}, {kRuntime, 0, 0, 4, 4},
    {kRuntime, 1, api::kCbid, 4, 4}, {kRuntime, 2, api::kStart, 8, 8}, {kRuntime, 3, api::kEnd, 8, 8},
    {kRuntime, 4, api::kProcess, 4, 4}, {kRuntime, 5, api::kThread, 4, 8}, {kRuntime, 6, api::kCorrelation, 4, 8},
    {kRuntime, 7, api::kResult, 4, 4}, {kDriver, 0, 0, 4, 4}, {kDriver, 1, api::kCbid, 4, 4},
    {kDriver, 2, api::kStart, 8, 8}, {kDriver, 3, api::kEnd, 8, 8}, {kDriver, 4, api::kProcess, 4, 4},
    {kDriver, 5, api::kThread, 4, 8}, {kDriver, 6, api::kCorrelation, 4, 8}, {kDriver, 7, api::kResult, 4, 4},
    {kOverhead, 0, 0, 4, 4}, {kOverhead, 1, overhead::kOverheadKind, 4, 4},
    {kOverhead, 2, overhead::kProcess, 4, 4}, {kOverhead, 3, overhead::kThread, 4, 8},
    {kOverhead, 4, overhead::kStart, 8, 8}, {kOverhead, 5, overhead::kEnd, 8, 8},
    {kOverhead, 6, overhead::kCorrelation, 4, 8}, {kExternalCorrelation, 0, 0, 4, 4},
    {kExternalCorrelation, 1, external::kExternalKind, 4, 4},
    {kExternalCorrelation, 2, external::kExternalId, 8, 8},
    {kExternalCorrelation, 3, external::kCorrelation, 4, 8}, {kGraphTrace, 0, 0, 4, 4},
    {kGraphTrace, 1, graph_trace::kCorrelation, 4, 8}, {kGraphTrace, 2, graph_trace::kStart, 8, 8},
    {kGraphTrace, 3, graph_trace::kEnd, 8, 8}, {kGraphTrace, 4, graph_trace::kDevice, 4, 4},
    {kGraphTrace, 5, graph_trace::kGraph, 4, 4}, {kGraphTrace, 6, graph_trace::kContext, 4, 4},
    {kGraphTrace, 7, graph_trace::kStream, 4, 4}, {kGraphTrace, 8, graph_trace::kEndDevice, 4, 4},
    {kGraphTrace, 9, graph_trace::kEndContext, 4, 4}, {kSynchronization, 0, 0, 4, 4},
    {kSynchronization, 1, sync::kType, 4, 4}, {kSynchronization, 2, sync::kStart, 8, 8},
    {kSynchronization, 3, sync::kEnd, 8, 8}, {kSynchronization, 4, sync::kCorrelation, 4, 8},
    {kSynchronization, 5, sync::kContext, 4, 4}, {kSynchronization, 6, sync::kStream, 4, 4},
    {kSynchronization, 7, sync::kEventId, 4, 8}, {kSynchronization, 8, sync::kEventSyncId, 8, 8},
    {kSynchronization, 9, sync::kResult, 4, 4}, {kCudaEvent, 0, 0, 4, 4},
    {kCudaEvent, 1, cuda_event::kCorrelation, 4, 8}, {kCudaEvent, 2, cuda_event::kContext, 4, 4},
    {kCudaEvent, 3, cuda_event::kStream, 4, 4}, {kCudaEvent, 4, cuda_event::kEventId, 4, 8},
    {kCudaEvent, 5, cuda_event::kDevice, 4, 4}, {kCudaEvent, 6, cuda_event::kDeviceTime, 8, 8},
    {kMemory2, 0, 0, 4, 4}, {kMemory2, 1, memory::kOperation, 4, 4}, {kMemory2, 2, memory::kMemoryKind, 4, 4},
    {kMemory2, 3, memory::kCorrelation, 4, 8}, {kMemory2, 4, memory::kAddress, 8, 8},
    {kMemory2, 5, memory::kBytes, 8, 8}, {kMemory2, 6, memory::kTime, 8, 8},
    {kMemory2, 7, memory::kProcess, 4, 4}, {kMemory2, 8, memory::kDevice, 4, 4},
    {kMemory2, 9, memory::kContext, 4, 4}, {kMemory2, 10, memory::kStream, 4, 4},
    {kMemory2, 11, memory::kIsAsync, 4, 4}, {kMemoryPool, 0, 0, 4, 4}, {kMemoryPool, 1, memory_pool::kOperation, 4, 4}, {kMemoryPool, 5, memory_pool::kDevice, 4, 4},
    {kMemoryPool, 7, memory_pool::kAddress, 8, 8}, {kMemoryPool, 8, memory_pool::kSize, 8, 8},
    {kMemoryPool, 10, memory_pool::kTime, 8, 8},
    {kJit, 0, 0, 4, 4}, {kJit, 1, jit::kEntryType, 4, 4},
    {kJit, 2, jit::kOperation, 4, 4}, {kJit, 3, jit::kDevice, 4, 4}, {kJit, 4, jit::kStart, 8, 8},
    {kJit, 5, jit::kEnd, 8, 8}, {kJit, 6, jit::kCorrelation, 4, 8}, {kJit, 8, jit::kCacheSize, 8, 8},
    {kJit, 9, jit::kCachePath, 8, 8}, {kJit, 10, jit::kProcess, 4, 4}, {kJit, 11, jit::kThread, 4, 8},
    {kContext, 0, 0, 4, 4}, {kContext, 1, context::kId, 4, 4}, {kContext, 2, context::kDevice, 4, 4},
    {kContext, 3, context::kApi, 2, 2}, {kContext, 4, context::kNullStream, 2, 4},
    {kContext, 5, context::kParent, 4, 4}, {kContext, 6, context::kIsGreen, 1, 1}, {kStream, 0, 0, 4, 4},
    {kStream, 1, stream::kContext, 4, 4}, {kStream, 2, stream::kId, 4, 4}, {kStream, 3, stream::kPriority, 4, 4},
    {kStream, 4, stream::kFlag, 4, 4}, {kStream, 5, stream::kCorrelation, 4, 8}, {kDevice, 0, 0, 4, 4},
    {kDevice, 3, device::kMemory, 8, 8}, {kDevice, 7, device::kClock, 4, 4},
    {kDevice, 9, device::kMultiprocessors, 4, 4}, {kDevice, 24, device::kMajor, 4, 4},
    {kDevice, 25, device::kMinor, 4, 4}, {kDevice, 26, device::kId, 4, 4}, {kDevice, 28, device::kUuid, 16, 16},
    {kDevice, 29, device::kName, 8, 8}, {kEnvironment, 0, 0, 4, 4}, {kEnvironment, 1, environment::kDevice, 4, 4},
    {kEnvironment, 2, environment::kTime, 8, 8}, {kEnvironment, 3, environment::kWhat, 4, 4},
    {kEnvironment, 4, environment::kSmClock, 20, 20},
};
// clang-format on

}  // namespace fakecuda
