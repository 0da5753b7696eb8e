// SPDX-License-Identifier: Apache-2.0
//
// The fields we ask for, and records laid out as CUPTI describes them. Field numbers are those of CUPTI 13.3's headers,
// written as numbers, so that a mistake in the collector's own table shows.
#include "collector/sources/cupti/record_layout.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "collector/sources/cupti/records.hpp"

namespace stepscope::collector::cupti {
namespace {

using ::testing::ElementsAre;

constexpr uint32_t kKernelKind = 10;

// A record of chosen fields, and what CUPTI says of it with each buffer.
class Described {
 public:
  explicit Described(uint32_t kind) : kind_(kind) { add(0, kind); }

  template <typename T>
  Described& add(int id, T value) {
    const size_t offset = (bytes_.size() + sizeof(T) - 1) / sizeof(T) * sizeof(T);
    bytes_.resize(offset + sizeof(T));
    std::memcpy(bytes_.data() + offset, &value, sizeof(T));
    fields_.push_back({sizeof(abi::FieldDescription), id, offset, sizeof(T), sizeof(T)});
    return *this;
  }
  // By number: later changes to a description that CUPTI might send.
  abi::FieldDescription& field(int id) {
    return *std::find_if(fields_.begin(), fields_.end(), [id](const auto& one) { return one.id == id; });
  }
  void remove(int id) {
    std::erase_if(fields_, [id](const auto& one) { return one.id == id; });
  }

  [[nodiscard]] const void* data() {
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
    return bytes_.data();
  }
  [[nodiscard]] size_t size() {
    (void)data();
    return bytes_.size();
  }
  const abi::CompletedInfo* info() {
    record_ = {sizeof(record_), fields_.data(), fields_.size(), size()};
    records_[kind_] = &record_;
    info_ = {sizeof(info_), 0, records_.data(), records_.size()};
    return &info_;
  }

