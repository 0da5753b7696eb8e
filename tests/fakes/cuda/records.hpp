// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: where the fields of CUPTI's activity records lie, and which version of CUPTI writes how much of
// them. Written from the toolkit's headers, apart from what the collector declares for itself: a mistake on either side
// shows as a record that comes out wrong. records_abi_check.cpp compares every offset with the headers where installed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fakecuda {

enum ActivityKind : uint32_t {
  kMemcpy = 1,
  kMemset = 2,
  kKernelSerial = 3,
  kDriver = 4,
  kRuntime = 5,
  kDevice = 8,
  kContext = 9,
  kConcurrentKernel = 10,
  kName = 11,
  kOverhead = 17,
  kEnvironment = 20,
  kMemcpy2 = 22,
  kCudaEvent = 36,
  kStream = 37,
  kSynchronization = 38,
  kExternalCorrelation = 39,
  kMemory2 = 49,
  kMemoryPool = 50,
  kGraphTrace = 51,
  kJit = 52,
  kKindCount = 56
};

inline constexpr uint32_t kOverheadBufferFlush = 1 << 16;
inline constexpr uint32_t kOverheadResource = 3 << 16;

inline constexpr size_t kRecordAlignment = 8;
inline constexpr size_t kLargestRecord = 256;

// Every record begins with its kind.
namespace kernel {
enum : size_t {
  kRegisters = 6,
  kStart = 16,
  kEnd = 24,
  kCompleted = 32,
  kDevice = 40,
  kContext = 44,
  kStream = 48,
  kGrid = 52,
  kBlock = 64,
  kStaticShared = 76,
  kDynamicShared = 80,
  kCorrelation = 92,
  kGridId = 96,
  kName = 104,
  kQueued = 120,
  kSubmitted = 128,
  kGraphNode = 144,
  kGraph = 156,
  kChannel = 168,
  kCluster = 176,
  kMaxCluster = 200,
  kDeviceLaunched = 208
};
}
namespace copy {
enum : size_t {
  kCopyKind = 4,
  kSourceKind = 5,
  kTargetKind = 6,
  kFlags = 7,
  kBytes = 8,
  kStart = 16,
  kEnd = 24,
  kDevice = 32,
  kContext = 36,
  kStream = 40,
  kCorrelation = 44,
  kGraphNode = 64,
  kGraph = 72,
  kCopyCount = 88
};
}
namespace peer_copy {
enum : size_t {
  kSourceDevice = 44,
  kSourceContext = 48,
  kTargetDevice = 52,
  kTargetContext = 56,
  kCorrelation = 60,
  kGraphNode = 72,
  kGraph = 80
};
}
namespace set {
enum : size_t {
  kValue = 4,
  kBytes = 8,
  kStart = 16,
  kEnd = 24,
  kDevice = 32,
  kContext = 36,
  kStream = 40,
  kCorrelation = 44,
  kFlags = 48,
  kMemoryKind = 50,
  kGraphNode = 64,
  kGraph = 72
};
}
namespace api {
enum : size_t {
  kCbid = 4,
  kStart = 8,
  kEnd = 16,
  kProcess = 24,
  kThread = 28,
  kCorrelation = 32,
  kResult = 36
};
}
namespace overhead {
enum : size_t {
  kOverheadKind = 4,
  kObjectKind = 8,
  kProcess = 12,
  kThread = 16,
  kStart = 24,
  kEnd = 32,
  kCorrelation = 40
};
}
namespace external {
enum : size_t { kExternalKind = 4, kExternalId = 8, kCorrelation = 16 };
}
namespace graph_trace {
enum : size_t {
  kCorrelation = 4,
  kStart = 8,
  kEnd = 16,
  kDevice = 24,
  kGraph = 28,
  kContext = 32,
  kStream = 36,
  kEndDevice = 48,
  kEndContext = 52
};
}
namespace sync {
enum : size_t {
  kType = 4,
  kStart = 8,
  kEnd = 16,
  kCorrelation = 24,
  kContext = 28,
  kStream = 32,
  kEventId = 36,
  kEventSyncId = 40,
  kResult = 48
};
}
namespace cuda_event {
enum : size_t { kCorrelation = 4, kContext = 8, kStream = 12, kEventId = 16, kDevice = 24, kDeviceTime = 40 };
}
namespace memory {
enum : size_t {
  kOperation = 4,
  kMemoryKind = 8,
  kCorrelation = 12,
  kAddress = 16,
  kBytes = 24,
  kTime = 32,
  kProcess = 48,
  kDevice = 52,
  kContext = 56,
  kStream = 60,
  kName = 64,
  kIsAsync = 72
};
}
namespace memory_pool {  // not delivered
enum : size_t { kOperation = 4, kDevice = 20, kAddress = 32, kSize = 40, kTime = 56 };
}
namespace jit {
enum : size_t {
  kEntryType = 4,
  kOperation = 8,
  kDevice = 12,
  kStart = 16,
  kEnd = 24,
  kCorrelation = 32,
  kCacheSize = 48,
  kCachePath = 56,
  kProcess = 64,
  kThread = 68
};
}
namespace device {
enum : size_t {
  kMemory = 16,
  kClock = 36,
  kMultiprocessors = 44,
  kMajor = 104,
  kMinor = 108,
  kId = 112,
  kUuid = 120,
  kName = 136,
  kIsMig = 145
};
}
namespace context {
enum : size_t { kId = 4, kDevice = 8, kApi = 12, kNullStream = 14, kParent = 16, kIsGreen = 20 };
}
namespace stream {
enum : size_t { kContext = 4, kId = 8, kPriority = 12, kFlag = 16, kCorrelation = 20 };
}
namespace name {
enum : size_t { kObjectKind = 4, kDevice = 8, kContext = 12, kStream = 16, kName = 24 };
}
namespace environment {
enum : size_t { kDevice = 4, kTime = 8, kWhat = 16, kSmClock = 20, kMemoryClock = 24, kThrottle = 36 };
}

// Bytes a version of CUPTI writes per record, and what else changed. Unverified: 11.8 to 12.8 where CUDA's notes do not date a
// structure.
struct Version {
  const char* name;
  uint32_t api;  // cuptiGetVersion
  size_t kernel, memcpy, memset, memory, graph_trace, sync, cuda_event, overhead, context, device, jit;
  bool null_buffer_allowed;
  bool buffers_per_thread;
};

inline constexpr size_t kPeerCopySize = 96;
inline constexpr size_t kApiSize = 40;
inline constexpr size_t kExternalSize = 24;
inline constexpr size_t kStreamSize = 24;
inline constexpr size_t kNameSize = 32;
inline constexpr size_t kEnvironmentSize = 40;

inline constexpr Version kVersions[] = {
    {"11.8", 18, 200, 88, 88, 120, 48, 40, 24, 40, 16, 176, 64, false, false},
    {"12.0", 19, 208, 88, 88, 120, 48, 40, 24, 40, 16, 176, 64, false, false},
    {"12.4", 22, 208, 88, 88, 120, 56, 40, 24, 56, 24, 184, 64, false, false},
    {"12.8", 26, 208, 96, 88, 128, 56, 56, 56, 56, 32, 184, 64, false, false},
    {"13.0", 130001, 216, 96, 88, 128, 56, 56, 56, 56, 32, 184, 72, true, true},
    {"13.3", 130300, 232, 96, 88, 128, 56, 56, 56, 56, 40, 192, 72, true, true},
};

// The version this library was built as (cupti_version.cpp).
extern const Version& g_version;

// The length of a record of this kind; 0 = CUPTI does not know it.
size_t record_size(uint32_t kind);

}  // namespace fakecuda
