// SPDX-License-Identifier: Apache-2.0
//
// What the shipped library records when NCCL drives it, in every version of NCCL's profiler interface.
#include <set>

#include "tests/integration/collector/collector_test.hpp"

namespace stepscope::testing {
namespace {

using trace::Kind;

// Columns of kind `collective`.
enum Column : size_t {
  kStart,
  kDur,
  kOp,
  kComm,
  kSeq,
  kBytes,
  kDtype,
  kRanks,
  kRank,
  kPeer,
  kSource,
  kCount,
  kAlgo,
  kProto,
  kChannels,
  kEnqueue,
  kKernel,
  kFlags
};

constexpr int64_t kSecond = 1'000'000'000;

class Nccl : public CollectorTest, public ::testing::WithParamInterface<int> {
 protected:
  SpoolContents run_host(const std::string& what, const Environment& extra = {}) {
    outcome_ = record({FAKE_NCCL_HOST, what, std::to_string(GetParam())}, extra);
    EXPECT_EQ(outcome_.exit_code, 0) << outcome_;
    return only();
  }
  // From version 4 on NCCL tells when the channels of a kernel started and stopped on the GPU.
  [[nodiscard]] static bool has_device_times() { return GetParam() >= 4; }

  Outcome outcome_;
};

std::vector<Event> collectives(const SpoolContents& contents) {
  std::vector<Event> all = contents.of(Kind::kCollective);
  std::stable_sort(all.begin(), all.end(),
                   [](const Event& a, const Event& b) { return a.column(kSeq) < b.column(kSeq); });
  return all;
}

TEST_P(Nccl, ACollectiveHasAllItsFacts) {
  const SpoolContents contents = run_host("in_order");
  const std::vector<Event> all = collectives(contents);
  ASSERT_EQ(all.size(), 3U);
  for (size_t i = 0; i < all.size(); ++i) {
    const Event& one = all[i];
    EXPECT_EQ(contents.text(one.column(kOp)), "AllReduce");
    EXPECT_EQ(one.column(kComm), 0xABC);
    EXPECT_EQ(one.column(kSeq), static_cast<int64_t>(i));
    EXPECT_EQ(one.column(kCount), 1024);
    EXPECT_EQ(one.column(kBytes), 4096);
    EXPECT_EQ(contents.text(one.column(kDtype)), "ncclFloat32");
    EXPECT_EQ(one.column(kRanks), has_device_times() ? 8 : 0) << "up to version 3 nobody tells";
    EXPECT_EQ(one.column(kRank), 3);
    EXPECT_EQ(one.column(kPeer), -1);
    EXPECT_EQ(one.column(kSource), static_cast<int64_t>(trace::Source::kNcclPlugin));
    EXPECT_EQ(contents.text(one.column(kAlgo)), "RING");
    EXPECT_EQ(contents.text(one.column(kProto)), "SIMPLE");
    EXPECT_EQ(one.column(kChannels), 2);
    EXPECT_EQ(one.column(kFlags), 0);
    EXPECT_GE(one.column(kStart), one.column(kEnqueue));
    EXPECT_LT(one.column(kStart) - one.column(kEnqueue), kSecond);
    if (has_device_times()) {
      EXPECT_EQ(one.column(kDur), 5000)
          << "the GPU's clock, from the first channel's start to the last one's stop";
    }
    EXPECT_EQ(contents.lanes.at(one.lane).type, "communicator");
    EXPECT_EQ(contents.lanes.at(one.lane).name, has_device_times() ? "world rank 3/8" : "world rank 3");
  }
  EXPECT_TRUE(contents.losses.empty());
  EXPECT_EQ(contents.fact("nccl.source"), "plugin");
  EXPECT_EQ(contents.fact("nccl.plugin_api"), "v" + std::to_string(GetParam()));
  EXPECT_EQ(contents.fact("door.nccl"), "opened");
}

TEST_P(Nccl, AsksForTheCheapEventsOnly) {
  run_host("in_order");
  // + proxy operations, + kernel channels, + collectives of the copy engines
  EXPECT_EQ(outcome_.out, GetParam() < 4 ? "mask 1806\n" : GetParam() < 6 ? "mask 1862\n" : "mask 5958\n");
}

TEST_P(Nccl, TheMaskCanBeSet) {
  const SpoolContents contents = run_host("in_order", {{"STEPSCOPE_NCCL_MASK", "0x2"}});
  EXPECT_EQ(outcome_.out, "mask 2\n");
  EXPECT_EQ(contents.fact("nccl.mask"), "2");
  for (const Event& one : collectives(contents)) {
    EXPECT_EQ(one.column(kFlags), trace::kCollectiveHostOnly);
    EXPECT_EQ(one.column(kStart), one.column(kEnqueue));
  }
  EXPECT_EQ(collectives(contents).size(), 3U);
}

TEST_P(Nccl, ACommunicatorIsRecordedOnce) {
  const SpoolContents contents = run_host("in_order");
  const std::vector<Event> all = contents.of(Kind::kCommunicator);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(contents.text(all[0].column(2)), "world");
  EXPECT_EQ(all[0].column(3), 0xABC);
  EXPECT_EQ(all[0].column(4), has_device_times() ? 8 : 0);
  EXPECT_EQ(all[0].column(5), 3);
  EXPECT_EQ(all[0].column(6), has_device_times() ? 2 : 0);
  EXPECT_EQ(all[0].column(8), static_cast<int64_t>(trace::Source::kNcclPlugin));
}

// From version 4 on its number and rank are told once, at init, and events do not repeat them.
TEST_P(Nccl, ACommunicatorThatCouldNotBeRecordedAtInitIsStillTheOneInitNamed) {
  const SpoolContents contents = run_host("ending");
  const std::vector<Event> all = contents.of(Kind::kCommunicator);
  ASSERT_EQ(all.size(), 2U);
  const auto late =
      std::find_if(all.begin(), all.end(), [](const Event& one) { return one.column(3) == 0xABC; });
  ASSERT_NE(late, all.end());
  EXPECT_EQ(late->column(5), 3);
  EXPECT_EQ(contents.lanes.at(late->lane)
                .name.find(has_device_times() ? "communicator 0000000000000abc rank 3/8" : "world rank 3"),
            0U);
}

TEST_P(Nccl, ItsEndIsTheLastChannelsNotItsOwnStop) {
  const std::vector<Event> all = collectives(run_host("late"));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].column(kSeq), 41);
  EXPECT_EQ(all[0].column(kFlags), 0);
  EXPECT_GE(all[0].column(kStart) - all[0].column(kEnqueue), kSecond / 50);
  if (has_device_times()) {
    EXPECT_EQ(all[0].column(kDur), 70'000'000);
  } else {
    EXPECT_GE(all[0].column(kDur), 30'000'000);
    EXPECT_LT(all[0].column(kDur), kSecond / 5) << "the silence after it does not count";
  }
}

