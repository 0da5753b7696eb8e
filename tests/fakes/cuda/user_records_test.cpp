// SPDX-License-Identifier: Apache-2.0
//
// The stand-in's records with chosen fields: how they are packed, and which choices it does not take.
#include "tests/fakes/cuda/user_records.hpp"

#include <array>
#include <cstring>
#include <vector>

#include <gmock/gmock.h>

namespace fakecuda {
namespace {

using ::testing::ElementsAre;

constexpr int kTaken = 0;
constexpr int kRefused = 1;
constexpr int kNotNow = 7;

int choose(UserRecords& records, uint32_t kind, std::vector<int> ids) {
  const ActivityConfig config{sizeof(ActivityConfig), {sizeof(FieldSelection), ids.size(), ids.data()}};
  return records.choose(kind, &config);
}

// kind, registers (2 bytes), start (8), device (4), stream (8 when chosen).
const std::vector<int> kSomeOfAKernel = {0, 4, 7, 10, 12};

TEST(FakeUserRecords, FieldsLieInTheOrderOfTheChoiceEachAligned) {
  UserRecords records;
  ASSERT_EQ(choose(records, kConcurrentKernel, kSomeOfAKernel), kTaken);
  const CompleteInfo info = records.describe(true);
  ASSERT_GT(info.layout_count, size_t{kConcurrentKernel});
  const RecordLayout& layout = *info.layouts[kConcurrentKernel];
  std::vector<size_t> offsets;
  for (size_t i = 0; i < layout.count; ++i) {
    offsets.push_back(layout.entries[i].offset);
  }
  EXPECT_THAT(offsets, ElementsAre(0, 4, 8, 16, 24));
  EXPECT_EQ(layout.record_bytes, 32U);
  EXPECT_EQ(records.record_bytes(kConcurrentKernel), 32U);
  EXPECT_EQ(info.layouts[kMemcpy], nullptr) << "nothing was chosen for it";
  EXPECT_EQ(records.describe(false).layouts, nullptr);
}

TEST(FakeUserRecords, ARecordHasTheChosenFieldsAndNoOther) {
  UserRecords records;
  ASSERT_EQ(choose(records, kConcurrentKernel, kSomeOfAKernel), kTaken);
  std::array<uint8_t, kLargestRecord> classic;
  classic.fill(0xee);
  const auto put = [&](size_t offset, auto value) {
    std::memcpy(classic.data() + offset, &value, sizeof(value));
  };
  put(0, uint32_t{kConcurrentKernel});
  put(kernel::kRegisters, uint16_t{40});
  put(kernel::kStart, uint64_t{1} << 60);
  put(kernel::kDevice, uint32_t{3});
  put(kernel::kStream, uint32_t{7});
  std::array<uint8_t, 32> record = {};
  records.pack(kConcurrentKernel, classic.data(), record.data());
  const std::array<uint8_t, 32> expected = {10, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
                                            3,  0, 0, 0, 0,  0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(record, expected);
}

TEST(FakeUserRecords, AWrongChoiceIsRefused) {
  UserRecords records;
  EXPECT_EQ(choose(records, kConcurrentKernel, {}), kRefused);
  EXPECT_EQ(choose(records, kConcurrentKernel, {7, 0}), kRefused) << "the kind comes first";
  EXPECT_EQ(choose(records, kConcurrentKernel, {0, 7, 7}), kRefused);
  EXPECT_EQ(choose(records, kConcurrentKernel, {0, 999}), kRefused);
  EXPECT_EQ(records.choose(kConcurrentKernel, nullptr), kRefused);
  std::vector<int> ids = {0, 7};
  const ActivityConfig longer{sizeof(ActivityConfig) + 8, {sizeof(FieldSelection), ids.size(), ids.data()}};
  EXPECT_EQ(records.choose(kConcurrentKernel, &longer), kRefused) << "13.3 has no more in it";
  EXPECT_EQ(records.record_bytes(kConcurrentKernel), 0U);
}

TEST(FakeUserRecords, AnotherChoiceNeedsAFlushInBetween) {
  UserRecords records;
  ASSERT_EQ(choose(records, kMemset, {0, 2}), kTaken);
  EXPECT_EQ(choose(records, kMemset, {0, 2}), kTaken) << "the same again needs none";
  EXPECT_EQ(choose(records, kMemset, {0, 3}), kNotNow);
  records.flushed();
  EXPECT_EQ(choose(records, kMemset, {0, 3}), kTaken);
}

}  // namespace
}  // namespace fakecuda
