// SPDX-License-Identifier: Apache-2.0
//
// Where each field that we read comes from: its place in the classic record and its number among the fields that can be
// chosen. Only for record_layout.cpp and records.cpp.
#pragma once

#include "collector/sources/cupti/cupti_abi.hpp"
#include "collector/sources/cupti/cupti_abi_fields.hpp"
#include "collector/sources/cupti/record_layout.hpp"

namespace stepscope::collector::cupti {

// Where a field is. id: in user-defined records; kNoField where those do not have it.
struct Source {
  uint8_t id = 0;
  uint8_t bytes = 0;  // in the classic record
  uint16_t offset = 0;
  // Of a field that is more than one number: which bytes of it, `bytes` long. kNumber: the field is a number.
  uint8_t part = 0xff;
};
inline constexpr uint8_t kNumber = 0xff;
inline constexpr uint8_t kNoField = abi::kKindField;

struct KindSources {
  uint32_t kind = 0;
  size_t count = 0;
  Source sources[kMaxFields] = {};

  constexpr explicit KindSources(uint32_t activity) : kind(activity) {}
  constexpr KindSources& add(uint8_t field, uint8_t id, size_t offset, uint8_t bytes,
                             uint8_t part = kNumber) {
    sources[field] = {id, bytes, static_cast<uint16_t>(offset), part};
    count = count > field ? count : field + size_t{1};
    return *this;
  }
};

constexpr KindSources kernel_sources() {
  namespace f = kernel_field;
  namespace id = abi::kernel_id;
  namespace at = abi::kernel;
  KindSources kind(abi::kConcurrentKernel);
  kind.add(f::kGraph, id::kGraph, at::kGraph, 4).add(f::kStart, id::kStart, at::kStart, 8);
  kind.add(f::kEnd, id::kEnd, at::kEnd, 8).add(f::kCorrelation, id::kCorrelation, at::kCorrelation, 4);
  kind.add(f::kName, id::kName, at::kName, 8).add(f::kGraphNode, id::kGraphNode, at::kGraphNode, 8);
  kind.add(f::kContext, id::kContext, at::kContext, 4).add(f::kStream, id::kStream, at::kStream, 4);
  kind.add(f::kDevice, id::kDevice, at::kDevice, 4).add(f::kGridX, id::kGridX, at::kGridX, 4);
  kind.add(f::kGridY, id::kGridY, at::kGridX + 4, 4).add(f::kGridZ, id::kGridZ, at::kGridX + 8, 4);
  kind.add(f::kBlockX, id::kBlockX, at::kBlockX, 4).add(f::kBlockY, id::kBlockY, at::kBlockX + 4, 4);
  kind.add(f::kBlockZ, id::kBlockZ, at::kBlockX + 8, 4);
  kind.add(f::kStaticShared, id::kStaticShared, at::kStaticShared, 4);
  kind.add(f::kDynamicShared, id::kDynamicShared, at::kDynamicShared, 4);
  kind.add(f::kRegisters, id::kRegisters, at::kRegisters, 2);
  return kind;
}

// A copy between two GPUs has the same front as any other, and the rest at places of its own. An ordinary one has its own
// device for a peer.
constexpr KindSources copy_sources(bool peer) {
  namespace f = copy_field;
  namespace id = abi::memcpy_id;
  namespace peer_id = abi::memcpy_peer_id;
  namespace at = abi::memcpy_record;
  namespace peer_at = abi::memcpy_peer;
  static_assert(peer_at::kCopyKind == at::kCopyKind && peer_at::kSrcKind == at::kSrcKind &&
                peer_at::kDstKind == at::kDstKind && peer_at::kFlags == at::kFlags &&
                peer_at::kBytes == at::kBytes && peer_at::kStart == at::kStart && peer_at::kEnd == at::kEnd &&
                peer_at::kDevice == at::kDevice && peer_at::kContext == at::kContext &&
                peer_at::kStream == at::kStream);
  KindSources kind(peer ? abi::kMemcpyPeer : abi::kMemcpy);
  kind.add(f::kCopyKind, id::kCopyKind, at::kCopyKind, 1).add(f::kSrcKind, id::kSrcKind, at::kSrcKind, 1);
  kind.add(f::kDstKind, id::kDstKind, at::kDstKind, 1).add(f::kFlags, id::kFlags, at::kFlags, 1);
  kind.add(f::kBytes, id::kBytes, at::kBytes, 8).add(f::kStart, id::kStart, at::kStart, 8);
  kind.add(f::kEnd, id::kEnd, at::kEnd, 8).add(f::kDevice, id::kDevice, at::kDevice, 4);
  kind.add(f::kContext, id::kContext, at::kContext, 4).add(f::kStream, id::kStream, at::kStream, 4);
  if (peer) {
    kind.add(f::kPeerDevice, peer_id::kDstDevice, peer_at::kDstDevice, 4);
    kind.add(f::kCorrelation, peer_id::kCorrelation, peer_at::kCorrelation, 4);
    kind.add(f::kGraphNode, peer_id::kGraphNode, peer_at::kGraphNode, 8);
    kind.add(f::kGraph, peer_id::kGraph, peer_at::kGraph, 4);
  } else {
    kind.add(f::kPeerDevice, id::kDevice, at::kDevice, 4);
    kind.add(f::kCorrelation, id::kCorrelation, at::kCorrelation, 4);
    kind.add(f::kGraphNode, id::kGraphNode, at::kGraphNode, 8).add(f::kGraph, id::kGraph, at::kGraph, 4);
  }
  return kind;
}

constexpr KindSources set_sources() {
  namespace f = set_field;
  namespace id = abi::memset_id;
  namespace at = abi::memset_record;
  KindSources kind(abi::kMemset);
  kind.add(f::kDevice, id::kDevice, at::kDevice, 4).add(f::kBytes, id::kBytes, at::kBytes, 8);
  kind.add(f::kStart, id::kStart, at::kStart, 8).add(f::kEnd, id::kEnd, at::kEnd, 8);
  kind.add(f::kCorrelation, id::kCorrelation, at::kCorrelation, 4);
  kind.add(f::kGraphNode, id::kGraphNode, at::kGraphNode, 8);
  kind.add(f::kContext, id::kContext, at::kContext, 4).add(f::kStream, id::kStream, at::kStream, 4);
  kind.add(f::kGraph, id::kGraph, at::kGraph, 4).add(f::kMemoryKind, id::kMemoryKind, at::kMemoryKind, 2);
  return kind;
}

constexpr KindSources api_sources(uint32_t activity) {
  namespace f = api_field;
  namespace id = abi::api_id;
  namespace at = abi::api;
  KindSources kind(activity);
  kind.add(f::kCallbackId, id::kCallbackId, at::kCallbackId, 4).add(f::kStart, id::kStart, at::kStart, 8);
  kind.add(f::kEnd, id::kEnd, at::kEnd, 8).add(f::kThread, id::kThread, at::kThread, 4);
  kind.add(f::kCorrelation, id::kCorrelation, at::kCorrelation, 4);
  kind.add(f::kReturnValue, id::kReturnValue, at::kReturnValue, 4);
  return kind;
}

constexpr KindSources overhead_sources() {
  namespace f = overhead_field;
  namespace id = abi::overhead_id;
  namespace at = abi::overhead;
  KindSources kind(abi::kOverhead);
  kind.add(f::kOverheadKind, id::kOverheadKind, at::kOverheadKind, 4);
  kind.add(f::kStart, id::kStart, at::kStart, 8).add(f::kEnd, id::kEnd, at::kEnd, 8);
  kind.add(f::kThread, id::kThread, at::kObjectThread, 4);
  kind.add(f::kObjectKind, kNoField, at::kObjectKind, 4);
  return kind;
}

constexpr KindSources external_sources() {
  namespace f = external_field;
  namespace id = abi::external_id;
  namespace at = abi::external;
  KindSources kind(abi::kExternalCorrelation);
  kind.add(f::kExternalKind, id::kExternalKind, at::kExternalKind, 4);
  kind.add(f::kExternalId, id::kExternalId, at::kExternalId, 8);
  kind.add(f::kCorrelation, id::kCorrelation, at::kCorrelation, 4);
  return kind;
}

constexpr KindSources graph_sources() {
  namespace f = graph_field;
  namespace id = abi::graph_trace_id;
  namespace at = abi::graph_trace;
  KindSources kind(abi::kGraphTrace);
  kind.add(f::kGraph, id::kGraph, at::kGraph, 4);
  kind.add(f::kCorrelation, id::kCorrelation, at::kCorrelation, 4);
  kind.add(f::kStart, id::kStart, at::kStart, 8).add(f::kEnd, id::kEnd, at::kEnd, 8);
  kind.add(f::kDevice, id::kDevice, at::kDevice, 4).add(f::kContext, id::kContext, at::kContext, 4);
  kind.add(f::kStream, id::kStream, at::kStream, 4);
  return kind;
}

constexpr KindSources sync_sources() {
  namespace f = sync_field;
  namespace id = abi::sync_id;
  namespace at = abi::sync;
  KindSources kind(abi::kSynchronization);
  kind.add(f::kType, id::kType, at::kType, 4).add(f::kStart, id::kStart, at::kStart, 8);
  kind.add(f::kEnd, id::kEnd, at::kEnd, 8).add(f::kCorrelation, id::kCorrelation, at::kCorrelation, 4);
  kind.add(f::kContext, id::kContext, at::kContext, 4).add(f::kStream, id::kStream, at::kStream, 4);
  kind.add(f::kEvent, id::kEvent, at::kEvent, 4);
  return kind;
}

constexpr KindSources event_sources() {
  namespace f = event_field;
  namespace id = abi::cuda_event_id;
  namespace at = abi::cuda_event;
  KindSources kind(abi::kCudaEvent);
  kind.add(f::kContext, id::kContext, at::kContext, 4).add(f::kStream, id::kStream, at::kStream, 4);
  kind.add(f::kDevice, id::kDevice, at::kDevice, 4);
  kind.add(f::kCorrelation, id::kCorrelation, at::kCorrelation, 4).add(f::kEvent, id::kEvent, at::kEvent, 4);
  kind.add(f::kDeviceTimestamp, id::kDeviceTimestamp, at::kDeviceTimestamp, 8);
  return kind;
}

constexpr KindSources memory_sources() {
  namespace f = memory_field;
  namespace id = abi::memory_id;
  namespace at = abi::memory;
  KindSources kind(abi::kMemory);
  kind.add(f::kOperation, id::kOperation, at::kOperation, 4);
  kind.add(f::kMemoryKind, id::kMemoryKind, at::kMemoryKind, 4);
  kind.add(f::kDevice, id::kDevice, at::kDevice, 4);
  kind.add(f::kCorrelation, id::kCorrelation, at::kCorrelation, 4);
  kind.add(f::kAddress, id::kAddress, at::kAddress, 8).add(f::kBytes, id::kBytes, at::kBytes, 8);
  kind.add(f::kTimestamp, id::kTimestamp, at::kTimestamp, 8);
  kind.add(f::kContext, id::kContext, at::kContext, 4).add(f::kStream, id::kStream, at::kStream, 4);
  return kind;
}

constexpr KindSources pool_sources() {
  namespace f = pool_field;
  namespace id = abi::memory_pool_id;
  namespace at = abi::memory_pool;
  KindSources kind(abi::kMemoryPool);
  kind.add(f::kOperation, id::kOperation, at::kOperation, 4).add(f::kAddress, id::kAddress, at::kAddress, 8);
  kind.add(f::kSize, id::kSize, at::kSize, 8).add(f::kTimestamp, id::kTimestamp, at::kTimestamp, 8);
  kind.add(f::kDevice, id::kDevice, at::kDevice, 4);
  return kind;
}

constexpr KindSources jit_sources() {
  namespace f = jit_field;
  namespace id = abi::jit_id;
  namespace at = abi::jit;
  KindSources kind(abi::kJit);
  kind.add(f::kEntryType, id::kEntryType, at::kEntryType, 4);
  kind.add(f::kOperation, id::kOperation, at::kOperation, 4).add(f::kDevice, id::kDevice, at::kDevice, 4);
  kind.add(f::kStart, id::kStart, at::kStart, 8).add(f::kEnd, id::kEnd, at::kEnd, 8);
  kind.add(f::kCorrelation, id::kCorrelation, at::kCorrelation, 4);
  kind.add(f::kCacheSize, id::kCacheSize, at::kCacheSize, 8);
  return kind;
}

constexpr KindSources context_sources() {
  namespace f = context_field;
  namespace id = abi::context_id;
  namespace at = abi::context;
  KindSources kind(abi::kContext);
  kind.add(f::kContext, id::kContext, at::kContext, 4).add(f::kDevice, id::kDevice, at::kDevice, 4);
  kind.add(f::kIsGreen, id::kIsGreen, at::kIsGreen, 1);
  return kind;
}

constexpr KindSources stream_sources() {
  namespace f = stream_field;
  namespace id = abi::stream_id;
  namespace at = abi::stream;
  KindSources kind(abi::kStream);
  kind.add(f::kContext, id::kContext, at::kContext, 4).add(f::kStream, id::kStream, at::kStream, 4);
  kind.add(f::kPriority, id::kPriority, at::kPriority, 4);
  return kind;
}

constexpr KindSources device_sources() {
  namespace f = device_field;
  namespace id = abi::device_id;
  namespace at = abi::device;
  KindSources kind(abi::kDevice);
  kind.add(f::kId, id::kId, at::kId, 4).add(f::kMemory, id::kMemory, at::kMemory, 8);
  kind.add(f::kName, id::kName, at::kName, 8).add(f::kUuidFront, id::kUuid, at::kUuid, 8, 0);
  kind.add(f::kUuidBack, id::kUuid, at::kUuid + 8, 8, 8);
  kind.add(f::kMultiprocessors, id::kMultiprocessors, at::kMultiprocessors, 4);
  kind.add(f::kComputeMajor, id::kComputeMajor, at::kComputeMajor, 4);
  kind.add(f::kComputeMinor, id::kComputeMinor, at::kComputeMinor, 4);
  return kind;
}

constexpr KindSources environment_sources() {
  namespace f = environment_field;
  namespace id = abi::environment_id;
  namespace at = abi::environment;
  static_assert(at::kTemperature == at::kSmClock && at::kPower == at::kSmClock);
  KindSources kind(abi::kEnvironment);
  kind.add(f::kDevice, id::kDevice, at::kDevice, 4).add(f::kTimestamp, id::kTimestamp, at::kTimestamp, 8);
  kind.add(f::kEnvironmentKind, id::kEnvironmentKind, at::kEnvironmentKind, 4);
  kind.add(f::kValue, id::kData, at::kSmClock, 4, 0);
  return kind;
}

inline constexpr KindSources kSources[kRecordKinds] = {
    kernel_sources(),
    copy_sources(false),
    copy_sources(true),
    set_sources(),
    api_sources(abi::kRuntime),
    api_sources(abi::kDriver),
    overhead_sources(),
    external_sources(),
    graph_sources(),
    sync_sources(),
    event_sources(),
    memory_sources(),
    pool_sources(),
    jit_sources(),
    context_sources(),
    stream_sources(),
    device_sources(),
    environment_sources(),
};

inline constexpr uint8_t kNoRow = 0xff;

// Which of kSources a kind has, kNoRow for one that we do not read.
struct RowOfKind {
  static constexpr size_t kKinds = abi::kJit + 1;  // the highest that we read
  uint8_t row[kKinds] = {};

  constexpr RowOfKind() {
    for (uint8_t& entry : row) {
      entry = kNoRow;
    }
    for (size_t i = 0; i < kRecordKinds; ++i) {
      row[kSources[i].kind] = static_cast<uint8_t>(i);
    }
  }
};
inline constexpr RowOfKind kRowOfKind;

constexpr uint8_t row_of(uint32_t kind) noexcept {
  return kind < RowOfKind::kKinds ? kRowOfKind.row[kind] : kNoRow;
}

// Of a kind that we read.
[[gnu::always_inline]] constexpr Field classic_field(uint32_t kind, uint8_t field) noexcept {
  const Source& source = kSources[row_of(kind)].sources[field];
  return {source.offset, source.bytes};
}

}  // namespace stepscope::collector::cupti