TEST_P(Nccl, AChannelThatNeverComesDoesNotHoldItBack) {
  const SpoolContents contents = run_host("silent");
  const std::vector<Event> all = collectives(contents);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].column(kFlags), 0);
  if (has_device_times()) {
    EXPECT_EQ(all[0].column(kDur), 3000);
  }
  EXPECT_TRUE(contents.losses.empty());
}

TEST_P(Nccl, AnAbortedCommunicatorLeavesUnfinishedOnesAndANewOneWorks) {
  const SpoolContents contents = run_host("aborted");
  const std::vector<Event> all = collectives(contents);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].column(kFlags), 0);
  EXPECT_EQ(all[1].column(kFlags), 0) << "the first one of the second communicator";
  EXPECT_EQ(all[2].column(kFlags), trace::kCollectiveUnfinished);
  EXPECT_EQ(all[3].column(kFlags), trace::kCollectiveUnfinished | trace::kCollectiveHostOnly);
  EXPECT_EQ(contents.losses.at("nccl.unfinished"), 2U);
  EXPECT_EQ(contents.losses.at("nccl.stale_handle"), 1U) << "the stop after the end";
  EXPECT_EQ(contents.of(Kind::kCommunicator).size(), 2U);
  EXPECT_NE(all[0].lane, all[1].lane) << "one lane for each communicator";
}

TEST_P(Nccl, MessagesAreNumberedByPeerAndDirection) {
  const SpoolContents contents = run_host("p2p");
  std::multiset<std::string> seen;
  for (const Event& one : collectives(contents)) {
    seen.insert(contents.text(one.column(kOp)) + " " + std::to_string(one.column(kPeer)) + " #" +
                std::to_string(one.column(kSeq)));
    EXPECT_EQ(one.column(kFlags), trace::kCollectivePointToPoint);
    EXPECT_EQ(one.column(kBytes), 32);
  }
  EXPECT_THAT(
      seen, ::testing::UnorderedElementsAre("Send 1 #0", "Send 1 #1", "Recv 1 #0", "Send 2 #0", "Send 1 #2"));
}

TEST_P(Nccl, WhatACaptureEnqueuesDoesNotRunUntilTheGraphDoes) {
  if (GetParam() < 5) {
    GTEST_SKIP() << "NCCL does not tell before version 5";
  }
  const std::vector<Event> all = collectives(run_host("captured"));
  ASSERT_EQ(all.size(), 2U);
  std::multiset<int64_t> flags = {all[0].column(kFlags), all[1].column(kFlags)};
  EXPECT_THAT(flags, ::testing::ElementsAre(0, trace::kCollectiveCaptured | trace::kCollectiveHostOnly));
}