 private:
  uint32_t kind_;
  std::vector<uint8_t> bytes_;
  std::vector<abi::FieldDescription> fields_;
  abi::RecordDescription record_{};
  std::array<const abi::RecordDescription*, 60> records_{};
  abi::CompletedInfo info_{};
};

// The context is as wide as the caller likes: CUPTI's headers and its classic records disagree.
template <typename Context = uint32_t>
Described kernel() {
  Described record(kKernelKind);
  record.add<uint32_t>(33, 5).add<uint64_t>(7, 1000).add<uint64_t>(8, 1500);
  record.add<uint64_t>(22, uint64_t{1} << 40 | 99).add<const char*>(24, "gemm").add<uint64_t>(31, 3);
  record.add(11, Context{2});
  record.add(12, Context{7});
  record.add<uint32_t>(10, 1);
  record.add<uint32_t>(13, 128).add<uint32_t>(14, 2).add<uint32_t>(15, 1);
  record.add<uint32_t>(16, 256).add<uint32_t>(17, 1).add<uint32_t>(18, 1);
  record.add<uint32_t>(19, 1024).add<uint32_t>(20, 4096).add<uint16_t>(4, 40);
  return record;
}

RecordLayouts layouts_of(Described& record) {
  DescribedRecords described;
  described.note(record.info());
  RecordLayouts layouts;
  layouts.learn(described);
  return layouts;
}

std::vector<int64_t> columns(const Event& event) {
  return {event.values, event.values + event.count};
}

TEST(CuptiRecordLayout, TheKindIsAskedForFirstAndNoFieldTwice) {
  for (uint32_t kind = 0; kind < 60; ++kind) {
    int ids[kMaxSelection];
    const size_t count = select_fields(kind, ids);
    EXPECT_EQ(count != 0, RecordLayouts::is_read(kind)) << kind;
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(std::count(ids, ids + count, ids[i]), 1) << "kind " << kind << " field " << ids[i];
      EXPECT_EQ(ids[i] == 0, i == 0) << kind;
    }
  }
  int ids[kMaxSelection];
  ASSERT_EQ(select_fields(kKernelKind, ids), 19U);
  EXPECT_THAT(ids, ElementsAre(0, 33, 7, 8, 22, 24, 31, 11, 12, 10, 13, 14, 15, 16, 17, 18, 19, 20, 4));
}

TEST(CuptiRecordLayout, AKernelIsReadWhereItsFieldsAreSaidToBe) {
  for (Described record : {kernel<uint32_t>(), kernel<uint64_t>()}) {
    Event event;
    ASSERT_EQ(translate(record.data(), layouts_of(record), event), Translation::kEvent);
    EXPECT_THAT(columns(event), ElementsAre(1000, 500, 0, 1, 7, int64_t{1} << 40 | 99, 5, 3, 2, 0));
    EXPECT_STREQ(event.name, "gemm");
    char text[128];
    format_signature(event.signature, text, sizeof(text));
    EXPECT_STREQ(text, "grid 128x2x1 block 256x1x1 regs 40 smem 1024+4096");
  }
}

TEST(CuptiRecordLayout, CallsHaveThreadsAndCorrelationsOfSixtyFourBits) {
  Described call(5);
  call.add<uint32_t>(1, 211).add<uint64_t>(2, 100).add<uint64_t>(3, 104).add<uint64_t>(5, 4242);
  call.add<uint64_t>(6, uint64_t{1} << 33).add<uint32_t>(7, 2);
  Event event;
  ASSERT_EQ(translate(call.data(), layouts_of(call), event), Translation::kEvent);
  EXPECT_THAT(columns(event), ElementsAre(100, 4, 0, int64_t{1} << 33, 2));
  EXPECT_EQ(event.lane.type, LaneType::kThread);
  EXPECT_EQ(event.lane.stream, 4242U);
}

TEST(CuptiRecordLayout, AnOverheadOfAThreadSaysSoByItsThread) {
  for (const uint64_t thread : {77U, 0U}) {
    Described overhead(17);
    overhead.add<uint32_t>(1, 1U << 16).add<uint64_t>(4, 1).add<uint64_t>(5, 4).add<uint64_t>(3, thread);
    Event event;
    ASSERT_EQ(translate(overhead.data(), layouts_of(overhead), event), Translation::kEvent);
    EXPECT_EQ(event.lane.type, thread != 0 ? LaneType::kThread : LaneType::kProcess);
  }
}

TEST(CuptiRecordLayout, NumbersWithinAFieldAreFound) {
  Described device(8);
  std::array<uint8_t, 16> uuid;
  for (uint8_t i = 0; i < 16; ++i) {
    uuid[i] = i;
  }
  device.add<uint32_t>(26, 1).add<uint64_t>(3, 80).add<const char*>(29, "H100").add(28, uuid);
  device.add<uint32_t>(9, 132).add<uint32_t>(24, 9).add<uint32_t>(25, 0);
  const RecordLayouts layouts = layouts_of(device);
  const Record record(device.data(), layouts.of(8));
  EXPECT_EQ(record[device_field::kUuidFront], 0x0706050403020100U);
  EXPECT_EQ(record[device_field::kUuidBack], 0x0f0e0d0c0b0a0908U);
  Described reading(20);
  reading.add<uint32_t>(1, 0).add<uint64_t>(2, 70).add<uint32_t>(3, 3);
  reading.add(4, std::array<uint32_t, 5>{350'000, 1, 2, 3, 4});
  Event event;
  ASSERT_EQ(translate(reading.data(), layouts_of(reading), event), Translation::kEvent);
  EXPECT_STREQ(event.name, "gpu.power_mw");
  double value = 0;
  std::memcpy(&value, &event.values[2], sizeof(value));
  EXPECT_EQ(value, 350'000.0);
}

TEST(CuptiRecordLayout, WhatIsNotDescribedIsNotGuessedAt) {
  Described record = kernel();
  const RecordLayouts layouts = layouts_of(record);
  Event event;
  EXPECT_EQ(translate(Described(5).data(), layouts, event), Translation::kUndescribed);
  EXPECT_EQ(translate(Described(12).data(), layouts, event), Translation::kUnknown);
  DescribedRecords nothing;
  nothing.note(nullptr);
  const abi::CompletedInfo of_13_2{sizeof(abi::CompletedInfo), 0, nullptr, 0};
  nothing.note(&of_13_2);
  const abi::CompletedInfo shorter{sizeof(size_t), 1, nullptr, 99};
  nothing.note(&shorter);
  RecordLayouts none;
  none.learn(nothing);
  EXPECT_EQ(none.of(kKernelKind), nullptr);
}

TEST(CuptiRecordLayout, ADescriptionThatCannotBeReadIsNotTaken) {
  const auto taken = [](auto&& spoil) {
    Described record = kernel();
    (void)record.size();
    spoil(record);
    return layouts_of(record).of(kKernelKind) != nullptr;
  };
  EXPECT_TRUE(taken([](Described&) {}));
  EXPECT_FALSE(taken([](Described& record) { record.remove(24); })) << "a field of ours is missing";
  EXPECT_FALSE(taken([](Described& record) { record.remove(0); }));
  EXPECT_FALSE(taken([](Described& record) { record.field(0).offset = 4; }));
  EXPECT_FALSE(taken([](Described& record) { record.field(7).bytes = 12; })) << "no number";
  EXPECT_FALSE(taken([](Described& record) { record.field(7).bytes = 0; }));
  EXPECT_FALSE(taken([](Described& record) { record.field(4).offset = record.size(); })) << "behind its end";
  EXPECT_FALSE(taken([](Described& record) { record.field(4).offset = SIZE_MAX; }));
  EXPECT_FALSE(taken([](Described& record) { record.field(33).struct_size = 8; })) << "an unknown layout";
}

// A later CUPTI may say more of a field: its own size tells where the next one begins.
TEST(CuptiRecordLayout, LongerDescriptionsOfFieldsAreSteppedOver) {
  Described record = kernel();
  const abi::CompletedInfo* before = record.info();
  const abi::RecordDescription& shorter = *before->records[kKernelKind];
  struct Longer {
    abi::FieldDescription field;
    uint64_t more = 0x5a5a;
  };
  std::vector<Longer> fields;
  for (size_t i = 0; i < shorter.count; ++i) {
    fields.push_back({shorter.fields[i]});
    fields.back().field.struct_size = sizeof(Longer);
  }
  const abi::RecordDescription longer{sizeof(longer), &fields.front().field, fields.size(),
                                      shorter.record_bytes};
  std::array<const abi::RecordDescription*, 11> records{};
  records[kKernelKind] = &longer;
  const abi::CompletedInfo info{sizeof(info), 0, records.data(), records.size()};
  DescribedRecords described;
  described.note(&info);
  RecordLayouts layouts;
  layouts.learn(described);
  Event event;
  ASSERT_EQ(translate(record.data(), layouts, event), Translation::kEvent);
  EXPECT_EQ(event.values[0], 1000);
}

// Buffers are completed on any thread; whoever passes one on has said how to read it.
TEST(CuptiRecordLayout, ManyThreadsMaySayTheSameAtOnce) {
  Described record = kernel();
  const abi::CompletedInfo* info = record.info();
  DescribedRecords described;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      described.note(info);
      RecordLayouts layouts;
      layouts.learn(described);
      Event event;
      EXPECT_EQ(translate(record.data(), layouts, event), Translation::kEvent);
      EXPECT_EQ(event.values[1], 500);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

// Behind the last buffer there may be nothing that can be read.
TEST(CuptiRecordLayout, NoFieldIsReadBeyondItsRecord) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* memory = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* end = static_cast<uint8_t*>(memory) + page;
  ASSERT_EQ(mprotect(end, page, PROT_NONE), 0);
  constexpr size_t kRecord = 16;
  for (uint8_t i = 0; i < kRecord; ++i) {
    end[i - static_cast<ptrdiff_t>(kRecord)] = static_cast<uint8_t>(i + 1);
  }
  for (const size_t bytes : {1U, 2U, 4U, 8U}) {
    for (size_t offset = 0; offset + bytes <= kRecord; ++offset) {
      uint64_t expected = 0;
      std::memcpy(&expected, end - kRecord + offset, bytes);
      ASSERT_EQ(Field(offset, bytes).of(end - kRecord), expected) << bytes << " bytes at " << offset;
    }
  }
  EXPECT_EQ(Field().of(end - kRecord), 0U);
  munmap(memory, 2 * page);
}

}  // namespace
}  // namespace stepscope::collector::cupti
