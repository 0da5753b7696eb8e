// SPDX-License-Identifier: Apache-2.0
//
// However a job with a GPU ends, forks or limits what is to be recorded: what CUPTI delivered is there, and a program that
// forks or dies is not disturbed by it.
#include <signal.h>

#include "tests/integration/collector/cupti_test.hpp"

namespace stepscope::testing {
namespace {

using trace::Kind;

using CuptiLife = CuptiTest;

// Whichever thread calls exit(): its thread-local objects are gone when exit handlers run.
TEST_F(CuptiLife, OrderlyEndsLoseNothing) {
  for (const char* end : {"return", "exit", "exit_in_thread"}) {
    for (const char* version : {"11.8", "13.0"}) {
      Recorded recorded = record_job(version, {"steps=3", std::string("end=") + end, "code=7"});
      EXPECT_EQ(recorded.job.process.exit_code, 7) << end;
      EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job)) << end;
      EXPECT_TRUE(recorded.contents.summary.clean_end) << end;
      EXPECT_EQ(recorded.contents.of(Kind::kExit).size(), 1U) << end;
      EXPECT_THAT(recorded.contents.losses, ::testing::IsEmpty()) << end;
    }
  }
}

// These pass no exit handler: what CUPTI still holds, at most about a second's worth, is lost. The rest is there.
TEST_F(CuptiLife, SuddenEndsKeepWhatWasDelivered) {
  struct End {
    const char* how;
    int code;
    int signal;
  };
  for (const End& end :
       {End{"_exit", 7, 0}, End{"quick_exit", 7, 0}, End{"abort", -1, SIGABRT}, End{"kill", -1, SIGKILL}}) {
    Recorded recorded =
        record_job("13.0", {"steps=40", "think_us=50000", std::string("end=") + end.how, "code=7"});
    EXPECT_EQ(recorded.job.process.exit_code, end.code) << end.how;
    EXPECT_EQ(recorded.job.process.signal, end.signal) << end.how;
    EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 40U) << end.how;
    // Two seconds of work, flushed every second: at least a third was flushed long ago.
    EXPECT_GE(recorded.contents.of(Kind::kKernel).size(), 40U * 40 / 3) << end.how;
    EXPECT_LE(recorded.contents.of(Kind::kKernel).size(), 40U * 40) << end.how;
    std::map<std::string, uint64_t> truth = kernel_counts(recorded.job);
    for (const auto& [name, count] : kernel_counts(recorded.contents)) {
      EXPECT_LE(count, truth[name]) << end.how << " " << name;
    }
  }
}

TEST_F(CuptiLife, AKernelThatNeverEndsIsNotWaitedFor) {
  auto begin = std::chrono::steady_clock::now();
  Recorded recorded =
      record_job("13.0", {"steps=1", "kernels=2", "kernel_ns=60000000000", "sync=none", "streams=1"});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(recorded.job.process.exit_code, 0);
  EXPECT_TRUE(recorded.contents.summary.clean_end);
  for (const Event& kernel : recorded.contents.of(Kind::kKernel)) {
    EXPECT_EQ(kernel.column(1), 0) << "an end nobody knows";
  }
}

TEST_F(CuptiLife, AForkedChildIsLeftAlone) {
  for (const char* child : {"exit", "_exit"}) {
    Recorded recorded = record_job("13.0", {"steps=4", "fork_at=2", std::string("child=") + child});
    EXPECT_EQ(recorded.job.child_status, 0) << child;
    EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job)) << child;
    EXPECT_THAT(cupti_losses(recorded.contents), ::testing::IsEmpty()) << child;
  }
}

// A runtime call may or may not show the driver call inside it.
const std::vector<Environment> kBothWays = {{}, {{"FAKE_CUDA_NESTED", "1"}}};

TEST_F(CuptiLife, OnlyWhatLiesBetweenProfilerStartAndStop) {
  for (Environment environment : kBothWays) {
    environment["STEPSCOPE_WINDOW"] = "cuda-profiler";
    Recorded recorded = record_job("13.0", {"steps=10", "window_from=4", "window_to=7"}, environment);
    EXPECT_EQ(recorded.contents.of(Kind::kKernel).size(), 3U * 40);
    EXPECT_THAT(recorded.contents.names(Kind::kInstant, 1),
                ::testing::ElementsAre("cudaProfilerStart", "cudaProfilerStop"));
    EXPECT_EQ(recorded.contents.of(Kind::kStep).size(), 10U);
  }
}

TEST_F(CuptiLife, WithoutAWindowProfilerStartIsOnlyAMark) {
  for (const Environment& environment : kBothWays) {
    Recorded recorded = record_job("13.0", {"steps=10", "window_from=4", "window_to=7"}, environment);
    EXPECT_EQ(recorded.contents.of(Kind::kKernel).size(), 10U * 40);
    EXPECT_THAT(recorded.contents.names(Kind::kInstant, 1),
                ::testing::ElementsAre("cudaProfilerStart", "cudaProfilerStop"));
  }
}

// ---- graphs ----

void expect_graphs(const Recorded& recorded) {
  uint64_t nodes = 0;
  for (const Event& kernel : recorded.contents.of(Kind::kKernel)) {
    nodes += kernel.column(kernel_column::kGraph) != 0 ? 1U : 0U;
  }
  std::vector<Event> launches = recorded.contents.of(Kind::kGraphLaunch);
  EXPECT_EQ(nodes % 12, 0U);
  EXPECT_EQ(nodes / 12 + launches.size(), 80U) << "each launch one way or the other";
  EXPECT_GE(nodes, 3U * 12);
  EXPECT_GE(launches.size(), 60U);
  for (const Event& launch : launches) {
    EXPECT_EQ(launch.column(7), 14) << "12 kernels, a copy and a memset, known from the first launches";
  }
  EXPECT_EQ(recorded.contents.fact("cupti.graph_launches"), "80");
  EXPECT_THAT(cupti_losses(recorded.contents), ::testing::IsEmpty());
}

TEST_F(CuptiLife, GraphsAreTakenApartFirstAndCountedThen) {
  for (const std::string& version : cupti_versions()) {
    SCOPED_TRACE(version);
    for (const char* through : {"runtime", "driver"}) {
      SCOPED_TRACE(through);
      expect_graphs(record_job(version, {"steps=40", "graphs=2", std::string("through=") + through}));
    }
    expect_graphs(record_job(version, {"steps=40", "graphs=2"}, {{"FAKE_CUDA_NESTED", "1"}}));
  }
}

TEST_F(CuptiLife, LevelFullTakesEveryGraphApart) {
  Recorded recorded = record_job("13.0", {"steps=20", "graphs=2"}, {{"STEPSCOPE_LEVEL", "full"}});
  EXPECT_EQ(kernel_counts(recorded.contents), kernel_counts(recorded.job));
  EXPECT_TRUE(recorded.contents.of(Kind::kGraphLaunch).empty());
}

}  // namespace
}  // namespace stepscope::testing
