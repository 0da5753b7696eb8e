// SPDX-License-Identifier: Apache-2.0
//
// Small recordings whose steps under other circumstances can be said by hand.
#include "analyzer/replay/replay_run.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/import/import_run.hpp"
#include "analyzer/replay/what_if.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;

constexpr int kSteps = 6;

// One rank, times in us from the beginning of each step: a launch at 1000, a kernel that runs from 1010 for `kernel`, a
// synchronising call at `sync` that returns 10 behind the kernel (or 10 after it was called), 2000 more of host work; then the step is
// over. With `meet`, an all-reduce of 1000 follows the kernel, and ends when that of the slowest rank does.
struct SmallJob {
  int64_t kernel = 6000;
  int64_t sync = 8000;
  int64_t slowest = 0;  // the kernel of the slowest rank; 0: no all-reduce

  [[nodiscard]] int64_t gpu_done() const { return slowest == 0 ? 1010 + kernel : 1010 + slowest + 1000; }
  [[nodiscard]] int64_t step_us() const { return std::max(sync, gpu_done()) + 10 + 2000; }

  [[nodiscard]] std::string text(bool calls = true) const {
    std::string out = "lane 2 stream \"GPU 0 stream 7\"\nlane 3 communicator c\n";
    for (int64_t k = 0; k <= kSteps; ++k) {
      const int64_t t = k * step_us();
      out += fmt::format("step start_ns={}us index={} source=1\n", t, k);
      if (k == kSteps) {
        break;
      }
      if (calls) {
        out += fmt::format("cuda_api start_ns={}us dur_ns=5us name=cudaLaunchKernel correlation={}\n",
                           t + 1000, 4 * k + 1);
        out += fmt::format("cuda_api start_ns={}us dur_ns={}us name=cudaDeviceSynchronize correlation={}\n",
                           t + sync, std::max(sync, gpu_done()) + 10 - sync, 4 * k + 2);
      }
      out += fmt::format("kernel lane=2 start_ns={}us dur_ns={}us name=sm90_gemm correlation={}\n", t + 1010,
                         kernel, 4 * k + 1);
      if (slowest > 0) {
        out += fmt::format("cuda_api start_ns={}us dur_ns=5us name=cudaLaunchKernel correlation={}\n",
                           t + 1100, 4 * k + 3);
        out += fmt::format(
            "kernel lane=2 start_ns={}us dur_ns={}us name=ncclDevKernel_AllReduce correlation={}\n",
            t + 1010 + kernel, gpu_done() - 1010 - kernel, 4 * k + 3);
        out += fmt::format(
            "collective lane=3 start_ns={}us dur_ns={}us op=AllReduce comm=9 seq={} ranks=2 kernel={}\n",
            t + 1010 + kernel, gpu_done() - 1010 - kernel, k, 4 * k + 3);
      }
    }
    return out;
  }
};

class ReplayRun : public RunTest {
 protected:
  // A run of two ranks; the second one's clock is 3 s ahead.
  analysis::Run two_ranks(const std::string& name, const std::string& first, const std::string& second) {
    std::filesystem::create_directories(path(name));
    int rank = 0;
    for (const std::string& text : {first, second}) {
      ::stepscope::testing::write_recording(
          fmt::format("{}/main-r{}.stepscope", path(name), rank),
          fmt::format(
              "meta process.role main\nmeta process.pid {}\nmeta process.rank {}\nmeta process.world_size 2\n"
              "meta process.host node{}\nlane 1 thread main tid={}\n",
              100 + rank, rank, rank, 100 + rank) +
              text);
      ++rank;
    }
    return open(name);
  }
  static ReplayedRun replay(const analysis::Run& run) {
    return ReplayedRun::make(run, ledger_of(run)).value();
  }
  // The mean step when all time of a leaf takes `factor` times as long, us.
  static double step_us(const ReplayedRun& replay, const std::string& leaf_name, double factor) {
    std::vector<int64_t> weights = replay.recorded().graph().weights();
    for (size_t e = 0; e < weights.size(); ++e) {
      if (replay.recorded().parts()[replay.recorded().edge_parts()[e]].leaf == leaf_name) {
        weights[e] = static_cast<int64_t>(static_cast<double>(weights[e]) * factor);
      }
    }
    return replay.mean_step_ns(weights) / 1e3;
  }
  static WhatIf what_if(const analysis::Run& base, const analysis::Run& candidate) {
    const Ledger ledgers[] = {ledger_of(base), ledger_of(candidate)};
    const Evidence evidence[] = {gather_evidence(base, ledgers[0]).value(),
                                 gather_evidence(candidate, ledgers[1]).value()};
    const std::vector<AnalyzedRun> a = {{&base, &ledgers[0], &evidence[0]}};
    const std::vector<AnalyzedRun> b = {{&candidate, &ledgers[1], &evidence[1]}};
    return replay_what_if(diff_analyzed(a, b, {}).value(), a, b, {}).value();
  }
};

