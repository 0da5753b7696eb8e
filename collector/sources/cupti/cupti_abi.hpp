// SPDX-License-Identifier: Apache-2.0
//
// The part of CUPTI's ABI that this room relies on, declared by ourselves so that the build needs no CUDA toolkit.
// cupti_abi_check.cpp compares it with the real headers where they are installed.
//
// Classic records are read by the offsets of the oldest layout we support (CUDA 11.8) and only as far as it reaches: newer
// layouts append. What only newer libraries have is read after asking the *loaded* library, by the presence of a function.
// Records with fields of our choice: cupti_abi_fields.hpp.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace stepscope::collector::cupti::abi {

using Result = int;
inline constexpr Result kSuccess = 0;
inline constexpr Result kMaxLimitReached = 12;         // no more records in the buffer
inline constexpr Result kInsufficientPrivileges = 35;  // the container or the driver forbids it
inline constexpr Result kMultipleSubscribers = 39;     // another tool holds CUPTI
inline constexpr Result kUnknown = 999;                // among others: no driver

using Subscriber = void*;

enum ActivityKind : uint32_t {
  kMemcpy = 1,
  kMemset = 2,
  kDriver = 4,
  kRuntime = 5,
  kDevice = 8,
  kContext = 9,
  kConcurrentKernel = 10,
  kOverhead = 17,
  kEnvironment = 20,
  kMemcpyPeer = 22,
  kCudaEvent = 36,
  kStream = 37,
  kSynchronization = 38,
  kExternalCorrelation = 39,
  kMemory = 49,
  kMemoryPool = 50,
  kGraphTrace = 51,
  kJit = 52,
};

enum Attribute : int {
  kDeviceBufferSize = 0,       // size_t
  kDeviceBufferPoolLimit = 2,  // size_t
  kZeroedOutBuffers = 5,       // uint8_t: the buffers we hand out are zero already
  // From 13.3 on and of one subscriber:
  kUserDefinedRecords = 11,  // uint8_t
  kEventTimestamps = 17,     // uint8_t
  kThreadIdType = 21,        // int
};

enum CallbackDomain : int { kDriverApi = 1, kRuntimeApi = 2, kResource = 3, kState = 6 };
inline constexpr uint32_t kContextCreated = 1;        // domain kResource
inline constexpr uint32_t kModuleUnloadStarting = 7;  // domain kResource
inline constexpr uint32_t kFatalError = 1;            // domain kState
inline constexpr uint32_t kRuntimeProfilerStart = 171;
inline constexpr uint32_t kRuntimeProfilerStop = 172;
inline constexpr uint32_t kDriverProfilerStart = 308;
inline constexpr uint32_t kDriverProfilerStop = 309;
inline constexpr uint32_t kRuntimeGraphLaunch = 311;
inline constexpr uint32_t kRuntimeGraphLaunchPtsz = 312;
inline constexpr uint32_t kDriverGraphLaunch = 514;
inline constexpr uint32_t kDriverGraphLaunchPtsz = 515;

inline constexpr uint32_t kFlushForced = 1;
inline constexpr int kThreadIdDefault = 0;
inline constexpr int kThreadIdSystem = 1;

// What a callback of the API domains gets; fields in between are not read.
struct CallbackData {
  int callback_site;  // 0 enter, 1 exit
  const char* function_name;
  const void* function_params;
};
inline constexpr int kApiEnter = 0;
inline constexpr int kApiExit = 1;

struct SubscriberParams {  // of cuptiSubscribe_v2
  size_t struct_size;
  const char* subscriber_name;
  char* old_subscriber_name;
  size_t old_subscriber_size;
  uint8_t allow_multiple;  // from 13.3 on
  uint8_t padding[7];
};
inline constexpr size_t kSubscriberParams130 = offsetof(SubscriberParams, allow_multiple);
inline constexpr size_t kSubscriberNameBytes = 64;

using CallbackFunction = void (*)(void* user_data, int domain, uint32_t id, const void* data);
using BufferRequested = void (*)(uint8_t** buffer, size_t* size, size_t* max_records);
using BufferCompleted = void (*)(void* context, uint32_t stream, uint8_t* buffer, size_t size, size_t valid);
using BufferRequestedV2 = void (*)(uint8_t** buffer, size_t* size, size_t* max_records, void* info);
struct ActivityConfig;  // these two: cupti_abi_fields.hpp
struct CompletedInfo;
using BufferCompletedV2 = void (*)(uint8_t* buffer, size_t size, size_t valid, const CompletedInfo* info);

