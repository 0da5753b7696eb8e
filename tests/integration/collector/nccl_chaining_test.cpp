// SPDX-License-Identifier: Apache-2.0
//
// Another profiler plugin behind ours: it hears of everything it asked for, with handles of its own.
#include <fstream>
#include <set>

#include "tests/integration/collector/collector_test.hpp"

namespace stepscope::testing {
namespace {

using trace::Kind;

class NcclChaining : public CollectorTest {
 protected:
  Outcome run_host(const std::string& what, int version, Environment extra = {}) {
    extra["FAKE_PLUGIN_LOG"] = log_path();
    extra.try_emplace("STEPSCOPE_CHAINED_NCCL_PROFILER_PLUGIN", FAKE_NCCL_PLUGIN);
    const Outcome outcome = record({FAKE_NCCL_HOST, what, std::to_string(version)}, extra);
    EXPECT_EQ(outcome.exit_code, 0) << outcome;
    return outcome;
  }
  [[nodiscard]] std::string log_path() const { return scratch_.file("plugin.log"); }
  [[nodiscard]] std::vector<std::string> log() const {
    std::vector<std::string> lines;
    std::ifstream file(log_path());
    for (std::string line; std::getline(file, line);) {
      lines.push_back(line);
    }
    return lines;
  }
  [[nodiscard]] long count(const std::string& line) const {
    const std::vector<std::string> lines = log();
    return std::count(lines.begin(), lines.end(), line);
  }
};

TEST_F(NcclChaining, BothPluginsHearOfEveryCollective) {
  for (const int version : {4, 5}) {
    std::filesystem::remove_all(run_directory());
    std::filesystem::remove(log_path());
    const Outcome outcome = run_host("in_order", version);
    EXPECT_EQ(outcome.out, "mask 1870\n") << "ours and theirs together";
    EXPECT_EQ(only().of(Kind::kCollective).size(), 3U);
    EXPECT_EQ(only().of(Kind::kCollective)[0].column(1), 5000);
    EXPECT_EQ(count("init 0"), 1);
    EXPECT_EQ(count("start 2 in nothing"), 3);
    EXPECT_EQ(count("start 64 in 2"), 6) << "a channel's parent is their own collective";
    EXPECT_EQ(count("state 64 is 22"), 6);
    EXPECT_EQ(count("stop 64"), 6);
    EXPECT_EQ(count("stop 2"), 3);
    EXPECT_EQ(log().back(), "finalize 0");
    EXPECT_THAT(log(), ::testing::Not(::testing::Contains(::testing::HasSubstr("foreign"))));
    EXPECT_EQ(only().fact("displaced.NCCL_PROFILER_PLUGIN"), FAKE_NCCL_PLUGIN);
    EXPECT_TRUE(only().losses.empty());
  }
}

TEST_F(NcclChaining, TheChainOfParentsIsTheirs) {
  run_host("captured", 5);
  EXPECT_THAT(log(), ::testing::IsSupersetOf({"start 256 in nothing", "start 512 in 256", "start 2 in 512",
                                              "stop 512", "stop 256"}));
  EXPECT_EQ(count("stop 512"), 1) << "the second stop of the same event is not passed on";
  std::multiset<int64_t> flags;
  for (const Event& one : only().of(Kind::kCollective)) {
    flags.insert(one.column(17));
  }
  EXPECT_THAT(flags, ::testing::ElementsAre(0, trace::kCollectiveCaptured | trace::kCollectiveHostOnly));
}

TEST_F(NcclChaining, EventsThatOnlyTheyWantArePassedOn) {
  run_host("proxies", 5);
  EXPECT_EQ(count("start 8 in 2"), 1);
  EXPECT_EQ(count("start 16 in 8"), 1);
  EXPECT_EQ(count("state 16 is 9"), 1);
  EXPECT_EQ(count("stop 16"), 1);
  EXPECT_EQ(count("stop 8"), 2);
  EXPECT_EQ(count("start 8 in elsewhere"), 1) << "a parent in another process is known to the plugin there";
  ASSERT_EQ(only().of(Kind::kCollective).size(), 1U);
  EXPECT_EQ(only().of(Kind::kCollective)[0].column(17), 0);
  EXPECT_TRUE(only().losses.empty());
}

TEST_F(NcclChaining, APluginWithoutTheVersionIsDisplacedAndTheRecordingSaysSo) {
  run_host("in_order", 6);
  EXPECT_EQ(only().of(Kind::kCollective).size(), 3U);
  EXPECT_TRUE(log().empty());
  EXPECT_EQ(only().fact("displaced.NCCL_PROFILER_PLUGIN"),
            std::string(FAKE_NCCL_PLUGIN) + " (not loaded: it has no ncclProfiler_v6)");
}

TEST_F(NcclChaining, APluginThatFailsDoesNotStopTheRecording) {
  run_host("in_order", 5, {{"FAKE_PLUGIN_FAILS", "1"}});
  EXPECT_EQ(only().of(Kind::kCollective).size(), 3U);
  EXPECT_EQ(only().fact("displaced.NCCL_PROFILER_PLUGIN"),
            std::string(FAKE_NCCL_PLUGIN) + " (not loaded: its init failed)");
}

TEST_F(NcclChaining, APluginThatIsNotThereDoesNotStopTheRecording) {
  run_host("in_order", 5, {{"STEPSCOPE_CHAINED_NCCL_PROFILER_PLUGIN", "no-such-plugin"}});
  EXPECT_EQ(only().of(Kind::kCollective).size(), 3U);
  EXPECT_EQ(only().fact("displaced.NCCL_PROFILER_PLUGIN"), "no-such-plugin (not loaded: cannot be opened)");
}

TEST_F(NcclChaining, TheLibraryNcclWouldLoadByDefaultIsChainedToo) {
  std::filesystem::create_directory(scratch_.file("lib"));
  std::filesystem::copy_file(FAKE_NCCL_PLUGIN, scratch_.file("lib/libnccl-profiler.so"));
  run_host("in_order", 5,
           {{"STEPSCOPE_CHAINED_NCCL_PROFILER_PLUGIN", ""}, {"LD_LIBRARY_PATH", scratch_.file("lib")}});
  EXPECT_EQ(count("start 2 in nothing"), 3);
  EXPECT_EQ(only().fact("displaced.NCCL_PROFILER_PLUGIN"), "libnccl-profiler.so");
}

TEST_F(NcclChaining, OurselvesAreNotChained) {
  run_host("in_order", 5, {{"STEPSCOPE_CHAINED_NCCL_PROFILER_PLUGIN", STEPSCOPE_LIBRARY}});
  EXPECT_EQ(only().of(Kind::kCollective).size(), 3U);
  EXPECT_EQ(only().fact("displaced.NCCL_PROFILER_PLUGIN"), "");
}

TEST_F(NcclChaining, ASwitchedOffCollectorStillPassesEverythingOn) {
  run_host("in_order", 5, {{"STEPSCOPE_DISABLE", "1"}, {"NCCL_PROFILER_PLUGIN", STEPSCOPE_LIBRARY}});
  EXPECT_TRUE(run().empty());
  EXPECT_EQ(count("start 2 in nothing"), 3);
  EXPECT_EQ(count("start 64 in 2"), 6);
  EXPECT_EQ(count("stop 64"), 6);
  EXPECT_EQ(count("finalize 0"), 1);
}

TEST_F(NcclChaining, ManyThreadsStayApart) {
  run_host("threads", 5);
  EXPECT_EQ(only().of(Kind::kCollective).size(), 4000U);
  EXPECT_EQ(count("start 64 in 2"), 8000);
  EXPECT_EQ(count("stop 2"), 4000);
  EXPECT_TRUE(only().losses.empty());
}

}  // namespace
}  // namespace stepscope::testing