TEST_F(ReplayRun, AShorterKernelHelpsUntilTheHostIsLast) {
  const auto run =
      process("run", SmallJob{9000, 8000}.text());  // the GPU is done at 10010, the step takes 12020
  const ReplayedRun job = replay(run);
  ASSERT_EQ(job.reason(), "");
  EXPECT_EQ(job.error(), 0);
  EXPECT_EQ(job.steps().size(), static_cast<size_t>(kSteps) - 1) << "the first is warm-up";
  EXPECT_DOUBLE_EQ(step_us(job, "compute/gemm", 1), 12020);
  EXPECT_DOUBLE_EQ(step_us(job, "compute/gemm", 8.0 / 9), 11020) << "1000 less";
  EXPECT_DOUBLE_EQ(step_us(job, "compute/gemm", 1.0 / 9), 10010) << "the call comes at 8000 and takes 10";
}

// The ledger says that 2000 us more were spent in kernels and 990 us less waiting for the host. What making the kernels
// as fast as before brings is the 1010 us that the step got longer.
TEST_F(ReplayRun, WhatIfIsNotWhereTheTimeWent) {
  const auto base = process("base", SmallJob{6000, 8000}.text());            // 10010
  const auto candidate = process("candidate", SmallJob{8000, 8000}.text());  // 11020
  const WhatIf both = what_if(base, candidate);
  ASSERT_EQ(both.reason, "");
  const TermWhatIf* gemm = both.find("compute/gemm");
  ASSERT_NE(gemm, nullptr);
  EXPECT_EQ(gemm->removed_ns, 1010000);
  EXPECT_EQ(gemm->added_ns, 1010000);
  EXPECT_EQ(gemm->low_ns(), gemm->high_ns());
}

// The call at 1100 waits for the GPU, which is done at 4010, and 2000 of work follow: 6020. Without the call the work follows at
// 1110, and the step takes 3110; the kernel of 3000 is done before the next one comes.
TEST_F(ReplayRun, AnAddedSynchronisationIsTakenAway) {
  const auto candidate = process("candidate", SmallJob{3000, 1100}.text());
  std::string text = "lane 2 stream \"GPU 0 stream 7\"\n";
  for (int64_t k = 0; k <= kSteps; ++k) {
    text += fmt::format("step start_ns={}us index={} source=1\n", k * 3110, k);
    if (k < kSteps) {
      text += fmt::format(
          "cuda_api start_ns={}us dur_ns=5us name=cudaLaunchKernel correlation={}\n"
          "kernel lane=2 start_ns={}us dur_ns=3000us name=sm90_gemm correlation={}\n",
          k * 3110 + 1000, k + 1, k * 3110 + 1010, k + 1);
    }
  }
  const auto base = process("base", text);
  const WhatIf both = what_if(base, candidate);
  ASSERT_EQ(both.reason, "");
  const TermWhatIf* idle = both.find("idle.unknown");
  ASSERT_NE(idle, nullptr);
  ASSERT_TRUE(idle->removed_ns.has_value());
  EXPECT_NEAR(static_cast<double>(*idle->removed_ns), 2.91e6, 0.02e6);
  EXPECT_FALSE(idle->added_ns.has_value()) << "where the base would call it is not known";
}

