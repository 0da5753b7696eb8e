// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: a subscriber's choice of fields, and records packed by it: each field behind the one before, in the
// order of the choice, aligned to its own size; the record padded to its widest field.
#include "tests/fakes/cuda/user_records.hpp"

#include <algorithm>
#include <cstring>

#include "tests/fakes/cuda/cupti_state.hpp"

namespace fakecuda {
namespace {

const ChoosableField* find_field(uint32_t kind, int id) {
  const auto* found = std::find_if(std::begin(kChoosable), std::end(kChoosable),
                                   [&](const auto& field) { return field.kind == kind && field.id == id; });
  return found == std::end(kChoosable) ? nullptr : found;
}

size_t alignment_of(const ChoosableField& field) {
  return std::min(field.chosen_bytes, kRecordAlignment);
}

size_t align(size_t offset, size_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

// The kind first, known fields only, none twice.
bool may_choose(uint32_t kind, const FieldSelection& selection) {
  if (selection.count == 0 || selection.ids == nullptr || selection.ids[0] != 0) {
    return false;
  }
  for (size_t i = 0; i < selection.count; ++i) {
    if (find_field(kind, selection.ids[i]) == nullptr ||
        std::count(selection.ids, selection.ids + selection.count, selection.ids[i]) != 1) {
      return false;
    }
  }
  return true;
}

}  // namespace

int UserRecords::choose(uint32_t kind, const ActivityConfig* config) {
  // As strict as can be: 13.3 knows no longer configuration.
  if (kind >= kKindCount || config == nullptr || config->size != sizeof(ActivityConfig) ||
      config->selection.size != sizeof(FieldSelection) || !may_choose(kind, config->selection)) {
    return kInvalidParameter;
  }
  Chosen& chosen = kinds_[kind];
  const std::vector<int> ids(config->selection.ids, config->selection.ids + config->selection.count);
  if (ids == chosen.ids) {
    return kSuccess;
  }
  if (!chosen.flushed) {
    return kInvalidOperation;
  }
  chosen.ids = ids;
  chosen.fields.clear();
  chosen.entries.clear();
  size_t end = 0;
  size_t widest = 1;
  for (int id : ids) {
    const ChoosableField& field = *find_field(kind, id);
    const size_t alignment = alignment_of(field);
    const size_t offset = align(end, alignment);
    chosen.fields.push_back(&field);
    chosen.entries.push_back({sizeof(FieldLayout), id, offset, field.chosen_bytes, alignment});
    end = offset + field.chosen_bytes;
    widest = std::max(widest, alignment);
  }
  chosen.layout = {sizeof(RecordLayout), chosen.entries.data(), chosen.entries.size(), align(end, widest)};
  chosen.record_bytes.store(chosen.layout.record_bytes);
  chosen.flushed = false;
  described_[kind] = &chosen.layout;
  return kSuccess;
}

void UserRecords::flushed() {
  for (Chosen& chosen : kinds_) {
    chosen.flushed = true;
  }
}

size_t UserRecords::record_bytes(uint32_t kind) const {
  return kind < kKindCount ? kinds_[kind].record_bytes.load(std::memory_order_relaxed) : 0;
}

// Narrower fields are widened with zeroes; CUPTI's numbers are unsigned where they grow.
void UserRecords::pack(uint32_t kind, const uint8_t* classic, uint8_t* record) const {
  const Chosen& chosen = kinds_[kind];
  for (size_t i = 0; i < chosen.fields.size(); ++i) {
    std::memcpy(record + chosen.entries[i].offset, classic + chosen.fields[i]->offset,
                chosen.fields[i]->bytes);
  }
}

CompleteInfo UserRecords::describe(bool with_layouts) {
  return {sizeof(CompleteInfo), 0, with_layouts ? described_.data() : nullptr,
          with_layouts ? described_.size() : 0};
}

}  // namespace fakecuda
