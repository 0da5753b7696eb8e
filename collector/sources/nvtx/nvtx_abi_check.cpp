// SPDX-License-Identifier: Apache-2.0
//
// Compares nvtx_abi.hpp with the real NVTX headers. Compiled only where they are installed; generates no code.
#include <nvtx3/nvToolsExt.h>
#include <nvtx3/nvToolsExtPayload.h>

#include "collector/sources/nvtx/nvtx_abi.hpp"

namespace stepscope::collector::nvtx {

#define SAME_MEMBER(OURS, MEMBER, THEIRS, THEIR_MEMBER)                    \
  static_assert(offsetof(OURS, MEMBER) == offsetof(THEIRS, THEIR_MEMBER)); \
  static_assert(sizeof(static_cast<OURS*>(nullptr)->MEMBER) ==             \
                sizeof(static_cast<THEIRS*>(nullptr)->THEIR_MEMBER))

SAME_MEMBER(EventAttributes, version, nvtxEventAttributes_t, version);
SAME_MEMBER(EventAttributes, size, nvtxEventAttributes_t, size);
SAME_MEMBER(EventAttributes, category, nvtxEventAttributes_t, category);
SAME_MEMBER(EventAttributes, color_type, nvtxEventAttributes_t, colorType);
SAME_MEMBER(EventAttributes, color, nvtxEventAttributes_t, color);
SAME_MEMBER(EventAttributes, payload_type, nvtxEventAttributes_t, payloadType);
SAME_MEMBER(EventAttributes, payload_count, nvtxEventAttributes_t, reserved0);
SAME_MEMBER(EventAttributes, payload, nvtxEventAttributes_t, payload);
SAME_MEMBER(EventAttributes, message_type, nvtxEventAttributes_t, messageType);
SAME_MEMBER(EventAttributes, message, nvtxEventAttributes_t, message);
static_assert(sizeof(EventAttributes) == sizeof(nvtxEventAttributes_t));

SAME_MEMBER(ResourceAttributes, identifier_type, nvtxResourceAttributes_t, identifierType);
SAME_MEMBER(ResourceAttributes, identifier, nvtxResourceAttributes_t, identifier);
SAME_MEMBER(ResourceAttributes, message_type, nvtxResourceAttributes_t, messageType);
SAME_MEMBER(ResourceAttributes, message, nvtxResourceAttributes_t, message);
static_assert(kResourceThreadNative == NVTX_RESOURCE_TYPE_GENERIC_THREAD_NATIVE);

SAME_MEMBER(PayloadData, schema, nvtxPayloadData_t, schemaId);
SAME_MEMBER(PayloadData, size, nvtxPayloadData_t, size);
SAME_MEMBER(PayloadData, data, nvtxPayloadData_t, payload);
static_assert(sizeof(PayloadData) == sizeof(nvtxPayloadData_t));

SAME_MEMBER(SchemaEntry, flags, nvtxPayloadSchemaEntry_t, flags);
SAME_MEMBER(SchemaEntry, type, nvtxPayloadSchemaEntry_t, type);
SAME_MEMBER(SchemaEntry, name, nvtxPayloadSchemaEntry_t, name);
SAME_MEMBER(SchemaEntry, detail, nvtxPayloadSchemaEntry_t, arrayOrUnionDetail);
SAME_MEMBER(SchemaEntry, offset, nvtxPayloadSchemaEntry_t, offset);
static_assert(sizeof(SchemaEntry) == sizeof(nvtxPayloadSchemaEntry_t));

SAME_MEMBER(SchemaAttributes, field_mask, nvtxPayloadSchemaAttr_t, fieldMask);
SAME_MEMBER(SchemaAttributes, name, nvtxPayloadSchemaAttr_t, name);
SAME_MEMBER(SchemaAttributes, entries, nvtxPayloadSchemaAttr_t, entries);
SAME_MEMBER(SchemaAttributes, entry_count, nvtxPayloadSchemaAttr_t, numEntries);
SAME_MEMBER(SchemaAttributes, schema_id, nvtxPayloadSchemaAttr_t, schemaId);
static_assert(kSchemaHasName == NVTX_PAYLOAD_SCHEMA_ATTR_FIELD_NAME);
static_assert(kSchemaHasEntries == NVTX_PAYLOAD_SCHEMA_ATTR_FIELD_ENTRIES);
static_assert(kSchemaHasEntryCount == NVTX_PAYLOAD_SCHEMA_ATTR_FIELD_NUM_ENTRIES);
static_assert(kSchemaHasId == NVTX_PAYLOAD_SCHEMA_ATTR_FIELD_SCHEMA_ID);
static_assert(kDynamicSchemaStart == NVTX_PAYLOAD_SCHEMA_ID_DYNAMIC_START);
static_assert((kEntryIndirect & NVTX_PAYLOAD_ENTRY_FLAG_POINTER) != 0);
static_assert((kEntryIndirect & NVTX_PAYLOAD_ENTRY_FLAG_ARRAY_FIXED_SIZE) != 0);
static_assert((kEntryIndirect & NVTX_PAYLOAD_ENTRY_FLAG_ARRAY_LENGTH_PAYLOAD_INDEX) != 0);

SAME_MEMBER(ExtensionModule, module_id, nvtxExtModuleInfo_t, moduleId);
SAME_MEMBER(ExtensionModule, segment_count, nvtxExtModuleInfo_t, segmentsCount);
SAME_MEMBER(ExtensionModule, segments, nvtxExtModuleInfo_t, segments);
SAME_MEMBER(ExtensionSegment, slot_count, nvtxExtModuleSegment_t, slotCount);
SAME_MEMBER(ExtensionSegment, slots, nvtxExtModuleSegment_t, functionSlots);
SAME_MEMBER(ExportTableCallbacks, get_module_function_table, NvtxExportTableCallbacks,
            GetModuleFunctionTable);

static_assert(kExportCallbacks == NVTX_ETID_CALLBACKS);
static_assert(uint32_t{kModuleCore} == NVTX_CB_MODULE_CORE && uint32_t{kModuleCore2} == NVTX_CB_MODULE_CORE2);
static_assert(uint32_t{kModuleCuda} == NVTX_CB_MODULE_CUDA &&
              uint32_t{kModuleCudaRt} == NVTX_CB_MODULE_CUDART);
static_assert(uint32_t{kRangeEnd} == NVTX_CBID_CORE_RangeEnd &&
              uint32_t{kRangePop} == NVTX_CBID_CORE_RangePop);
static_assert(uint32_t{kMarkEx} == NVTX_CBID_CORE_MarkEx &&
              uint32_t{kNameOsThreadW} == NVTX_CBID_CORE_NameOsThreadW);
static_assert(uint32_t{kDomainRangePop} == NVTX_CBID_CORE2_DomainRangePop);
static_assert(uint32_t{kDomainRegisterStringA} == NVTX_CBID_CORE2_DomainRegisterStringA);
static_assert(uint32_t{kInitialize} == NVTX_CBID_CORE2_Initialize);
static_assert(uint32_t{kNameCudaEventW} == NVTX_CBID_CUDART_NameCudaEventW);
static_assert(uint32_t{kNameCuEventW} == NVTX_CBID_CUDA_NameCuEventW);
static_assert(int32_t{kMessageRegistered} == NVTX_MESSAGE_TYPE_REGISTERED);
static_assert(uint32_t{kPayloadFloat} == NVTX_PAYLOAD_TYPE_FLOAT);
static_assert(uint32_t{kPayloadExtended} == static_cast<uint32_t>(NVTX_PAYLOAD_TYPE_EXT));
static_assert(kPayloadModule == NVTX_EXT_PAYLOAD_MODULEID);
static_assert(uint32_t{kDomainIsEnabled} == NVTX3EXT_CBID_nvtxDomainIsEnabled);
static_assert(uint32_t{kRangeEndPayload} == NVTX3EXT_CBID_nvtxRangeEndPayload);
static_assert(uint32_t{kSchemaRegister} == NVTX3EXT_CBID_nvtxPayloadSchemaRegister);
static_assert(uint64_t{kTypeUint64} == NVTX_PAYLOAD_ENTRY_TYPE_UINT64);
static_assert(uint64_t{kTypeSize} == NVTX_PAYLOAD_ENTRY_TYPE_SIZE);
static_assert(uint64_t{kTypeDouble} == NVTX_PAYLOAD_ENTRY_TYPE_DOUBLE);

}  // namespace stepscope::collector::nvtx
