// SPDX-License-Identifier: Apache-2.0
//
// The part of NVTX's binary interface that a tool sees, declared by ourselves, so that the build needs no CUDA toolkit.
// nvtx_abi_check.cpp compares every value and offset with the real headers where they are installed. Only what we
// rely on is here; structures may have more members at their end (`size` says so).
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::collector::nvtx {

// Export tables that the program's NVTX offers to a tool.
inline constexpr uint32_t kExportCallbacks = 1;

enum Module : uint32_t { kModuleCore = 1, kModuleCuda = 2, kModuleCudaRt = 4, kModuleCore2 = 5 };

enum CoreSlot : uint32_t {
  kMarkEx = 1,
  kMarkA,
  kMarkW,
  kRangeStartEx,
  kRangeStartA,
  kRangeStartW,
  kRangeEnd,
  kRangePushEx,
  kRangePushA,
  kRangePushW,
  kRangePop,
  kNameCategoryA,
  kNameCategoryW,
  kNameOsThreadA,
  kNameOsThreadW,
};

enum Core2Slot : uint32_t {
  kDomainMarkEx = 1,
  kDomainRangeStartEx,
  kDomainRangeEnd,
  kDomainRangePushEx,
  kDomainRangePop,
  kDomainResourceCreate,
  kDomainResourceDestroy,
  kDomainNameCategoryA,
  kDomainNameCategoryW,
  kDomainRegisterStringA,
  kDomainRegisterStringW,
  kDomainCreateA,
  kDomainCreateW,
  kDomainDestroy,
  kInitialize,
};

// Names of CUDA objects: (object, name), A = char, W = wchar_t.
enum CudaRtSlot : uint32_t {
  kNameCudaDeviceA = 1,
  kNameCudaDeviceW,
  kNameCudaStreamA,
  kNameCudaStreamW,
  kNameCudaEventA,
  kNameCudaEventW,
};
enum CudaSlot : uint32_t {
  kNameCuDeviceA = 1,
  kNameCuDeviceW,
  kNameCuContextA,
  kNameCuContextW,
  kNameCuStreamA,
  kNameCuStreamW,
  kNameCuEventA,
  kNameCuEventW,
};

// Slots of the payload extension; what lies behind them.
enum PayloadSlot : uint32_t {
  kSchemaRegister = 0,
  kEnumRegister = 1,
  kMarkPayload = 2,
  kRangePushPayload = 3,
  kRangePopPayload = 4,
  kRangeStartPayload = 5,
  kRangeEndPayload = 6,
  kDomainIsEnabled = 7,
  kTimestampGet = 8,
};
inline constexpr uint16_t kPayloadModule = 2;

using Function = void (*)();

struct ExportTableCallbacks {
  size_t struct_size;
  // Fills a table of `size` pointers to function pointers; returns 0 when the module is unknown.
  int (*get_module_function_table)(uint32_t module, Function*** table, unsigned int* size);
};

struct ExtensionSegment {
  size_t id;
  size_t slot_count;
  intptr_t* slots;
};

struct ExtensionModule {
  uint16_t nvtx_version;
  uint16_t struct_size;
  uint16_t module_id;
  uint16_t compat_id;
  size_t segment_count;
  ExtensionSegment* segments;
};

enum MessageType : int32_t { kMessageNone = 0, kMessageAscii = 1, kMessageWide = 2, kMessageRegistered = 3 };

enum PayloadType : uint32_t {
  kPayloadNone = 0,
  kPayloadUint64 = 1,
  kPayloadInt64 = 2,
  kPayloadDouble = 3,
  kPayloadUint32 = 4,
  kPayloadInt32 = 5,
  kPayloadFloat = 6,
  kPayloadExtended = 0xDFBD0009,  // payload = pointer to `reserved` PayloadData
};

struct EventAttributes {
  uint16_t version;
  uint16_t size;
  uint32_t category;
  int32_t color_type;
  uint32_t color;
  int32_t payload_type;
  int32_t payload_count;  // "reserved" in NVTX: the number of extended payloads
  uint64_t payload;
  int32_t message_type;
  const void* message;
};

struct ResourceAttributes {
  uint16_t version;
  uint16_t size;
  int32_t identifier_type;
  uint64_t identifier;
  int32_t message_type;
  const void* message;
};
inline constexpr int32_t kResourceThreadNative = (1 << 16) | 3;

struct PayloadData {
  uint64_t schema;
  size_t size;
  const void* data;
};

struct SchemaEntry {
  uint64_t flags;
  uint64_t type;
  const char* name;
  const char* description;
  uint64_t detail;
  uint64_t offset;
  const void* semantics;
  const void* reserved;
};

struct SchemaAttributes {
  uint64_t field_mask;
  const char* name;
  uint64_t type;
  uint64_t flags;
  const SchemaEntry* entries;
  size_t entry_count;
  size_t static_size;
  size_t alignment;
  uint64_t schema_id;
  void* extension;
};
inline constexpr uint64_t kSchemaHasName = 1U << 1;
inline constexpr uint64_t kSchemaHasEntries = 1U << 4;
inline constexpr uint64_t kSchemaHasEntryCount = 1U << 5;
inline constexpr uint64_t kSchemaHasId = 1U << 8;
inline constexpr uint64_t kDynamicSchemaStart = uint64_t{1} << 32;
// An entry that is no plain value: pointer, array.
inline constexpr uint64_t kEntryIndirect = (1U << 1) | (1U << 2) | (1U << 3) | (7U << 4);

// Entry types that are plain integers, by size; see payload_schema.cpp.
enum EntryType : uint64_t {
  kTypeChar = 1,
  kTypeUchar = 2,
  kTypeShort = 3,
  kTypeUshort = 4,
  kTypeInt = 5,
  kTypeUint = 6,
  kTypeLong = 7,
  kTypeUlong = 8,
  kTypeLongLong = 9,
  kTypeUlongLong = 10,
  kTypeInt8 = 11,
  kTypeUint8 = 12,
  kTypeInt16 = 13,
  kTypeUint16 = 14,
  kTypeInt32 = 15,
  kTypeUint32 = 16,
  kTypeInt64 = 17,
  kTypeUint64 = 18,
  kTypeFloat = 19,
  kTypeDouble = 20,
  kTypeSize = 22,
  kTypeAddress = 23,
};

}  // namespace stepscope::collector::nvtx