TEST_P(Nccl, CollectivesOfTheCopyEnginesAreTaken) {
  if (GetParam() != 6) {
    GTEST_SKIP() << "version 6 only";
  }
  const SpoolContents contents = run_host("ce");
  const std::vector<Event> all = collectives(contents);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(contents.text(all[0].column(kOp)), "AllGather");
  EXPECT_EQ(contents.text(all[0].column(kAlgo)), "CE");
  EXPECT_EQ(all[0].column(kSeq), 5);
  EXPECT_EQ(all[0].column(kBytes), 100);
  EXPECT_EQ(all[0].column(kFlags), trace::kCollectiveHostOnly);
  EXPECT_TRUE(contents.losses.empty()) << "events nobody asked for are no trouble";
}

TEST_P(Nccl, NonsenseIsCountedAndHarmless) {
  const SpoolContents contents = run_host("misuse");
  ASSERT_EQ(collectives(contents).size(), 1U);
  EXPECT_EQ(collectives(contents)[0].column(kFlags), 0);
  // The second stop of the collective, of a channel and its state, a state after the stop, a foreign handle.
  EXPECT_EQ(contents.losses.at("nccl.stale_handle"), 5U);
  EXPECT_EQ(contents.losses.count("nccl.unfinished"), 0U);
}

TEST_P(Nccl, EightThreadsAtOnceLoseNothing) {
  const SpoolContents contents = run_host("threads");
  const std::vector<Event> all = collectives(contents);
  ASSERT_EQ(all.size(), 4000U);
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].column(kSeq), static_cast<int64_t>(i));
    ASSERT_EQ(all[i].column(kFlags), 0);
    if (has_device_times()) {
      ASSERT_EQ(all[i].column(kDur), 200);
    }
  }
  EXPECT_TRUE(contents.losses.empty());
}

TEST_P(Nccl, TheLargestCommunicatorTellsTheRankWhenNobodyElseDoes) {
  if (GetParam() < 4) {
    GTEST_SKIP() << "the number of ranks is known from version 4 on";
  }
  SpoolContents contents = run_host("several");
  EXPECT_EQ(contents.fact("nccl.rank"), "3");
  EXPECT_EQ(contents.fact("nccl.ranks"), "8");
  EXPECT_EQ(contents.fact("process.rank"), "3");
  EXPECT_EQ(contents.fact("process.world_size"), "8");
  EXPECT_EQ(contents.fact("process.rank_source"), "nccl");
  std::set<std::string> lanes;
  for (const Event& one : collectives(contents)) {
    lanes.insert(contents.lanes.at(one.lane).name);
  }
  EXPECT_THAT(lanes, ::testing::ElementsAre("communicator 0000000000000abc rank 3/8", "data rank 2/4",
                                            "tensor rank 1/2"));
}

TEST_P(Nccl, ARankInTheEnvironmentStays) {
  const SpoolContents contents = run_host("several", {{"RANK", "5"}, {"WORLD_SIZE", "16"}});
  EXPECT_EQ(contents.fact("process.rank"), "5");
  EXPECT_EQ(contents.fact("process.world_size"), "16");
  EXPECT_EQ(contents.fact("process.rank_source"), "environment");
}

TEST_P(Nccl, AForkedChildIsLeftAloneAndTheParentGoesOn) {
  const SpoolContents contents = run_host("fork");
  ASSERT_EQ(collectives(contents).size(), 1U);
  EXPECT_EQ(collectives(contents)[0].column(kFlags), 0);
  EXPECT_TRUE(contents.losses.empty());
}

TEST_P(Nccl, WhatIsUnderWayAtTheEndOfTheProcessIsUnfinished) {
  const SpoolContents contents = run_host("open");
  ASSERT_EQ(collectives(contents).size(), 1U);
  EXPECT_EQ(collectives(contents)[0].column(kFlags), trace::kCollectiveUnfinished);
  EXPECT_EQ(contents.losses.at("nccl.unfinished"), 1U);
}

INSTANTIATE_TEST_SUITE_P(EveryVersion, Nccl, ::testing::Range(1, 7),
                         [](const auto& version) { return "v" + std::to_string(version.param); });

using NcclAndNvtx = CollectorTest;

TEST_F(NcclAndNvtx, WithoutThePluginNvtxTellsOfCollectives) {
  ASSERT_EQ(record({FAKE_NVTX_HOST, "everything"}).exit_code, 0);
  EXPECT_EQ(only().of(Kind::kCollective).size(), 1U);
  EXPECT_EQ(only().fact("nccl.source"), "nvtx");
}

TEST_F(NcclAndNvtx, WithThePluginNvtxKeepsToItsRanges) {
  ASSERT_EQ(record({FAKE_NVTX_HOST, "with plugin"}).exit_code, 0);
  const SpoolContents contents = only();
  EXPECT_EQ(contents.of(Kind::kCollective).size(), 0U);
  EXPECT_EQ(count_ranges(contents, "ncclAllReduce"), 1);
  EXPECT_EQ(contents.fact("nccl.source"), "plugin");
}

}  // namespace
}  // namespace stepscope::testing
