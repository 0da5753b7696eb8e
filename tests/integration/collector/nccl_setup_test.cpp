// SPDX-License-Identifier: Apache-2.0
//
// What a recording says of how a communicator came up: how long that took and over which network, in every version of
// NCCL's profiler interface.
#include <fstream>

#include "tests/integration/collector/collector_test.hpp"

namespace stepscope::testing {
namespace {

using trace::Kind;

// Columns of kind `communicator`.
enum Column : size_t { kStart, kDur, kName, kComm, kRanks, kRank, kNodes, kTransport, kSource, kDurSource };

constexpr int64_t kMs = 1'000'000;
constexpr auto kNvtx = static_cast<int64_t>(trace::Source::kNvtx);

class NcclSetup : public CollectorTest, public ::testing::WithParamInterface<int> {
 protected:
  SpoolContents run_host(const std::string& what, const Environment& extra = {}) {
    const Outcome outcome = record({FAKE_NCCL_SETUP_HOST, what, std::to_string(GetParam())}, extra);
    const bool killed = what == "long_lived" || what == "killed_inside";
    EXPECT_EQ(outcome.exit_code, killed ? -1 : 0) << outcome;
    return only();
  }
  static std::vector<Event> communicators(const SpoolContents& contents, size_t expected) {
    std::vector<Event> all = contents.of(Kind::kCommunicator);
    EXPECT_EQ(all.size(), expected);
    all.resize(expected);
    return all;
  }
  // The range of the program's call.
  static Event range(const SpoolContents& contents, const std::string& name) {
    for (const Event& one : contents.of(Kind::kRange)) {
      if (contents.text(one.column(2)) == name) {
        return one;
      }
    }
    ADD_FAILURE() << "no range " << name;
    return {};
  }
  void make_verbs_device() const {
    std::filesystem::create_directories(scratch_.file("infiniband"));
    std::ofstream(scratch_.file("infiniband/uverbs0")) << "device";
  }
  // From version 4 on NCCL says on how many nodes a communicator is.
  [[nodiscard]] static std::string between_nodes(const std::string& network) {
    return GetParam() >= 4 ? network : "";
  }
};

TEST_P(NcclSetup, TakesAsLongAsTheCallThatInitCameFrom) {
  const SpoolContents contents = run_host("inside");
  const Event one = communicators(contents, 1)[0];
  const Event call = range(contents, "ncclCommInitRank");
  EXPECT_EQ(one.column(kStart), call.column(0));
  EXPECT_GE(one.column(kDur), 50 * kMs) << "what came before init and what came after it";
  EXPECT_NEAR(static_cast<double>(one.column(kDur)), static_cast<double>(call.column(1)), 50.0 * kMs);
  EXPECT_EQ(one.column(kDurSource), kNvtx);
  EXPECT_TRUE(contents.losses.empty());
}

TEST_P(NcclSetup, OnAThreadOfNcclsItsCallIsKnownByTheCommunicatorItReturned) {
  const SpoolContents contents = run_host("elsewhere");
  const Event one = communicators(contents, 1)[0];
  EXPECT_EQ(one.column(kStart), range(contents, "ncclCommSplit").column(0));
  EXPECT_GE(one.column(kDur), 30 * kMs);
  EXPECT_EQ(one.column(kDurSource), kNvtx);
}

TEST_P(NcclSetup, ACallForAllRanksCountsForEach) {
  const SpoolContents contents = run_host("all_ranks");
  for (const Event& one : communicators(contents, 2)) {
    EXPECT_EQ(one.column(kStart), range(contents, "ncclCommInitAll").column(0));
    EXPECT_GE(one.column(kDur), 30 * kMs);
  }
}

TEST_P(NcclSetup, WithoutACallThatEnclosesItItHasNoDuration) {
  for (const char* what : {"grouped", "non_blocking", "without_nvtx"}) {
    std::filesystem::remove_all(run_directory());
    const Event one = communicators(run_host(what), 1)[0];
    EXPECT_EQ(one.column(kDur), 0) << what;
    EXPECT_EQ(one.column(kDurSource), 0) << what;
    EXPECT_NE(one.column(kStart), 0) << what;
  }
}

TEST_P(NcclSetup, OneOfSeveralThatItCouldBeIsNotGuessed) {
  for (const char* what : {"two_ranks", "rank_beside"}) {
    std::filesystem::remove_all(run_directory());
    for (const Event& one : communicators(run_host(what), 2)) {
      EXPECT_EQ(one.column(kDur), 0) << what;
      EXPECT_EQ(one.column(kDurSource), 0) << what;
    }
  }
}

TEST_P(NcclSetup, IsInTheRecordingSoonAfterTheCallAlsoWhenTheProcessIsKilled) {
  const Event one = communicators(run_host("long_lived"), 1)[0];
  EXPECT_GE(one.column(kDur), 250 * kMs);
}

TEST_P(NcclSetup, OneThatNeverComesUpHasNoDuration) {
  const Event one = communicators(run_host("never_returns"), 1)[0];
  EXPECT_EQ(one.column(kDur), 0);
  EXPECT_EQ(one.column(kDurSource), 0);
}

TEST_P(NcclSetup, AKillWhileTheCallIsOpenLeavesTheCallAndTheLaneButNoDuration) {
  const SpoolContents contents = run_host("killed_inside");
  const Event call = range(contents, "ncclCommInitRank");
  EXPECT_EQ(call.column(6), trace::kFlagUnfinished);
  EXPECT_GE(call.column(1), 20 * kMs) << "it reaches to the last event";
  EXPECT_TRUE(contents.of(Kind::kCommunicator).empty()) << "its record waited for the call";
  EXPECT_TRUE(std::any_of(contents.lanes.begin(), contents.lanes.end(), [](const auto& lane) {
    return lane.second.type == "communicator" && lane.second.name.rfind("world rank 3", 0) == 0;
  }));
}

TEST_P(NcclSetup, WithoutVerbsDevicesItUsesSockets) {
  const SpoolContents contents = run_host("inside");
  EXPECT_EQ(contents.text(communicators(contents, 1)[0].column(kTransport)), between_nodes("Socket"));
  EXPECT_EQ(contents.fact("nccl.network"), "Socket");
  EXPECT_EQ(contents.fact("nccl.network_evidence").rfind("the process has no verbs device open", 0), 0U);
}

TEST_P(NcclSetup, VerbsDevicesThatItOpenedAreInfiniband) {
  make_verbs_device();
  const SpoolContents contents = run_host("over_infiniband");
  EXPECT_EQ(contents.text(communicators(contents, 1)[0].column(kTransport)), between_nodes("IB"));
  EXPECT_EQ(contents.fact("nccl.network"), "IB");
}

TEST_P(NcclSetup, VerbsDevicesThatWereOpenBeforeSayNothing) {
  make_verbs_device();
  const SpoolContents contents = run_host("infiniband_of_others");
  EXPECT_EQ(communicators(contents, 1)[0].column(kTransport), 0);
  EXPECT_EQ(contents.fact("nccl.network"), "");
  EXPECT_EQ(contents.fact("nccl.network_evidence").rfind("not known", 0), 0U);
}

TEST_P(NcclSetup, WhatHappensAfterNcclToldOfItSaysNothing) {
  make_verbs_device();
  const SpoolContents contents = run_host("others_come_later");
  EXPECT_EQ(contents.text(communicators(contents, 1)[0].column(kTransport)), between_nodes("Socket"));
  EXPECT_EQ(contents.fact("nccl.network"), "Socket");
}

TEST_P(NcclSetup, ItsNetworkIsTheOneThatTheUserAskedFor) {
  make_verbs_device();
  const SpoolContents contents = run_host("over_infiniband", {{"NCCL_NET", "socket"}});
  EXPECT_EQ(contents.text(communicators(contents, 1)[0].column(kTransport)), between_nodes("Socket"));
}

TEST_P(NcclSetup, WithinOneNodeThereIsNoTransportToName) {
  const SpoolContents contents = run_host("one_node");
  EXPECT_EQ(communicators(contents, 1)[0].column(kTransport), 0);
  EXPECT_EQ(contents.fact("nccl.network"), "Socket") << "what NCCL has all the same";
}

INSTANTIATE_TEST_SUITE_P(EveryVersion, NcclSetup, ::testing::Range(1, 7),
                         [](const auto& version) { return "v" + std::to_string(version.param); });

}  // namespace
}  // namespace stepscope::testing
