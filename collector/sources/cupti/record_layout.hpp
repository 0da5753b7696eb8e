// SPDX-License-Identifier: Apache-2.0
//
// Where the fields that we read lie in a record of each activity kind.
//
// Classic records have one layout per kind, of which we know the beginning (cupti_abi.hpp). User-defined records have the
// fields we ask for, where CUPTI says: it describes them with every buffer it completes. Both become the same table, by which
// records.cpp reads either.
//
//   completed buffer --note(), any thread--> DescribedRecords --learn(), drain thread--> RecordLayouts
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "collector/sources/cupti/cupti_abi_fields.hpp"

namespace stepscope::collector::cupti {

// The fields of a kind, in the order in which we ask for them: by alignment, so that CUPTI has little to pad.
// clang-format off
namespace kernel_field {
enum : uint8_t {
  kGraph, kStart, kEnd, kCorrelation, kName, kGraphNode, kContext, kStream, kDevice, kGridX, kGridY, kGridZ,
  kBlockX, kBlockY, kBlockZ, kStaticShared, kDynamicShared, kRegisters, kCount
};
}
namespace copy_field {  // kMemcpy and kMemcpyPeer
enum : uint8_t {
  kCopyKind, kSrcKind, kDstKind, kFlags, kBytes, kStart, kEnd, kCorrelation, kGraphNode, kDevice, kContext,
  kStream, kPeerDevice, kGraph, kCount
};
}
namespace set_field {
enum : uint8_t {
  kDevice, kBytes, kStart, kEnd, kCorrelation, kGraphNode, kContext, kStream, kGraph, kMemoryKind, kCount
};
}
namespace api_field {  // kRuntime and kDriver
enum : uint8_t { kCallbackId, kStart, kEnd, kThread, kCorrelation, kReturnValue, kCount };
}
namespace overhead_field {
enum : uint8_t { kOverheadKind, kStart, kEnd, kThread, kObjectKind, kCount };
}
namespace external_field {
enum : uint8_t { kExternalKind, kExternalId, kCorrelation, kCount };
}
namespace graph_field {
enum : uint8_t { kGraph, kCorrelation, kStart, kEnd, kDevice, kContext, kStream, kCount };
}
namespace sync_field {
enum : uint8_t { kType, kStart, kEnd, kCorrelation, kContext, kStream, kEvent, kCount };
}
namespace event_field {
enum : uint8_t { kContext, kStream, kDevice, kCorrelation, kEvent, kDeviceTimestamp, kCount };
}
namespace memory_field {
enum : uint8_t {
  kOperation, kMemoryKind, kDevice, kCorrelation, kAddress, kBytes, kTimestamp, kContext, kStream, kCount
};
}
namespace pool_field {
enum : uint8_t { kOperation, kAddress, kSize, kTimestamp, kDevice, kCount };
}
namespace jit_field {
enum : uint8_t { kEntryType, kOperation, kDevice, kStart, kEnd, kCorrelation, kCacheSize, kCount };
}
namespace context_field {
enum : uint8_t { kContext, kDevice, kIsGreen, kCount };
}
namespace stream_field {
enum : uint8_t { kContext, kStream, kPriority, kCount };
}
namespace device_field {  // the identity has sixteen bytes: two halves
enum : uint8_t {
  kId, kMemory, kName, kUuidFront, kUuidBack, kMultiprocessors, kComputeMajor, kComputeMinor, kCount
};
}
namespace environment_field {  // kValue: the first number of what the kind of reading has
enum : uint8_t { kDevice, kTimestamp, kEnvironmentKind, kValue, kCount };
}

// clang-format on

// A number in a record, of one to eight bytes. Read as the eight bytes in which it lies, all within the record (no record
// is shorter), shifted and masked: one load whatever its width. One that is absent reads as zero.
class Field {
 public:
  constexpr Field() = default;
  constexpr Field(size_t offset, size_t bytes) noexcept
      : mask_(bytes == 0 ? 0 : ~uint64_t{0} >> (64 - 8 * bytes)),
        window_(static_cast<uint32_t>(offset + bytes > 8 ? offset + bytes - 8 : 0)),
        shift_(static_cast<uint32_t>(8 * (offset - window_))) {}

  [[nodiscard]] uint64_t of(const void* record) const noexcept {
    uint64_t bytes;
    memcpy(&bytes, static_cast<const char*>(record) + window_, sizeof(bytes));
    return bytes >> shift_ & mask_;
  }
  [[nodiscard]] constexpr bool is_present() const noexcept { return mask_ != 0; }

 private:
  uint64_t mask_ = 0;
  uint32_t window_ = 0;
  uint32_t shift_ = 0;
};

// A record with the fields of its kind: record[kernel_field::kStart].
class Record {
 public:
  Record(const void* bytes, const Field* fields) noexcept : bytes_(bytes), fields_(fields) {}
  [[nodiscard]] uint64_t operator[](uint8_t field) const noexcept { return fields_[field].of(bytes_); }
  [[nodiscard]] bool has(uint8_t field) const noexcept { return fields_[field].is_present(); }
  [[nodiscard]] const char* text(uint8_t field) const noexcept {
    const uintptr_t address = (*this)[field];
    return reinterpret_cast<const char*>(address);
  }

 private:
  const void* bytes_;
  const Field* fields_;
};

inline constexpr size_t kRecordKinds = 18;
inline constexpr size_t kMaxFields = kernel_field::kCount;

// What CUPTI said about user-defined records. All zero at first.
class DescribedRecords {
 public:
  // Any thread, any number of them at once, before the buffer is passed on; lock-free. A kind has one description for good,
  // as our choice of fields never changes. One that lacks a field, or has it in a form that is no number, is not taken.
  void note(const abi::CompletedInfo* info) noexcept;

 private:
  friend class RecordLayouts;
  [[nodiscard]] bool note_kind(size_t row, const abi::RecordDescription& record) noexcept;

  uint32_t known_ = 0;                              // a bit per kind
  uint32_t places_[kRecordKinds][kMaxFields] = {};  // offset << 8 | bytes
};

// The drain thread's. All zero at first: no layout is known.
class RecordLayouts {
 public:
  // Fields behind the oldest layout, which the loaded version may have.
  struct Tail {
    bool event_timestamps = false;  // CudaEvent2
    bool green_contexts = false;    // Context2
  };
  void set_classic(const Tail& tail) noexcept;
  // Takes over what was described since the last time. Cheap when that is nothing.
  void learn(const DescribedRecords& described) noexcept;

  // Null for a kind that we do not read or that is not described.
  [[nodiscard]] const Field* of(uint32_t kind) const noexcept;
  // Every kind has its classic layout, and what Tail does not speak of is at the same place in each version.
  [[nodiscard]] bool are_classic() const noexcept { return classic_; }
  // A kind that we read, described or not.
  [[nodiscard]] static bool is_read(uint32_t kind) noexcept;

 private:
  uint32_t known_ = 0;
  bool classic_ = false;
  Field fields_[kRecordKinds][kMaxFields];
};

// The ids to ask for when `kind` is enabled, kKindField first; returns how many, 0 for a kind that we do not read.
inline constexpr size_t kMaxSelection = kMaxFields + 1;
size_t select_fields(uint32_t kind, int (&ids)[kMaxSelection]) noexcept;

}  // namespace stepscope::collector::cupti
