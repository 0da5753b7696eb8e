// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/record_layout.hpp"

#include "collector/sources/cupti/field_sources.hpp"

namespace stepscope::collector::cupti {
namespace {

constexpr uint32_t place(size_t offset, size_t bytes) noexcept {
  return static_cast<uint32_t>(offset << 8 | bytes);
}
constexpr size_t kMaxRecord = 1U << 16;

// The description of field `id`; null when it is not there.
const abi::FieldDescription* find_field(const abi::RecordDescription& record, int id) noexcept {
  const auto* at = reinterpret_cast<const char*>(record.fields);
  for (size_t i = 0; i < record.count; ++i) {
    const auto* field = reinterpret_cast<const abi::FieldDescription*>(at);
    if (field->struct_size < sizeof(abi::FieldDescription)) {
      return nullptr;
    }
    if (field->id == id) {
      return field;
    }
    at += field->struct_size;
  }
  return nullptr;
}

// The place of one of our fields, 0 when the description has none that can be read.
uint32_t find_place(const abi::RecordDescription& record, const Source& source) noexcept {
  const abi::FieldDescription* field = find_field(record, source.id);
  if (field == nullptr || field->offset >= record.record_bytes ||
      field->bytes > record.record_bytes - field->offset) {
    return 0;
  }
  if (source.part != kNumber) {
    const bool reaches = size_t{source.part} + source.bytes <= field->bytes;
    return reaches ? place(field->offset + source.part, source.bytes) : 0;
  }
  const bool is_number = field->bytes != 0 && field->bytes <= sizeof(uint64_t);
  return is_number ? place(field->offset, field->bytes) : 0;
}

}  // namespace

// Whoever comes at the same time writes the same words, and whoever passes a buffer on has written all of them: no one has to
// wait for the other.
bool DescribedRecords::note_kind(size_t row, const abi::RecordDescription& record) noexcept {
  const abi::FieldDescription* kind = find_field(record, abi::kKindField);
  if (record.record_bytes < sizeof(uint64_t) || record.record_bytes > kMaxRecord || kind == nullptr ||
      kind->offset != 0 || kind->bytes != sizeof(uint32_t)) {
    return false;
  }
  const KindSources& wanted = kSources[row];
  for (size_t i = 0; i < wanted.count; ++i) {
    const Source& source = wanted.sources[i];
    const uint32_t found = source.id == kNoField ? 0 : find_place(record, source);
    if (found == 0 && source.id != kNoField) {
      return false;
    }
    __atomic_store_n(&places_[row][i], found, __ATOMIC_RELAXED);
  }
  return true;
}

void DescribedRecords::note(const abi::CompletedInfo* info) noexcept {
  if (info == nullptr || info->struct_size < sizeof(abi::CompletedInfo) || info->records == nullptr) {
    return;
  }
  const uint32_t known = __atomic_load_n(&known_, __ATOMIC_ACQUIRE);
  for (size_t row = 0; row < kRecordKinds; ++row) {
    const uint32_t kind = kSources[row].kind;
    if ((known >> row & 1) != 0 || kind >= info->record_count) {
      continue;
    }
    const abi::RecordDescription* record = info->records[kind];
    if (record != nullptr && record->struct_size >= sizeof(abi::RecordDescription) &&
        record->fields != nullptr && note_kind(row, *record)) {
      __atomic_fetch_or(&known_, 1U << row, __ATOMIC_RELEASE);
    }
  }
}

void RecordLayouts::set_classic(const Tail& tail) noexcept {
  classic_ = true;
  for (size_t row = 0; row < kRecordKinds; ++row) {
    for (size_t i = 0; i < kSources[row].count; ++i) {
      fields_[row][i] = classic_field(kSources[row].kind, static_cast<uint8_t>(i));
    }
    known_ |= 1U << row;
  }
  if (!tail.event_timestamps) {
    fields_[row_of(abi::kCudaEvent)][event_field::kDevice] = {};
    fields_[row_of(abi::kCudaEvent)][event_field::kDeviceTimestamp] = {};
  }
  if (!tail.green_contexts) {
    fields_[row_of(abi::kContext)][context_field::kIsGreen] = {};
  }
}

void RecordLayouts::learn(const DescribedRecords& described) noexcept {
  uint32_t news = __atomic_load_n(&described.known_, __ATOMIC_ACQUIRE) & ~known_;
  known_ |= news;
  for (; news != 0; news &= news - 1) {
    const auto row = static_cast<size_t>(__builtin_ctz(news));
    for (size_t i = 0; i < kSources[row].count; ++i) {
      const uint32_t found = __atomic_load_n(&described.places_[row][i], __ATOMIC_RELAXED);
      fields_[row][i] = Field(found >> 8, found & 0xff);
    }
  }
}

const Field* RecordLayouts::of(uint32_t kind) const noexcept {
  const uint8_t row = row_of(kind);
  return row != kNoRow && (known_ >> row & 1) != 0 ? fields_[row] : nullptr;
}

bool RecordLayouts::is_read(uint32_t kind) noexcept {
  return row_of(kind) != kNoRow;
}

size_t select_fields(uint32_t kind, int (&ids)[kMaxSelection]) noexcept {
  const uint8_t row = row_of(kind);
  if (row == kNoRow) {
    return 0;
  }
  size_t count = 0;
  ids[count++] = abi::kKindField;
  for (size_t i = 0; i < kSources[row].count; ++i) {
    const int id = kSources[row].sources[i].id;
    bool asked = false;  // no field, or two of ours are in one of CUPTI's
    for (size_t k = 0; k < count; ++k) {
      asked = asked || ids[k] == id;
    }
    if (!asked) {
      ids[count++] = id;
    }
  }
  return count;
}

}  // namespace stepscope::collector::cupti