// ---- records: offsets ----

template <typename T>
inline T field(const void* record, size_t offset) noexcept {
  T value;
  memcpy(&value, static_cast<const char*>(record) + offset, sizeof(value));
  return value;
}

inline constexpr size_t kKindAt = 0;  // u32, of every record

namespace kernel {  // Kernel5 and later
inline constexpr size_t kRegisters = 6, kStart = 16, kEnd = 24, kDevice = 40, kContext = 44, kStream = 48,
                        kGridX = 52, kBlockX = 64, kStaticShared = 76, kDynamicShared = 80, kCorrelation = 92,
                        kName = 104, kGraphNode = 144, kGraph = 156;
}
namespace memcpy_record {  // Memcpy4 and later
inline constexpr size_t kCopyKind = 4, kSrcKind = 5, kDstKind = 6, kFlags = 7, kBytes = 8, kStart = 16,
                        kEnd = 24, kDevice = 32, kContext = 36, kStream = 40, kCorrelation = 44,
                        kGraphNode = 64, kGraph = 72;
}
namespace memcpy_peer {  // MemcpyPtoP3 and later
inline constexpr size_t kCopyKind = 4, kSrcKind = 5, kDstKind = 6, kFlags = 7, kBytes = 8, kStart = 16,
                        kEnd = 24, kDevice = 32, kContext = 36, kStream = 40, kDstDevice = 52,
                        kCorrelation = 60, kGraphNode = 72, kGraph = 80;
}
namespace memset_record {  // Memset3 and later
inline constexpr size_t kBytes = 8, kStart = 16, kEnd = 24, kDevice = 32, kContext = 36, kStream = 40,
                        kCorrelation = 44, kMemoryKind = 50, kGraphNode = 64, kGraph = 72;
}
namespace api {
inline constexpr size_t kCallbackId = 4, kStart = 8, kEnd = 16, kThread = 28, kCorrelation = 32,
                        kReturnValue = 36;
}
namespace overhead {
inline constexpr size_t kOverheadKind = 4, kObjectKind = 8, kObjectThread = 16, kStart = 24, kEnd = 32;
inline constexpr uint32_t kObjectIsThread = 2;
}  // namespace overhead
namespace external {
inline constexpr size_t kExternalKind = 4, kExternalId = 8, kCorrelation = 16;
}
namespace graph_trace {
inline constexpr size_t kCorrelation = 4, kStart = 8, kEnd = 16, kDevice = 24, kGraph = 28, kContext = 32,
                        kStream = 36;
}
namespace sync {
inline constexpr size_t kType = 4, kStart = 8, kEnd = 16, kCorrelation = 24, kContext = 28, kStream = 32,
                        kEvent = 36;
}
namespace cuda_event {  // the last two: CudaEvent2 (12.8)
inline constexpr size_t kCorrelation = 4, kContext = 8, kStream = 12, kEvent = 16, kDevice = 24,
                        kDeviceTimestamp = 40;
}
namespace memory {
inline constexpr size_t kOperation = 4, kMemoryKind = 8, kCorrelation = 12, kAddress = 16, kBytes = 24,
                        kTimestamp = 32, kDevice = 52, kContext = 56, kStream = 60;
}
namespace memory_pool {
inline constexpr size_t kOperation = 4, kDevice = 20, kAddress = 32, kSize = 40, kTimestamp = 56;
}
namespace jit {
inline constexpr size_t kEntryType = 4, kOperation = 8, kDevice = 12, kStart = 16, kEnd = 24,
                        kCorrelation = 32, kCacheSize = 48;
}
namespace context {  // the last one: Context2 (12.4)
inline constexpr size_t kContext = 4, kDevice = 8, kIsGreen = 20;
inline constexpr uint32_t kGreenSince = 23;  // cuptiGetVersion of 12.5
}  // namespace context
namespace stream {
inline constexpr size_t kContext = 4, kStream = 8, kPriority = 12;
}
namespace device {  // Device2 and later
inline constexpr size_t kMemory = 16, kMultiprocessors = 44, kComputeMajor = 104, kComputeMinor = 108,
                        kId = 112, kUuid = 120, kName = 136;
}
namespace environment {
inline constexpr size_t kDevice = 4, kTimestamp = 8, kEnvironmentKind = 16, kSmClock = 20, kMemoryClock = 24,
                        kTemperature = 20, kPower = 20;
inline constexpr uint32_t kSpeed = 1, kTemperatureKind = 2, kPowerKind = 3;
}  // namespace environment

}  // namespace stepscope::collector::cupti::abi