// Both ranks take 2000 us longer because one of them computes longer; the other one's time grew in the collective.
TEST_F(ReplayRun, WaitingForALateRankIsNotTheNetworks) {
  const auto base = two_ranks("base", SmallJob{3000, 1200, 3000}.text(), SmallJob{3000, 1200, 3000}.text());
  const auto candidate =
      two_ranks("candidate", SmallJob{3000, 1200, 5000}.text(), SmallJob{5000, 1200, 5000}.text());
  EXPECT_EQ(replay(candidate).meetings(), static_cast<size_t>(kSteps) - 1);
  const WhatIf both = what_if(base, candidate);
  ASSERT_EQ(both.reason, "");
  EXPECT_EQ(both.base_error, 0);
  EXPECT_EQ(both.candidate_error, 0);
  const TermWhatIf* gemm = both.find("compute/gemm");
  const TermWhatIf* network = both.find("comm.exposed/all_reduce");
  ASSERT_NE(gemm, nullptr);
  ASSERT_NE(network, nullptr);
  EXPECT_EQ(gemm->removed_ns, 2000000);
  EXPECT_EQ(gemm->added_ns, 2000000);
  EXPECT_EQ(network->low_ns(), 0);
  EXPECT_EQ(network->high_ns(), 0);
}

// Each stage of a worker that is always behind sets the pace of the step.
TEST_F(ReplayRun, ASlowerFetchBelongsToTheWorkersOnTheirThreads) {
  const std::string common = "steps=40 workers=1 jitter_permille=0 forward=1ms backward=2ms optimizer=1ms ";
  const auto base = job("base", common + "fetch.cpu=20ms");
  const auto candidate = job("candidate", common + "fetch.cpu=30ms");
  const WhatIf both = what_if(base, candidate);
  ASSERT_EQ(both.reason, "");
  const TermWhatIf* fetch = both.find("data.fetch");
  ASSERT_NE(fetch, nullptr);
  EXPECT_NEAR(static_cast<double>(fetch->low_ns()), 10e6, 0.02e6);
  EXPECT_NEAR(static_cast<double>(fetch->high_ns()), 10e6, 0.02e6);
}

// The main thread waits from 2000 to 6000 for autograd's, which launches at 3000 and 5000: that time is there once.
TEST_F(ReplayRun, AThreadThatWaitsForAnotherIsNotCountedTwice) {
  std::string text = "lane 2 stream \"GPU 0\"\nlane 4 thread autograd tid=150\n";
  for (int64_t k = 0; k <= kSteps; ++k) {
    text += fmt::format("step start_ns={}us index={} source=1\n", k * 10000, k);
    if (k == kSteps) {
      break;
    }
    text += fmt::format(
        "range start_ns={}us dur_ns=2000us name=prepare\n"
        "phase start_ns={}us dur_ns=4000us op=3 source=3 name=backward\n"
        "range start_ns={}us dur_ns=4000us name=log\n",
        k * 10000, k * 10000 + 2000, k * 10000 + 6000);
    for (const int64_t at : {3000, 5000}) {
      text += fmt::format("cuda_api lane=4 start_ns={}us dur_ns=10us name=cudaLaunchKernel correlation={}\n",
                          k * 10000 + at, k * 10 + at / 1000);
      text += fmt::format("kernel lane=2 start_ns={}us dur_ns=1us name=sm90_gemm correlation={}\n",
                          k * 10000 + at + 8, k * 10 + at / 1000);
    }
  }
  const auto run = process("run", text);
  const ReplayedRun job = replay(run);
  ASSERT_EQ(job.reason(), "");
  EXPECT_EQ(job.error(), 0);
  double launching = 0;
  for (const RecordedGraph::Part& part : job.recorded().parts()) {
    launching += part.leaf == "idle.launch" ? part.total_ns : 0;
  }
  EXPECT_DOUBLE_EQ(launching / static_cast<double>(job.steps().size()), 4016e3)
      << "once, not on both threads; and 8 from each launch to its kernel";
  EXPECT_DOUBLE_EQ(step_us(job, "idle.launch", 0.5), 8000) << "backward takes 2000 less";
  EXPECT_DOUBLE_EQ(step_us(job, "idle.launch", 2), 14000);
}

TEST_F(ReplayRun, AbstainsWithoutCalls) {
  const auto run = process("run", SmallJob{}.text(false));
  EXPECT_THAT(replay(run).reason(), HasSubstr("CUDA calls were not recorded"));
}

TEST_F(ReplayRun, AbstainsWithoutSteps) {
  const auto run = process("run", "range start_ns=0 dur_ns=1ms name=work\n");
  EXPECT_EQ(replay(run).reason(), "no train steps");
}

