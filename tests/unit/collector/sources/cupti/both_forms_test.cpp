// SPDX-License-Identifier: Apache-2.0
//
// The same record in both forms, classic and with the fields of our choice, is the same event: every field that is read comes
// from the place that belongs to it. Places and field numbers are those of the libcupti stand-in, which has them from the
// toolkit's headers on its own.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include <gmock/gmock.h>

#include "collector/sources/cupti/records.hpp"
#include "tests/fakes/cuda/user_fields.hpp"

namespace stepscope::collector::cupti {
namespace {

using fakecuda::ChoosableField;
using fakecuda::kChoosable;

constexpr size_t kMostBytes = 256;

const ChoosableField& choosable(uint32_t kind, int id) {
  const auto* found = std::find_if(std::begin(kChoosable), std::end(kChoosable),
                                   [&](const auto& field) { return field.kind == kind && field.id == id; });
  EXPECT_NE(found, std::end(kChoosable)) << "kind " << kind << " has no field " << id;
  return found == std::end(kChoosable) ? kChoosable[0] : *found;
}

struct BothForms {
  std::array<uint8_t, kMostBytes> classic{};
  std::array<uint8_t, kMostBytes> chosen{};
  DescribedRecords described;
};

// Each field has a value of its own. What has few values by its meaning is given one: the kind, a call on our list, a kind of
// reading, and that an overhead is a thread's.
uint64_t value_of(uint32_t kind, int id) {
  if (id == 0) {
    return kind;
  }
  if ((kind == fakecuda::kRuntime || kind == fakecuda::kDriver) && id == 1) {
    return kind == fakecuda::kRuntime ? 211 : 307;
  }
  if (kind == fakecuda::kEnvironment && id == 3) {
    return 1;
  }
  return static_cast<uint64_t>(id) + 100;
}

void make(uint32_t kind, BothForms& forms) {
  int ids[kMaxSelection];
  const size_t count = select_fields(kind, ids);
  std::vector<abi::FieldDescription> fields;
  size_t end = 0;
  for (size_t i = 0; i < count; ++i) {
    const ChoosableField& field = choosable(kind, ids[i]);
    const size_t alignment = std::min<size_t>(field.chosen_bytes, 8);
    const size_t offset = (end + alignment - 1) / alignment * alignment;
    const uint64_t value = value_of(kind, ids[i]);
    std::memcpy(forms.classic.data() + field.offset, &value, std::min<size_t>(field.bytes, 8));
    std::memcpy(forms.chosen.data() + offset, &value, std::min<size_t>(field.chosen_bytes, 8));
    fields.push_back({sizeof(abi::FieldDescription), ids[i], offset, field.chosen_bytes, alignment});
    end = offset + field.chosen_bytes;
  }
  if (kind == fakecuda::kOverhead) {
    forms.classic[fakecuda::overhead::kObjectKind] = 2;  // a thread
  }
  const abi::RecordDescription record{sizeof(record), fields.data(), fields.size(), (end + 7) / 8 * 8};
  std::array<const abi::RecordDescription*, 60> records{};
  records[kind] = &record;
  const abi::CompletedInfo info{sizeof(info), 0, records.data(), records.size()};
  forms.described.note(&info);
}

std::vector<uint64_t> numbers(const void* record, const Field* fields, uint8_t count) {
  std::vector<uint64_t> all;
  for (uint8_t i = 0; i < count; ++i) {
    all.push_back(fields[i].of(record));
  }
  return all;
}

class CuptiBothForms : public ::testing::TestWithParam<uint32_t> {};

INSTANTIATE_TEST_SUITE_P(Cupti, CuptiBothForms,
                         ::testing::Values(fakecuda::kMemcpy, fakecuda::kMemset, fakecuda::kDriver,
                                           fakecuda::kRuntime, fakecuda::kDevice, fakecuda::kContext,
                                           fakecuda::kConcurrentKernel, fakecuda::kOverhead,
                                           fakecuda::kEnvironment, fakecuda::kMemcpy2, fakecuda::kCudaEvent,
                                           fakecuda::kStream, fakecuda::kSynchronization,
                                           fakecuda::kExternalCorrelation, fakecuda::kMemory2,
                                           fakecuda::kMemoryPool, fakecuda::kGraphTrace, fakecuda::kJit));

TEST_P(CuptiBothForms, AreTheSameEvent) {
  const uint32_t kind = GetParam();
  BothForms forms;
  make(kind, forms);
  RecordLayouts classic;
  classic.set_classic({.event_timestamps = true, .green_contexts = true});
  RecordLayouts chosen;
  chosen.learn(forms.described);
  Event one;
  Event other;
  const Translation translation = translate(forms.classic.data(), classic, one);
  EXPECT_EQ(translate(forms.chosen.data(), chosen, other), translation);
  if (translation == Translation::kMetadata) {
    const uint8_t count = kind == fakecuda::kDevice    ? uint8_t{device_field::kCount}
                          : kind == fakecuda::kContext ? uint8_t{context_field::kCount}
                                                       : uint8_t{stream_field::kCount};
    EXPECT_EQ(numbers(forms.chosen.data(), chosen.of(kind), count),
              numbers(forms.classic.data(), classic.of(kind), count));
    return;
  }
  ASSERT_THAT(translation, ::testing::AnyOf(Translation::kEvent, Translation::kEventBadTime));
  EXPECT_EQ(std::vector(other.values, other.values + other.count),
            std::vector(one.values, one.values + one.count));
  EXPECT_EQ(other.name, one.name);
  EXPECT_EQ(other.lane.type, one.lane.type);
  EXPECT_EQ(other.lane.device, one.lane.device);
  EXPECT_EQ(other.lane.context, one.lane.context);
  EXPECT_EQ(other.lane.stream, one.lane.stream);
  EXPECT_EQ(std::memcmp(&other.signature, &one.signature, sizeof(Signature)), 0);
}

}  // namespace
}  // namespace stepscope::collector::cupti
