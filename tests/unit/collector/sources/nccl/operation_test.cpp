// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/operation.hpp"

#include <gtest/gtest.h>

#include "collector/sources/nccl/chained_plugin.hpp"
#include "collector/sources/nccl/communicator.hpp"
#include "collector/sources/nccl/profiler.hpp"
#include "trace/kinds.hpp"

namespace stepscope::collector::nccl {
namespace {

// Columns of kind `collective`.
constexpr size_t kStart = 0;
constexpr size_t kDur = 1;
constexpr size_t kEnqueue = 15;
constexpr size_t kFlags = 17;

class NcclRecord : public ::testing::Test {
 protected:
  void make(Conclusion conclusion = Conclusion::kDone, int64_t now = 9000) {
    make_record(facts_, stamps_, {0xAB, 8, 3}, conclusion, now, row_);
  }
  Facts facts_ = {.enqueue_ns = 1000};
  Stamps stamps_ = {.enqueued_ns = 1200};
  int64_t row_[kCollectiveColumns] = {};
};

TEST_F(NcclRecord, HasOneValueForEachColumn) {
  EXPECT_EQ(trace::find_kind(static_cast<uint16_t>(trace::Kind::kCollective))->column_count,
            kCollectiveColumns);
}

TEST_F(NcclRecord, NothingSeenOfItsPartsLeavesTheEnqueue) {
  make();
  EXPECT_EQ(row_[kStart], 1000);
  EXPECT_EQ(row_[kDur], 200);
  EXPECT_EQ(row_[kFlags], trace::kCollectiveHostOnly);
}

TEST_F(NcclRecord, WithoutTheGpusClockTheHostsCounts) {
  stamps_.first_start_ns = 2000;
  stamps_.last_stop_ns = 7000;
  make();
  EXPECT_EQ(row_[kStart], 2000);
  EXPECT_EQ(row_[kDur], 5000);
  EXPECT_EQ(row_[kEnqueue], 1000);
  EXPECT_EQ(row_[kFlags], 0);
}

TEST_F(NcclRecord, OfTheGpusClockOnlyTheDifferenceIsUsed) {
  stamps_.first_start_ns = 2000;
  stamps_.last_stop_ns = 7000;
  stamps_.device_start = 1'700'000'000'000'000'000;
  stamps_.device_stop = stamps_.device_start + 1234;
  make();
  EXPECT_EQ(row_[kStart], 2000);
  EXPECT_EQ(row_[kDur], 1234);
}

TEST_F(NcclRecord, AnUnfinishedOneReachesToNow) {
  make(Conclusion::kUnfinished);
  EXPECT_EQ(row_[kDur], 8000);
  EXPECT_EQ(row_[kFlags], trace::kCollectiveUnfinished | trace::kCollectiveHostOnly);
  stamps_.first_start_ns = 2000;
  stamps_.device_start = 5;
  stamps_.device_stop = 6;
  make(Conclusion::kUnfinished);
  EXPECT_EQ(row_[kDur], 7000) << "one channel stopped, others did not";
}

TEST_F(NcclRecord, TimeNeverRunsBackwards) {
  stamps_.first_start_ns = 5000;
  stamps_.last_stop_ns = 4000;
  make();
  EXPECT_EQ(row_[kDur], 0);
}

TEST_F(NcclRecord, ACapturedOneThatRanWasReplayed) {
  facts_.captured = true;
  make();
  EXPECT_EQ(row_[kFlags], trace::kCollectiveCaptured | trace::kCollectiveHostOnly);
  stamps_.first_start_ns = 2000;
  stamps_.last_stop_ns = 7000;
  make();
  EXPECT_EQ(row_[kFlags], 0);
}

TEST(NcclOperation, TakesTheFirstStartAndTheLastStopOfItsParts) {
  Operation operation{};
  operation.reset(0, {}, nullptr);
  operation.part_started(200);
  operation.part_started(100);
  operation.part_started(300);
  operation.part_stopped(900, 50, 60);
  operation.part_stopped(800, 40, 55);
  operation.part_stopped(850, 0, 999);   // no start on the GPU
  operation.part_stopped(850, 100, 90);  // nonsense
  const Stamps stamps = operation.stamps();
  EXPECT_EQ(stamps.first_start_ns, 100);
  EXPECT_EQ(stamps.last_stop_ns, 900);
  EXPECT_EQ(stamps.device_start, 40U);
  EXPECT_EQ(stamps.device_stop, 60U);
}

TEST(NcclCommunicator, LaneNamesTellCommunicatorsApart) {
  LaneName name;
  lane_name("data parallel", 7, 3, 8, 0, name);
  EXPECT_STREQ(name.c_str(), "data parallel rank 3/8");
  lane_name(nullptr, 0x1F, 0, 2, 0, name);
  EXPECT_STREQ(name.c_str(), "communicator 000000000000001f rank 0/2");
  lane_name("", 0x1F, 0, 0, 1, name);
  EXPECT_STREQ(name.c_str(), "communicator 000000000000001f rank 0 #2") << "made again by a restart";
  lane_name(std::string(500, 'x').c_str(), 1, 1, 2, 0, name);
  EXPECT_NE(std::string(name.c_str()).find(" rank 1/2"), std::string::npos);
}

TEST(NcclMask, NeverAsksForProxySteps) {
  for (int version = 1; version <= 6; ++version) {
    EXPECT_EQ(default_mask(version) & (16U | 32U), 0U);
    EXPECT_EQ(default_mask(version) & (8U | 64U), version >= 4 ? 64U : 8U);
  }
}

TEST(NcclMask, IsReadFromText) {
  EXPECT_EQ(mask_from_text("70", 1), 70U);
  EXPECT_EQ(mask_from_text("0x46", 1), 0x46U);
  EXPECT_EQ(mask_from_text("0", 1), 0U);
  for (const char* nonsense : {"", "all", "-1", "7x"}) {
    EXPECT_EQ(mask_from_text(nonsense, 1), 1U) << nonsense;
  }
  EXPECT_EQ(mask_from_text(nullptr, 1), 1U);
}

TEST(NcclChained, SomeValuesNameNoPlugin) {
  for (const char* value : {"none", "NONE", "STATIC_PLUGIN", "static", "S", ""}) {
    EXPECT_FALSE(names_a_plugin(value)) << value;
  }
  EXPECT_FALSE(names_a_plugin(nullptr));
  for (const char* value : {"inspector", "/opt/lib.so", "STATIC_PLUGIN2", "nonesuch"}) {
    EXPECT_TRUE(names_a_plugin(value)) << value;
  }
}

}  // namespace
}  // namespace stepscope::collector::nccl
