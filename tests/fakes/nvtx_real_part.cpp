// SPDX-License-Identifier: Apache-2.0
//
// A shared object with the real, header-only NVTX inside. Built several times: each copy attaches to the tool by itself.
#include <nvtx3/nvToolsExt.h>
#include <nvtx3/nvToolsExtPayload.h>

#include <cstdint>

#ifndef STEPSCOPE_PART
#error "STEPSCOPE_PART is the name of this copy"
#endif

namespace {

// The layout NCCL gives its all-reduce.
struct AllReduce {
  uint64_t communicator;
  size_t bytes;
};

nvtxDomainHandle_t domain() {
  static nvtxDomainHandle_t handle = nvtxDomainCreateA(STEPSCOPE_PART);
  return handle;
}

void collective() {
  constexpr uint64_t kSchema = NVTX_PAYLOAD_SCHEMA_ID_STATIC_START + 5;
  static const nvtxPayloadSchemaEntry_t entries[] = {
      {0, NVTX_PAYLOAD_ENTRY_TYPE_UINT64, "NCCL communicator ID", nullptr, 0,
       offsetof(AllReduce, communicator), nullptr, nullptr},
      {0, NVTX_PAYLOAD_ENTRY_TYPE_SIZE, "Message size [bytes]", nullptr, 0, offsetof(AllReduce, bytes),
       nullptr, nullptr}};
  nvtxPayloadSchemaAttr_t schema = {};
  schema.fieldMask = NVTX_PAYLOAD_SCHEMA_ATTR_FIELD_TYPE | NVTX_PAYLOAD_SCHEMA_ATTR_FIELD_ENTRIES |
                     NVTX_PAYLOAD_SCHEMA_ATTR_FIELD_NUM_ENTRIES | NVTX_PAYLOAD_SCHEMA_ATTR_FIELD_STATIC_SIZE |
                     NVTX_PAYLOAD_SCHEMA_ATTR_FIELD_SCHEMA_ID;
  schema.type = NVTX_PAYLOAD_SCHEMA_TYPE_STATIC;
  schema.entries = entries;
  schema.numEntries = 2;
  schema.payloadStaticSize = sizeof(AllReduce);
  schema.schemaId = kSchema;
  nvtxPayloadSchemaRegister(domain(), &schema);
  AllReduce values = {77, 4096};
  nvtxPayloadData_t data = {kSchema, sizeof(values), &values};
  nvtxEventAttributes_t event = {};
  event.version = NVTX_VERSION;
  event.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  event.messageType = NVTX_MESSAGE_TYPE_ASCII;
  event.message.ascii = "ncclAllReduce";
  NVTX_PAYLOAD_EVTATTR_SET_DATA(event, &data, kSchema, &values, sizeof(values));
  nvtxDomainRangePushEx(domain(), &event);
  nvtxDomainRangePop(domain());
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int run_part(int count) {
  nvtxStringHandle_t text = nvtxDomainRegisterStringA(domain(), STEPSCOPE_PART " range");
  nvtxDomainNameCategoryA(domain(), 3, "category of " STEPSCOPE_PART);
  nvtxEventAttributes_t event = {};
  event.version = NVTX_VERSION;
  event.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  event.category = 3;
  event.messageType = NVTX_MESSAGE_TYPE_REGISTERED;
  event.message.registered = text;
  for (int i = 0; i < count; ++i) {
    nvtxDomainRangePushEx(domain(), &event);
    nvtxRangePushA("default domain");
    nvtxRangePop();
    nvtxDomainRangePop(domain());
  }
  nvtxResourceAttributes_t resource = {};
  resource.version = NVTX_VERSION;
  resource.size = NVTX_RESOURCE_ATTRIB_STRUCT_SIZE;
  resource.identifierType = NVTX_RESOURCE_TYPE_GENERIC_HANDLE;
  resource.identifier.ullValue = 1234;
  resource.messageType = NVTX_MESSAGE_TYPE_ASCII;
  resource.message.ascii = "the lock";
  nvtxDomainResourceDestroy(nvtxDomainResourceCreate(domain(), &resource));
  collective();
  return nvtxDomainIsEnabled(domain()) == 1 ? 0 : 1;
}
