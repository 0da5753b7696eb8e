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
#include "analyzer/rank_collectives.hpp"
#include "analyzer/replay/cause_chain.hpp"
#include "analyzer/replay/what_if.hpp"
#include "tests/unit/analyzer/replay/small_job.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;

constexpr int kSteps = kSmallJobSteps;

class ReplayRun : public SmallJobTest {
 protected:
  static ReplayedRun replay(const analysis::Run& run) {
    return ReplayedRun::make(run, ledger_of(run)).value();
  }
  static WhatIf what_if(const analysis::Run& base, const analysis::Run& candidate, size_t runs = 1) {
    const Ledger ledgers[] = {ledger_of(base), ledger_of(candidate)};
    const Evidence evidence[] = {gather_evidence(base, ledgers[0]).value(),
                                 gather_evidence(candidate, ledgers[1]).value()};
    const std::vector<AnalyzedRun> a(runs, {&base, &ledgers[0], &evidence[0]});
    const std::vector<AnalyzedRun> b(runs, {&candidate, &ledgers[1], &evidence[1]});
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

// Kernels of 3000 or 5000, and a host that synchronises behind them; but no calls were recorded. The GPU idles in each step, and nobody
// knows whether the host waited for it: shorter kernels bring all they are shorter by, or nothing.
TEST_F(ReplayRun, WithoutCallsAKernelBringsBetweenNothingAndAll) {
  const auto base = process("base", SmallJob{3000, 1100}.text(false));
  const auto candidate = process("candidate", SmallJob{5000, 1100}.text(false));
  const WhatIf both = what_if(base, candidate);
  ASSERT_EQ(both.reason, "");
  EXPECT_EQ(both.candidate_error, 0);
  ASSERT_EQ(both.notes.size(), 1U);
  EXPECT_THAT(both.notes[0], HasSubstr("CUDA calls were not recorded"));
  const TermWhatIf* gemm = both.find("compute/gemm");
  ASSERT_NE(gemm, nullptr);
  EXPECT_EQ(gemm->removed_ns, 2000000);
  EXPECT_EQ(gemm->removed_host_ns, 0);
  EXPECT_EQ(gemm->low_ns(), 0);
  EXPECT_EQ(gemm->high_ns(), 2000000);
}

// Back to back kernels over the end of the step: the GPU is what the host runs ahead of, and both readings say the same.
TEST_F(ReplayRun, WithoutCallsAGpuThatNeverRestsHasOneReading) {
  const auto busy = [&](const std::string& name, int64_t kernel) {
    std::string text = "lane 2 stream \"GPU 0 stream 7\"\n";
    for (int64_t k = 0; k <= 12; ++k) {
      text += fmt::format("step start_ns={}us index={} source=1\n", k * 2 * kernel, k);
      for (int64_t i = 0; i < 2 && k < 12; ++i) {
        text += fmt::format("kernel lane=2 start_ns={}us dur_ns={}us name=sm90_gemm correlation={}\n",
                            (2 * k + i) * kernel, kernel, 2 * k + i + 1);
      }
    }
    return process(name, text);
  };
  const WhatIf both = what_if(busy("base", 3000), busy("candidate", 5000));
  ASSERT_EQ(both.reason, "");
  const TermWhatIf* gemm = both.find("compute/gemm");
  ASSERT_NE(gemm, nullptr);
  EXPECT_EQ(gemm->removed_ns, 4000000);
  EXPECT_EQ(gemm->removed_host_ns, 4000000);
}

TEST_F(ReplayRun, AbstainsWhereOnlySomeRunsHaveCalls) {
  const auto base = process("base", SmallJob{3000, 1100}.text(false));
  const auto candidate = process("candidate", SmallJob{5000, 1100}.text());
  EXPECT_THAT(what_if(base, candidate).reason, HasSubstr("CUDA calls were recorded of some runs only"));
}

// More graphs than are kept: those of the further runs are made again.
TEST_F(ReplayRun, ManyRunsOfASideSayWhatOneSays) {
  const auto base = process("base", SmallJob{6000, 8000}.text());
  const auto candidate = process("candidate", SmallJob{8000, 8000}.text());
  const WhatIf one = what_if(base, candidate);
  const WhatIf many = what_if(base, candidate, 3);
  ASSERT_EQ(many.reason, "");
  ASSERT_EQ(many.terms.size(), one.terms.size());
  for (size_t i = 0; i < one.terms.size(); ++i) {
    EXPECT_EQ(many.terms[i].removed_ns, one.terms[i].removed_ns) << one.terms[i].term;
    EXPECT_EQ(many.terms[i].added_ns, one.terms[i].added_ns) << one.terms[i].term;
  }
}

// A stage of a pipeline sends to the next one. In an imported trace no id is the same on both, but the group's name is.
std::string stage(bool sends, int64_t compute, const std::string& op, int64_t flags) {
  std::string out = "lane 2 stream \"GPU 0 stream 7\"\nlane 3 communicator pipeline\n";
  for (int64_t k = 0; k <= kSteps; ++k) {
    const int64_t t = k * 8000;
    out += fmt::format("step start_ns={}us index={} source=1\n", t, k);
    if (k == kSteps) {
      break;
    }
    const int64_t came = 1010 + compute;
    out += fmt::format(
        "cuda_api start_ns={}us dur_ns=5us name=cudaLaunchKernel correlation={}\n"
        "cuda_api start_ns={}us dur_ns=5us name=cudaLaunchKernel correlation={}\n"
        "cuda_api start_ns={}us dur_ns={}us name=cudaDeviceSynchronize correlation={}\n"
        "kernel lane=2 start_ns={}us dur_ns={}us name=sm90_gemm correlation={}\n"
        "kernel lane=2 start_ns={}us dur_ns={}us name=ncclDevKernel_SendRecv correlation={}\n"
        "collective lane=3 start_ns={}us dur_ns={}us op={} comm={} seq={} ranks=2 rank=-1 peer={} source=5 "
        "kernel={} "
        "flags={}\n",
        t + 1000, 4 * k + 1, t + 1100, 4 * k + 2, t + 1200, 6010 - 1200, 4 * k + 3, t + 1010, compute,
        4 * k + 1, t + came, 6000 - came, 4 * k + 2, t + came, 6000 - came, op, sends ? 77 : 88, k,
        sends ? 1 : 0, 4 * k + 2, flags);
  }
  return out;
}

TEST_F(ReplayRun, ImportedSendsMeetTheirReceives) {
  const auto run = two_ranks("run", stage(true, 4000, "send", trace::kCollectivePointToPoint),
                             stage(false, 1000, "recv", trace::kCollectivePointToPoint));
  const ReplayedRun job = replay(run);
  ASSERT_EQ(job.reason(), "");
  EXPECT_EQ(job.meetings(), static_cast<size_t>(kSteps) - 1);
  EXPECT_EQ(job.unmatched(), 0U);
  EXPECT_DOUBLE_EQ(step_us(job, "compute/gemm", 0.5), 6000) << "the sender comes 2000 earlier";
}

// In a broadcast it is not known who waits for whom: no meeting, here as in the ranks' ledger.
TEST_F(ReplayRun, ABroadcastIsNoMeeting) {
  const auto run = two_ranks("run", stage(true, 4000, "Broadcast", 0), stage(false, 1000, "Broadcast", 0));
  const std::vector<uint32_t> both = {0, 1};
  const Meetings matched = match_collectives(run, both).value();
  ASSERT_EQ(matched.all.size(), static_cast<size_t>(kSteps)) << "they are one collective all the same";
  EXPECT_FALSE(members_wait(matched.all.front(), 5010000, 6000000));
  EXPECT_EQ(replay(run).meetings(), 0U);
}

TEST_F(ReplayRun, CountsOperationsWithoutCounterparts) {
  const auto run = two_ranks("run", stage(true, 4000, "send", trace::kCollectivePointToPoint),
                             stage(true, 4000, "send", trace::kCollectivePointToPoint));
  EXPECT_EQ(replay(run).meetings(), 0U);
  EXPECT_EQ(replay(run).unmatched(), 2U * kSteps);
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
  const ReplayedRun job =
      ReplayedRun::make(run, ledger_of(run), {10, Gaps::kFollowGpu}).value();  // three events a step
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
    const Status walked = walk_chains(run, ledger_of(run), {}, [&](const StepChain& chain) {
      EXPECT_EQ(chain.residual_ns(), 0) << trace << ", step " << chain.step.index;
      return Status();
    });
    EXPECT_TRUE(walked.ok()) << walked.message();
    usable += job.reason().empty() ? 1U : 0U;
  }
  EXPECT_EQ(usable, 8U);
}

}  // namespace
}  // namespace stepscope::analysis
