// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/records.hpp"

#include <gmock/gmock.h>

#include "tests/unit/collector/sources/cupti/record_bytes.hpp"

namespace stepscope::collector::cupti {
namespace {

using stepscope::testing::kernel_record;
using stepscope::testing::RecordBytes;
using ::testing::ElementsAre;
using trace::Kind;

RecordLayouts classic(const RecordLayouts::Tail& tail = {}) {
  RecordLayouts layouts;
  layouts.set_classic(tail);
  return layouts;
}

std::vector<int64_t> values_of(const Event& event) {
  return {event.values, event.values + event.count};
}

TEST(CuptiRecords, AKernel) {
  const RecordBytes record = kernel_record({.graph = 5, .node = uint64_t{5} << 32 | 3});
  Event event;
  ASSERT_EQ(translate(record.data(), classic(), event), Translation::kEvent);
  EXPECT_EQ(event.kind, Kind::kKernel);
  EXPECT_EQ(event.clock, trace::Clock::kCupti);
  EXPECT_THAT(values_of(event), ElementsAre(1000, 500, 0, 1, 7, 99, 5, int64_t{5} << 32 | 3, 2, 0));
  EXPECT_STREQ(event.name, "gemm");
  EXPECT_EQ(event.name_column, 2);
  EXPECT_EQ(event.signature_column, 9);
  EXPECT_EQ(event.lane.type, LaneType::kStream);
  EXPECT_EQ(event.lane.stream, 7U);
  char text[128];
  format_signature(event.signature, text, sizeof(text));
  EXPECT_STREQ(text, "grid 128x2x1 block 256x1x1 regs 40 smem 1024+4096");
}

TEST(CuptiRecords, AKernelWithoutANameHasNone) {
  const RecordBytes record = kernel_record({.name = nullptr});
  Event event;
  ASSERT_EQ(translate(record.data(), classic(), event), Translation::kEvent);
  EXPECT_EQ(event.name, nullptr);
}

TEST(CuptiRecords, WhatEndsBeforeItStartsHasNoDuration) {
  const RecordBytes record = kernel_record({.start = 2000, .end = 1500});
  Event event;
  ASSERT_EQ(translate(record.data(), classic(), event), Translation::kEventBadTime);
  EXPECT_EQ(event.values[1], 0);
}

TEST(CuptiRecords, WhatWasNeverStampedIsNoEvent) {
  const RecordBytes record = kernel_record({.start = 0, .end = 0});
  Event event;
  EXPECT_EQ(translate(record.data(), classic(), event), Translation::kNoTime);
}

RecordBytes copy_record(uint32_t kind) {
  RecordBytes record(kind);
  record.put<uint8_t>(4, 1).put<uint8_t>(5, 1).put<uint8_t>(6, 3).put<uint8_t>(7, 1);
  record.put<uint64_t>(8, 5'000'000'000).put<uint64_t>(16, 10).put<uint64_t>(24, 30);
  record.put<uint32_t>(32, 0).put<uint32_t>(36, 1).put<uint32_t>(40, 14);
  return record;
}

TEST(CuptiRecords, ACopyFromPageableMemoryBeyondFourGigabytes) {
  RecordBytes record = copy_record(1);
  record.put<uint32_t>(44, 77).put<uint64_t>(64, 9).put<uint32_t>(72, 4);
  Event event;
  ASSERT_EQ(translate(record.data(), classic(), event), Translation::kEvent);
  EXPECT_EQ(event.kind, Kind::kMemcpy);
  EXPECT_THAT(values_of(event), ElementsAre(10, 20, 1, 5'000'000'000, 0, 14, 77, 0, 1, 1, 3, 1, 4, 9));
}

TEST(CuptiRecords, ACopyBetweenGpusHasItsCorrelationElsewhere) {
  RecordBytes record = copy_record(22);
  record.put<uint32_t>(44, 0).put<uint32_t>(52, 3).put<uint32_t>(60, 88).put<uint64_t>(72, 2).put<uint32_t>(
      80, 6);
  Event event;
  ASSERT_EQ(translate(record.data(), classic(), event), Translation::kEvent);
  EXPECT_THAT(values_of(event), ElementsAre(10, 20, 1, 5'000'000'000, 0, 14, 88, 3, 1, 1, 3, 1, 6, 2));
}

TEST(CuptiRecords, AMemset) {
  RecordBytes record(2);
  record.put<uint64_t>(8, 64).put<uint64_t>(16, 5).put<uint64_t>(24, 9).put<uint32_t>(32, 1).put<uint32_t>(36,
                                                                                                           2);
  record.put<uint32_t>(40, 7).put<uint32_t>(44, 3).put<uint16_t>(50, 3).put<uint64_t>(64, 8).put<uint32_t>(72,
                                                                                                           6);
  Event event;
  ASSERT_EQ(translate(record.data(), classic(), event), Translation::kEvent);
  EXPECT_THAT(values_of(event), ElementsAre(5, 4, 64, 1, 7, 3, 2, 3, 6, 8));
}

TEST(CuptiRecords, CallsOnTheListOnly) {
  RecordBytes launch(5);
  launch.put<uint32_t>(4, 211).put<uint64_t>(8, 100).put<uint64_t>(16, 104).put<uint32_t>(28, 4242);
  launch.put<uint32_t>(32, 9).put<uint32_t>(36, 2);
  Event event;
  ASSERT_EQ(translate(launch.data(), classic(), event), Translation::kEvent);
  EXPECT_EQ(event.kind, Kind::kCudaApi);
  EXPECT_STREQ(event.name, "cudaLaunchKernel");
  EXPECT_THAT(values_of(event), ElementsAre(100, 4, 0, 9, 2));
  EXPECT_EQ(event.lane.type, LaneType::kThread);
  EXPECT_EQ(event.lane.stream, 4242U);
  RecordBytes peek(5);
  peek.put<uint32_t>(4, 10).put<uint64_t>(8, 100).put<uint64_t>(16, 104);  // cudaGetLastError
  EXPECT_EQ(translate(peek.data(), classic(), event), Translation::kFiltered);
  RecordBytes driver(4);
  driver.put<uint32_t>(4, 307).put<uint64_t>(8, 100).put<uint64_t>(16, 104);
  ASSERT_EQ(translate(driver.data(), classic(), event), Translation::kEvent);
  EXPECT_STREQ(event.name, "cuLaunchKernel");
  EXPECT_EQ(event.lane.type, LaneType::kProcess) << "CUPTI did not know the thread";
}

TEST(CuptiRecords, AWaitIsOnALaneOfItsContext) {
  RecordBytes record(38);
  record.put<uint32_t>(4, 3).put<uint64_t>(8, 10).put<uint64_t>(16, 60).put<uint32_t>(24, 5).put<uint32_t>(28,
                                                                                                           2);
  record.put<uint32_t>(32, 7).put<uint32_t>(36, 11);
  Event event;
  ASSERT_EQ(translate(record.data(), classic(), event), Translation::kEvent);
  EXPECT_EQ(event.values[2], static_cast<int64_t>(trace::SyncType::kStream));
  EXPECT_THAT(values_of(event), ElementsAre(10, 50, 3, 0, 7, 5, 2, 11));
  EXPECT_EQ(event.lane.type, LaneType::kSync);
}

TEST(CuptiRecords, ACudaEventHasATimeFromTheVersionOnThatStampsIt) {
  RecordBytes record(36);
  record.put<uint32_t>(4, 5).put<uint32_t>(8, 2).put<uint32_t>(12, 7).put<uint32_t>(16, 31).put<uint32_t>(24,
                                                                                                          1);
  record.put<uint64_t>(40, 123456);
  Event event;
  EXPECT_EQ(translate(record.data(), classic(), event), Translation::kNoTime)
      << "the bytes behind the old record are not ours";
  ASSERT_EQ(translate(record.data(), classic({.event_timestamps = true}), event), Translation::kEvent);
  EXPECT_THAT(values_of(event), ElementsAre(123456, 31, 1, 7, 2, 5));
}

TEST(CuptiRecords, OverheadOfAThreadAndOfTheProcess) {
  RecordBytes record(17);
  record.put<uint32_t>(4, 1U << 16)
      .put<uint32_t>(8, 2)
      .put<uint32_t>(16, 77)
      .put<uint64_t>(24, 1)
      .put<uint64_t>(32, 4);
  Event event;
  ASSERT_EQ(translate(record.data(), classic(), event), Translation::kEvent);
  EXPECT_STREQ(event.name, "CUPTI buffer flush");
  EXPECT_EQ(event.lane.type, LaneType::kThread);
  record.put<uint32_t>(8, 1);
  ASSERT_EQ(translate(record.data(), classic(), event), Translation::kEvent);
  EXPECT_EQ(event.lane.type, LaneType::kProcess);
}

TEST(CuptiRecords, ALaunchOfAWholeGraph) {
  RecordBytes record(51);
  record.put<uint32_t>(4, 6).put<uint64_t>(8, 100).put<uint64_t>(16, 300).put<uint32_t>(24, 1).put<uint32_t>(
      28, 9);
  record.put<uint32_t>(32, 2).put<uint32_t>(36, 7);
  Event event;
  ASSERT_EQ(translate(record.data(), classic(), event), Translation::kEvent);
  EXPECT_EQ(event.kind, Kind::kGraphLaunch);
  EXPECT_THAT(values_of(event), ElementsAre(100, 200, 9, 1, 7, 6, 2, 0));
}

TEST(CuptiRecords, MemoryAndItsPools) {
  RecordBytes record(49);
  record.put<uint32_t>(4, 1)
      .put<uint32_t>(8, 3)
      .put<uint32_t>(12, 5)
      .put<uint64_t>(16, 0xdead000)
      .put<uint64_t>(24, 4096);
  record.put<uint64_t>(32, 50).put<uint32_t>(52, 1).put<uint32_t>(56, 2).put<uint32_t>(60, 7);
  Event event;
  ASSERT_EQ(translate(record.data(), classic(), event), Translation::kEvent);
  EXPECT_THAT(values_of(event), ElementsAre(50, 1, 3, 4096, 0xdead000, 1, 2, 7, 5));
  RecordBytes pool(50);
  pool.put<uint32_t>(4, 3)
      .put<uint32_t>(20, 1)
      .put<uint64_t>(32, 0xbeef)
      .put<uint64_t>(40, 1 << 20)
      .put<uint64_t>(56, 60);
  ASSERT_EQ(translate(pool.data(), classic(), event), Translation::kEvent);
  EXPECT_THAT(values_of(event), ElementsAre(60, 19, 0, 1 << 20, 0xbeef, 1, 0, 0, 0));
}

TEST(CuptiRecords, TheDriversCompilerAndTheGpusState) {
  RecordBytes jit(52);
  jit.put<uint32_t>(4, 1).put<uint32_t>(8, 3).put<uint32_t>(12, 0).put<uint64_t>(16, 10).put<uint64_t>(24,
                                                                                                       900);
  Event event;
  ASSERT_EQ(translate(jit.data(), classic(), event), Translation::kEvent);
  EXPECT_STREQ(event.name, "compile: PTX to cubin");
  RecordBytes speed(20);
  speed.put<uint32_t>(4, 1).put<uint64_t>(8, 70).put<uint32_t>(16, 1).put<uint32_t>(20, 1410);
  ASSERT_EQ(translate(speed.data(), classic(), event), Translation::kEvent);
  EXPECT_EQ(event.kind, Kind::kHealth);
  EXPECT_STREQ(event.name, "gpu.sm_clock_mhz");
  double value = 0;
  std::memcpy(&value, &event.values[2], sizeof(value));
  EXPECT_EQ(value, 1410.0);
}

TEST(CuptiRecords, NoKindHasMoreColumnsThanItsTable) {
  for (uint32_t kind = 0; kind < 60; ++kind) {
    RecordBytes record(kind);
    record.put<uint32_t>(4, 211).put<uint64_t>(8, 1).put<uint64_t>(16, 2).put<uint64_t>(24, 3).put<uint64_t>(
        32, 4);
    record.put<uint64_t>(40, 5).put<uint64_t>(56, 6);
    Event event;
    const Translation translation = translate(record.data(), classic({.event_timestamps = true}), event);
    if (translation == Translation::kEvent || translation == Translation::kEventBadTime) {
      const trace::KindInfo* info = trace::find_kind(static_cast<uint16_t>(event.kind));
      ASSERT_NE(info, nullptr);
      EXPECT_EQ(event.count, info->column_count) << info->name;
    }
  }
}

TEST(CuptiRecords, AnUnknownKindIsSaidToBe) {
  Event event;
  EXPECT_EQ(translate(RecordBytes(12).data(), classic(), event), Translation::kUnknown);
  EXPECT_EQ(translate(RecordBytes(8).data(), classic(), event), Translation::kMetadata);
}

}  // namespace
}  // namespace stepscope::collector::cupti
