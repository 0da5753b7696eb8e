// SPDX-License-Identifier: Apache-2.0
//
// The part of CUPTI's ABI by which a tool chooses the fields of its records (user-defined records, from 13.3 on): what is
// handed over when a kind is enabled, how the resulting records are described, and the numbers of the fields we read.
// Fields are only ever added, at the end. cupti_abi_check.cpp compares all of it with headers that are new enough.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::collector::cupti::abi {

inline constexpr uint32_t kFieldsSince = 130300;  // cuptiGetVersion; 13.2 has the calls but describes nothing
inline constexpr uint32_t kCallSelectionSince = 130400;  // ActivityConfig::kind_options

// ---- from us to CUPTI ----

struct FieldSelection {
  size_t struct_size;
  size_t count;
  const int* ids;  // the first is kKindField
};

// Of the kinds kRuntime and kDriver: which calls are recorded.
struct CallSelection {
  size_t struct_size;
  const uint32_t* ids;
  size_t count;
  uint8_t only_these;  // 0: all but these
};
struct CallOptions {
  size_t struct_size;
  const CallSelection* calls;
};

struct ActivityConfig {
  size_t struct_size;
  FieldSelection fields;
  const CallOptions* kind_options;  // may be null
};
inline constexpr size_t kActivityConfig133 = offsetof(ActivityConfig, kind_options);

// ---- from CUPTI to us ----

struct FieldDescription {
  size_t struct_size;  // also the distance to the next one
  int id;
  size_t offset;  // in the record
  size_t bytes;
  size_t alignment;
};

struct RecordDescription {
  size_t struct_size;
  const FieldDescription* fields;
  size_t count;
  size_t record_bytes;
};

// What bufferCompleted gets. Valid during the call only.
struct CompletedInfo {
  size_t struct_size;
  uint64_t thread;
  const RecordDescription* const* records;  // by activity kind; null for a kind without chosen fields
  size_t record_count;
};

// ---- fields ----

inline constexpr int kKindField = 0;  // of every record

namespace kernel_id {
inline constexpr uint8_t kRegisters = 4, kStart = 7, kEnd = 8, kDevice = 10, kContext = 11, kStream = 12,
                         kGridX = 13, kGridY = 14, kGridZ = 15, kBlockX = 16, kBlockY = 17, kBlockZ = 18,
                         kStaticShared = 19, kDynamicShared = 20, kCorrelation = 22, kName = 24,
                         kGraphNode = 31, kGraph = 33;
}
namespace memcpy_id {
inline constexpr uint8_t kCopyKind = 1, kSrcKind = 2, kDstKind = 3, kFlags = 4, kBytes = 5, kStart = 6,
                         kEnd = 7, kDevice = 8, kContext = 9, kStream = 10, kCorrelation = 11,
                         kGraphNode = 12, kGraph = 13;
}
namespace memcpy_peer_id {  // the first ten as in memcpy_id
inline constexpr uint8_t kDstDevice = 13, kCorrelation = 15, kGraphNode = 16, kGraph = 17;
}
namespace memset_id {
inline constexpr uint8_t kBytes = 2, kStart = 3, kEnd = 4, kDevice = 5, kContext = 6, kStream = 7,
                         kCorrelation = 8, kMemoryKind = 10, kGraphNode = 11, kGraph = 12;
}
namespace api_id {
inline constexpr uint8_t kCallbackId = 1, kStart = 2, kEnd = 3, kThread = 5, kCorrelation = 6,
                         kReturnValue = 7;
}
namespace overhead_id {
inline constexpr uint8_t kOverheadKind = 1, kThread = 3, kStart = 4, kEnd = 5;
}
namespace external_id {
inline constexpr uint8_t kExternalKind = 1, kExternalId = 2, kCorrelation = 3;
}
namespace graph_trace_id {
inline constexpr uint8_t kCorrelation = 1, kStart = 2, kEnd = 3, kDevice = 4, kGraph = 5, kContext = 6,
                         kStream = 7;
}
namespace sync_id {
inline constexpr uint8_t kType = 1, kStart = 2, kEnd = 3, kCorrelation = 4, kContext = 5, kStream = 6,
                         kEvent = 7;
}
namespace cuda_event_id {
inline constexpr uint8_t kCorrelation = 1, kContext = 2, kStream = 3, kEvent = 4, kDevice = 5,
                         kDeviceTimestamp = 6;
}
namespace memory_id {
inline constexpr uint8_t kOperation = 1, kMemoryKind = 2, kCorrelation = 3, kAddress = 4, kBytes = 5,
                         kTimestamp = 6, kDevice = 8, kContext = 9, kStream = 10;
}
namespace memory_pool_id {
inline constexpr uint8_t kOperation = 1, kDevice = 5, kAddress = 7, kSize = 8, kTimestamp = 10;
}
namespace jit_id {
inline constexpr uint8_t kEntryType = 1, kOperation = 2, kDevice = 3, kStart = 4, kEnd = 5, kCorrelation = 6,
                         kCacheSize = 8;
}
namespace context_id {
inline constexpr uint8_t kContext = 1, kDevice = 2, kIsGreen = 6;
}
namespace stream_id {
inline constexpr uint8_t kContext = 1, kStream = 2, kPriority = 3;
}
namespace device_id {
inline constexpr uint8_t kMemory = 3, kMultiprocessors = 9, kComputeMajor = 24, kComputeMinor = 25, kId = 26,
                         kUuid = 28, kName = 29;
}
namespace environment_id {
inline constexpr uint8_t kDevice = 1, kTimestamp = 2, kEnvironmentKind = 3, kData = 4;
}

}  // namespace stepscope::collector::cupti::abi
