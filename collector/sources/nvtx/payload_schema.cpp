// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvtx/payload_schema.hpp"

#include <string.h>

#include <atomic>

#include "collector/process_state.hpp"
#include "collector/text.hpp"

namespace stepscope::collector::nvtx {
namespace {

constexpr size_t kSchemaSlots = 512;
constexpr size_t kProbes = 64;
constexpr size_t kMaxEntries = 64;
constexpr size_t kUnknownSize = SIZE_MAX;  // "the tool may find out": we then know it from the schema only

// A plain integer inside a payload.
struct Field {
  uint16_t offset = 0;
  uint8_t size = 0;  // 0 = not there
  bool is_signed = false;
};

struct Schema {
  std::atomic<uint64_t> key{0};
  std::atomic<bool> ready{false};
  uint16_t size = 0;  // up to the end of the last plain field
  Field value;
  Field communicator;
  Field bytes;
  Field peer;
};

constinit Schema g_schemas[kSchemaSlots];
constinit std::atomic<uint64_t> g_next_dynamic{kDynamicSchemaStart};

uint64_t key_of(const void* domain, uint64_t id) noexcept {
  uint64_t mixed =
      (reinterpret_cast<uintptr_t>(domain) * 0x9E3779B97F4A7C15ULL) ^ (id * 0xC2B2AE3D27D4EB4FULL);
  return (mixed ^ (mixed >> 31)) | 1;
}

bool is_signed_type(uint64_t type) noexcept {
  switch (type) {
    case kTypeChar:
    case kTypeShort:
    case kTypeInt:
    case kTypeLong:
    case kTypeLongLong:
    case kTypeInt8:
    case kTypeInt16:
    case kTypeInt32:
    case kTypeInt64:
      return true;
    default:
      return false;
  }
}

void note_field(const SchemaEntry& entry, const Field& field, Schema& schema) noexcept {
  TextView name(entry.name);
  if (contains_ignoring_case(name, "communicator") || contains_ignoring_case(name, "commhash")) {
    // The first one: a split names its parent too.
    schema.communicator = schema.communicator.size == 0 ? field : schema.communicator;
  } else if (schema.bytes.size == 0 && contains_ignoring_case(name, "bytes")) {
    schema.bytes = field;
  } else if (contains_ignoring_case(name, "peer")) {
    schema.peer = field;
  }
  if (schema.value.size == 0 && contains_ignoring_case(name, "size")) {
    schema.value = field;
  }
}

void read_layout(const SchemaEntry* entries, size_t count, Schema& schema) noexcept {
  uint64_t next = 0;  // natural alignment, for entries without an offset
  for (size_t i = 0; i < count && i < kMaxEntries; ++i) {
    const SchemaEntry& entry = entries[i];
    bool indirect = (entry.flags & kEntryIndirect) != 0;
    size_t size = indirect ? 0 : entry_size(entry.type);
    if (size == 0) {
      if (entry.offset == 0) {
        break;  // an entry of a size we do not know: what follows without an offset cannot be placed
      }
      continue;
    }
    uint64_t offset = entry.offset != 0 || i == 0 ? entry.offset : (next + size - 1) / size * size;
    next = offset + size;
    if (next > UINT16_MAX) {
      continue;
    }
    Field field{static_cast<uint16_t>(offset), static_cast<uint8_t>(size), is_signed_type(entry.type)};
    schema.size = next > schema.size ? static_cast<uint16_t>(next) : schema.size;
    note_field(entry, field, schema);
  }
  if (schema.bytes.size != 0) {
    schema.value = schema.bytes;
  }
}

Schema* find(uint64_t key, bool take) noexcept {
  for (size_t i = 0; i < kProbes; ++i) {
    Schema& schema = g_schemas[(key + i) % kSchemaSlots];
    uint64_t seen = schema.key.load(std::memory_order_acquire);
    if (seen == key) {
      return take ? nullptr : &schema;  // known already: the first layout stays
    }
    if (seen == 0) {
      if (!take) {
        return nullptr;
      }
      if (schema.key.compare_exchange_strong(seen, key)) {
        return &schema;
      }
      if (seen == key) {
        return nullptr;
      }
    }
  }
  if (take) {
    spool().loss("NVTX schema table full", 1);
  }
  return nullptr;
}

int64_t read_field(const Field& field, const void* data, size_t size) noexcept {
  if (field.size == 0 || size_t{field.offset} + field.size > size) {
    return 0;
  }
  uint64_t value = 0;  // little endian: the low bytes
  memcpy(&value, static_cast<const char*>(data) + field.offset, field.size);
  unsigned unused = 64U - 8U * field.size;
  return field.is_signed ? static_cast<int64_t>(value << unused) >> unused : static_cast<int64_t>(value);
}

}  // namespace

size_t entry_size(uint64_t type) noexcept {
  switch (type) {
    case kTypeChar:
    case kTypeUchar:
    case kTypeInt8:
    case kTypeUint8:
      return 1;
    case kTypeShort:
    case kTypeUshort:
    case kTypeInt16:
    case kTypeUint16:
      return 2;
    case kTypeInt:
    case kTypeUint:
    case kTypeInt32:
    case kTypeUint32:
    case kTypeFloat:
      return 4;
    case kTypeLong:
    case kTypeUlong:
    case kTypeLongLong:
    case kTypeUlongLong:
    case kTypeInt64:
    case kTypeUint64:
    case kTypeDouble:
    case kTypeSize:
    case kTypeAddress:
      return 8;
    default:
      return 0;
  }
}

uint64_t register_schema(const void* domain, const SchemaAttributes* attributes) noexcept {
  constexpr uint64_t kNeeded = kSchemaHasEntries | kSchemaHasEntryCount;
  if (attributes == nullptr || (attributes->field_mask & kNeeded) != kNeeded ||
      attributes->entries == nullptr) {
    return 0;
  }
  bool has_id = (attributes->field_mask & kSchemaHasId) != 0 && attributes->schema_id != 0;
  uint64_t id = has_id ? attributes->schema_id : g_next_dynamic.fetch_add(1, std::memory_order_relaxed);
  Schema* schema = find(key_of(domain, id), true);
  if (schema != nullptr) {
    read_layout(attributes->entries, attributes->entry_count, *schema);
    schema->ready.store(true, std::memory_order_release);
  }
  return id;
}

bool decode_payload(const void* domain, const PayloadData* payloads, size_t count,
                    DecodedPayload& out) noexcept {
  if (payloads == nullptr || count == 0 || payloads[0].data == nullptr) {
    return false;
  }
  const PayloadData& payload = payloads[0];
  out.schema = payload.schema;
  const Schema* schema = find(key_of(domain, payload.schema), false);
  bool known = schema != nullptr && schema->ready.load(std::memory_order_acquire);
  size_t size = payload.size != kUnknownSize ? payload.size : known ? schema->size : 0;
  if (known && schema->value.size != 0) {
    out.value = read_field(schema->value, payload.data, size);
  } else {
    memcpy(&out.value, payload.data, size < sizeof(out.value) ? size : sizeof(out.value));
  }
  if (known && schema->communicator.size != 0) {
    out.communicator = read_field(schema->communicator, payload.data, size);
  }
  // NCCL's calls that set up or end a communicator carry the communicator too, but move no bytes.
  if (known && schema->bytes.size != 0) {
    out.is_message = true;
    out.bytes = read_field(schema->bytes, payload.data, size);
    out.peer = schema->peer.size != 0 ? read_field(schema->peer, payload.data, size) : -1;
  }
  return true;
}

}  // namespace stepscope::collector::nvtx
