// SPDX-License-Identifier: Apache-2.0
//
// What a click in the viewer asks: what an event hangs together with, and what the ledger calls a stretch of time.
#include "analyzer/flows.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/leaves_between.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/support/rank_job.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

class FlowsTest : public RunTest {
 protected:
  static std::vector<FlowEnd> flows(const analysis::Run& run, uint32_t lane, Kind kind, int64_t start_ns,
                                    int64_t dur_ns) {
    Result<std::vector<FlowEnd>> found = find_flows(run, lane, kind, start_ns, dur_ns);
    ::stepscope::testing::require(found.status());
    return std::move(found).value();
  }
  static std::vector<LeafDuration> leaves(const analysis::Run& run, const ProcessSteps& steps,
                                          const TimeRange& span) {
    Result<std::vector<LeafDuration>> found = leaves_between(run, steps, span);
    ::stepscope::testing::require(found.status());
    return std::move(found).value();
  }
};

TEST_F(FlowsTest, ACallLeadsToItsKernelAndBack) {
  const analysis::Run run = process("run", R"(
    lane 2 stream "GPU 0 stream 7"
    cuda_api lane=1 start_ns=10us dur_ns=5us name=cudaLaunchKernel correlation=7
    cuda_api lane=1 start_ns=20us dur_ns=5us name=cudaLaunchKernel correlation=8
    kernel lane=2 start_ns=30us dur_ns=40us name=gemm stream=7 correlation=7
    kernel lane=2 start_ns=80us dur_ns=40us name=gemm stream=7 correlation=8
    kernel lane=2 start_ns=200us dur_ns=40us name=gemm stream=7
  )");
  const std::vector<FlowEnd> kernels = flows(run, 0, Kind::kCudaApi, 20'000, 5000);
  ASSERT_EQ(kernels.size(), 1U);
  EXPECT_EQ(kernels[0].lane, 1U);
  EXPECT_EQ(kernels[0].start_ns, 80'000);
  EXPECT_TRUE(kernels[0].later);
  const std::vector<FlowEnd> calls = flows(run, 1, Kind::kKernel, 30'000, 40'000);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].lane, 0U);
  EXPECT_EQ(calls[0].start_ns, 10'000);
  EXPECT_FALSE(calls[0].later);
  EXPECT_TRUE(flows(run, 1, Kind::kKernel, 200'000, 40'000).empty()) << "without a correlation id";
  EXPECT_TRUE(flows(run, 1, Kind::kKernel, 31'000, 40'000).empty()) << "no such event";
}

TEST_F(FlowsTest, AWaitComesFromTheWorkerThatMadeItsBatch) {
  const analysis::Run run = job("run", "steps=20 workers=2 fetch.cpu=30ms");
  size_t joined = 0;
  for (uint32_t lane = 0; lane < run.lanes().size(); ++lane) {
    ::stepscope::testing::require(run.scan_lane(lane, {}, [&](const EventBlock& block) {
      for (size_t i = 0; block.kind == Kind::kBatch && i < block.start_ns.size(); ++i) {
        const auto found = flows(run, lane, Kind::kBatch, block.start_ns[i], block.dur_ns[i]);
        if (found.empty()) {
          continue;  // the iterator's end
        }
        EXPECT_EQ(found[0].kind, FlowKind::kBatch);
        EXPECT_FALSE(found[0].later);
        EXPECT_EQ(run.processes()[run.lanes()[found[0].lane].process].role, "worker");
        EXPECT_LE(found[0].start_ns + found[0].dur_ns, block.start_ns[i] + block.dur_ns[i]);
        const auto back = flows(run, found[0].lane, Kind::kBatchFetch, found[0].start_ns, found[0].dur_ns);
        EXPECT_TRUE(back.size() == 1 && back[0].later && back[0].start_ns == block.start_ns[i]);
        ++joined;
      }
      return Status();
    }));
  }
  EXPECT_GE(joined, 20U);
}

TEST_F(FlowsTest, ACollectiveComesFromTheRankThatCameLast) {
  const std::string others = "lane 2 communicator \"pg\"\nlane 3 stream \"GPU 0 stream 13\"\n";
  std::filesystem::create_directories(path("ranks"));
  const auto write = [&](int rank, const char* start) {
    const std::string number = std::to_string(rank);
    ::stepscope::testing::write_recording(
        path("ranks") + "/main-r" + number + ".stepscope",
        "meta process.role main\nmeta process.rank " + number +
            "\nmeta process.world_size 3\nmeta process.pid 10" + number + "\nlane 1 thread main tid=10" +
            number + "\n" + others + "collective lane=2 start_ns=" + start +
            " dur_ns=9ms op=AllReduce comm=5 seq=3 ranks=3 kernel=9 rank=" + number +
            "\nkernel lane=3 start_ns=" + start + " dur_ns=9ms name=nccl stream=13 correlation=9" +
            "\ncollective lane=2 start_ns=50ms dur_ns=9ms op=AllReduce comm=5 seq=4 ranks=3 rank=" + number +
            "\n");
  };
  write(0, "1ms");
  write(1, "4ms");
  write(2, "2ms");
  const analysis::Run run = open("ranks");
  const auto lane_of = [&](int32_t rank) {
    for (uint32_t lane = 0; lane < run.lanes().size(); ++lane) {
      if (run.processes()[run.lanes()[lane].process].rank == rank &&
          run.lanes()[lane].type == "communicator") {
        return lane;
      }
    }
    return kNoLane;
  };
  const auto early = flows(run, lane_of(0), Kind::kCollective, 1'000'000, 9'000'000);
  ASSERT_EQ(early.size(), 1U);
  EXPECT_EQ(early[0].kind, FlowKind::kLateRank);
  EXPECT_EQ(early[0].lane, lane_of(1));
  EXPECT_EQ(early[0].start_ns, 4'000'000);
  EXPECT_FALSE(early[0].later);
  const auto kernel = flows(run, lane_of(0) + 1, Kind::kKernel, 1'000'000, 9'000'000);
  ASSERT_EQ(kernel.size(), 1U) << "no call that launched it was recorded";
  EXPECT_EQ(kernel[0].lane, lane_of(1));
  const auto late = flows(run, lane_of(1), Kind::kCollective, 4'000'000, 9'000'000);
  ASSERT_EQ(late.size(), 2U);
  EXPECT_TRUE(late[0].later && late[1].later);
}

// The leaves of a whole step are the ledger's row; those of its parts add up to it.
TEST_F(FlowsTest, LeavesOfAStretchAreThoseOfTheLedger) {
  ::stepscope::testing::write_gpu_job(path("gpu"), "steps=12 comm=9ms");
  const analysis::Run gpu = open("gpu");
  const analysis::Run host = job("host", "steps=20 workers=2 fetch.cpu=20ms fetch.io=9ms");
  for (const analysis::Run* run : {&gpu, &host}) {
    const Ledger ledger = ledger_of(*run);
    const ProcessLedger& process = ledger.processes.front();
    for (const size_t step : {size_t{3}, size_t{7}}) {
      const Step& span = process.steps.steps[step];
      std::map<std::string, int64_t> parts;
      std::map<std::string, int64_t> whole;
      const int64_t middle = span.begin_ns + (span.end_ns - span.begin_ns) / 3;
      for (const TimeRange& part : {TimeRange{span.begin_ns, middle}, TimeRange{middle, span.end_ns}}) {
        for (const LeafDuration& leaf : leaves(*run, process.steps, part)) {
          parts[leaf.leaf] += leaf.ns;
        }
      }
      int64_t last = span.end_ns - span.begin_ns;
      for (const LeafDuration& leaf : leaves(*run, process.steps, {span.begin_ns, span.end_ns})) {
        whole[leaf.leaf] += leaf.ns;
        EXPECT_LE(leaf.ns, last) << "longest first";
        last = leaf.ns;
      }
      int64_t sum = 0;
      for (size_t leaf = 0; leaf < ledger.leaves.size(); ++leaf) {
        EXPECT_NEAR(static_cast<double>(whole[ledger.leaves[leaf]]),
                    static_cast<double>(ledger.row(process, step)[leaf]), 8)
            << ledger.leaves[leaf];
        EXPECT_NEAR(static_cast<double>(parts[ledger.leaves[leaf]]),
                    static_cast<double>(whole[ledger.leaves[leaf]]), 8);
        sum += whole[ledger.leaves[leaf]];
      }
      EXPECT_EQ(sum, span.end_ns - span.begin_ns);
    }
  }
}

TEST_F(FlowsTest, OutsideOfStepsThereAreNoLeaves) {
  const analysis::Run run = job("run", "steps=20");
  const Ledger ledger = ledger_of(run);
  const ProcessSteps& steps = ledger.processes.front().steps;
  EXPECT_TRUE(leaves(run, steps, {steps.steps.back().end_ns, steps.steps.back().end_ns + 1000}).empty());
}

}  // namespace
}  // namespace stepscope::analysis