// Two ranks that leave their collectives at different times, now the one, now the other: nobody leaves when the
// replay says.
TEST_F(ReplayRun, AbstainsWhereTheReplayMissesTheRecording) {
  std::string odd;
  std::string even;
  for (int64_t k = 0; k <= kSteps; ++k) {
    const int64_t t = k * 8000;
    for (std::string* text : {&odd, &even}) {
      const bool late = (k % 2 == 1) == (text == &odd);
      *text += fmt::format("step start_ns={}us index={} source=1\n", t + (late ? 2000 : 0), k);
      if (k < kSteps) {
        *text += fmt::format(
            "cuda_api start_ns={}us dur_ns=5us name=cudaLaunchKernel correlation={}\n"
            "cuda_api start_ns={}us dur_ns={}us name=cudaDeviceSynchronize correlation={}\n"
            "kernel lane=2 start_ns={}us dur_ns={}us name=ncclDevKernel_AllReduce correlation={}\n"
            "collective lane=3 start_ns={}us dur_ns={}us op=AllReduce comm=9 seq={} ranks=2 kernel={}\n",
            t + 2100, 2 * k + 1, t + 2200, late ? 3000 : 1000, 2 * k + 2, t + 2110, late ? 3000 : 1000,
            2 * k + 1, t + 2110, late ? 3000 : 1000, k, 2 * k + 1);
      }
    }
  }
  const std::string lanes = "lane 2 stream \"GPU 0\"\nlane 3 communicator c\n";
  const auto run = two_ranks("run", lanes + odd, lanes + even);
  const ReplayedRun job = replay(run);
  EXPECT_GT(job.error(), kLargestError);
  EXPECT_THAT(job.reason(), HasSubstr("the replay misses the recorded steps by"));
}

TEST_F(ReplayRun, ReadsAPieceFromTheMiddleOfALongRun) {
  const auto run = process("run", SmallJob{}.text());
  const ReplayedRun job = ReplayedRun::make(run, ledger_of(run), 10).value();  // three events a step
  ASSERT_EQ(job.reason(), "");
  EXPECT_EQ(job.steps().size(), 3U);
  EXPECT_EQ(job.steps().front().index, 2);
  EXPECT_EQ(job.error(), 0);
}

// Traces of real jobs with several train steps. Skipped where they are not.
TEST_F(ReplayRun, RebuildsTheStepsOfRealTraces) {
  const std::string data = STEPSCOPE_SHARED_DATA;
  if (!std::filesystem::is_directory(data)) {
    GTEST_SKIP() << "no " << data;
  }
  size_t usable = 0;
  for (const char* trace : {"hta/ns_resolution_trace/rank-0.Apr_03_18_51_38.1102.pt.trace.json.gz",
                            "hta/trace_diff/control/control.json.gz", "hta/trace_diff/test/test.json.gz",
                            "hta/nccl_parser_config/nccl_data.json.gz",
                            "kineto_tb_plugin/resnet50_num_workers_0__worker0.1623143089861.pt.trace.json.gz",
                            "kineto_tb_plugin/resnet50_num_workers_4__worker0.1623212756351.pt.trace.json.gz",
                            "kineto_tb_plugin/resnet50_num_workers_4__worker0.1623213129365.pt.trace.json.gz",
                            "nsys_ai/h100_2gpu_1s.sqlite"}) {
    const std::string name = "run-" + std::to_string(usable);
    std::filesystem::create_directories(path(name));
    const auto imported = import_run({data + "/" + trace}, path(name), {});
    ASSERT_TRUE(imported.ok()) << imported.status().message();
    const auto run = open(name);
    const ReplayedRun job = replay(run);
    std::printf("  %-72s %2zu steps, replayed within %.4f %%%s%s\n", trace, job.steps().size(),
                100 * job.error(), job.reason().empty() ? "" : ": ", job.reason().c_str());
    EXPECT_EQ(job.reason(), "") << trace;
    EXPECT_LE(job.error(), kLargestError) << trace;
    usable += job.reason().empty() ? 1U : 0U;
  }
  EXPECT_EQ(usable, 8U);
}

}  // namespace
}  // namespace stepscope::analysis
