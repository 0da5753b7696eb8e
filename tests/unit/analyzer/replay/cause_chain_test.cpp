// SPDX-License-Identifier: Apache-2.0
//
// Small recordings whose chains can be said by hand. Times are us from the begin of a step.
#include "analyzer/replay/cause_chain.hpp"

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/replay/chain_causes.hpp"
#include "analyzer/replay/replay_run.hpp"
#include "tests/unit/analyzer/replay/small_job.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CauseChain : public SmallJobTest {
 protected:
  // The chain of the step at this position of a rank, a line a segment.
  static std::vector<std::string> chain_of(const analysis::Run& run, int64_t index, int32_t rank = 0) {
    std::vector<std::string> out;
    const Status status = walk_chains(run, ledger_of(run), {}, [&](const StepChain& chain) {
      EXPECT_EQ(chain.residual_ns(), 0) << "step " << chain.step.index;
      if (chain.step.index == index && run.processes()[chain.process].rank == rank) {
        for (const ChainSegment& segment : chain.segments) {
          const bool own = segment.process == chain.process;
          out.push_back(fmt::format(
              "{}-{} {}: {}{}", (segment.begin_ns - chain.step.begin_ns) / 1000,
              (segment.end_ns - chain.step.begin_ns) / 1000, link_name(segment.link), segment.what,
              own ? "" : fmt::format(" of rank {}", run.processes()[segment.process].rank)));
        }
      }
      return Status();
    });
    EXPECT_TRUE(status.ok()) << status.message();
    return out;
  }
};

TEST_F(CauseChain, GoesFromTheHostToTheGpuItWaitedFor) {
  const auto run = process("run", SmallJob{9000, 8000}.text());
  EXPECT_THAT(chain_of(run, 3),
              ElementsAre("0-1000 thread order: host.other", "1000-1010 launch: cudaLaunchKernel",
                          "1010-10010 run: compute/gemm", "10010-10020 sync: cudaDeviceSynchronize",
                          "10020-12020 thread order: host.other"));
}

// The kernel is done at 7010, the call at 8000 has nothing to wait for: the GPU is not on the chain.
TEST_F(CauseChain, StaysOnTheHostThatWaitsForNothing) {
  const auto run = process("run", SmallJob{6000, 8000}.text());
  EXPECT_THAT(
      chain_of(run, 3),
      ElementsAre("0-1000 thread order: host.other", "1000-1005 thread order: cudaLaunchKernel",
                  "1005-8000 thread order: host.other", "8000-8010 thread order: cudaDeviceSynchronize",
                  "8010-10010 thread order: host.other"));
}

// Nobody says what launched the kernel, nor that the host waited for it.
TEST_F(CauseChain, SaysWhatWasNotRecorded) {
  const auto run = process("run", SmallJob{9000, 8000}.text(false));
  EXPECT_THAT(chain_of(run, 3), ElementsAre("0-1010 not recorded: host.other", "1010-10010 run: compute/gemm",
                                            "10010-12020 not recorded: host.other"));
}

// Rank 0 is at its all-reduce at 4010, rank 1 at 6010.
TEST_F(CauseChain, GoesOnWithTheRankThatCameLast) {
  const auto run = two_ranks("run", SmallJob{3000, 1200, 5000}.text(), SmallJob{5000, 1200, 5000}.text());
  EXPECT_THAT(
      chain_of(run, 3, 0),
      ElementsAre("0-1000 thread order: host.other of rank 1", "1000-1010 launch: cudaLaunchKernel of rank 1",
                  "1010-6010 run: compute/gemm of rank 1", "6010-7010 run: comm.exposed/all_reduce",
                  "7010-7020 sync: cudaDeviceSynchronize", "7020-9020 thread order: host.other"));
  EXPECT_THAT(chain_of(run, 3, 1),
              ElementsAre("0-1000 thread order: host.other", "1000-1010 launch: cudaLaunchKernel",
                          "1010-6010 run: compute/gemm", "6010-7010 run: comm.exposed/all_reduce",
                          "7010-7020 sync: cudaDeviceSynchronize", "7020-9020 thread order: host.other"));
}

TEST_F(CauseChain, GoesThroughTheWorkerThatMadeTheBatch) {
  const auto run = job(
      "run", "steps=40 workers=1 jitter_permille=0 forward=1ms backward=2ms optimizer=1ms fetch.cpu=20ms");
  std::map<Link, int64_t> sums;
  int64_t total = 0;
  ASSERT_TRUE(walk_chains(run, ledger_of(run), {}, [&](const StepChain& chain) {
                EXPECT_EQ(chain.residual_ns(), 0);
                for (const ChainSegment& segment : chain.segments) {
                  sums[segment.link] += segment.end_ns - segment.begin_ns;
                  total += segment.end_ns - segment.begin_ns;
                  if (segment.link == Link::kWorker && segment.what == "data.fetch.cpu") {
                    EXPECT_EQ(segment.actor, "worker 0");
                  }
                }
                return Status();
              }).ok());
  EXPECT_NEAR(static_cast<double>(sums[Link::kWorker]) / static_cast<double>(total), 16.0 / 20, 0.02)
      << "of 20 ms a step the thread works for 4";
}

// The same time twice: under the leaves of the ledger, and by the links of the chain.
TEST_F(CauseChain, HandsOutEachLeafsTimeExactly) {
  const auto run = two_ranks("run", SmallJob{3000, 1200, 5000}.text(), SmallJob{5000, 1200, 5000}.text());
  const Ledger ledger = ledger_of(run);
  const Result<ChainCauses> causes = sum_chains(run, ledger);
  ASSERT_TRUE(causes.ok());
  EXPECT_EQ(causes.value().steps, 2U * (kSmallJobSteps - 1)) << "all train steps of both ranks";
  std::map<std::string, int64_t> by_leaf;
  for (const ChainCause& cause : causes.value().causes) {
    by_leaf[cause.leaf] += cause.ns;
  }
  for (size_t leaf_at = 0; leaf_at < ledger.leaves.size(); ++leaf_at) {
    int64_t expected = 0;
    for (const ProcessLedger& process : ledger.processes) {
      for (size_t s = 0; s < process.steps.steps.size(); ++s) {
        expected +=
            process.steps.steps[s].step_class == StepClass::kTrain ? ledger.row(process, s)[leaf_at] : 0;
      }
    }
    EXPECT_EQ(by_leaf[ledger.leaves[leaf_at]], expected) << ledger.leaves[leaf_at];
  }
  const ChainCause& most = causes.value().of("comm.exposed/all_reduce").front();
  EXPECT_EQ(most.link, Link::kRun) << "the transfer: 1000 a step on each rank";
  const ChainCause& late = causes.value().of("comm.exposed/all_reduce").back();
  EXPECT_EQ(late.link, Link::kPeer) << "rank 0 waits 2000 a step";
  EXPECT_EQ(late.what, "compute/gemm");
  EXPECT_EQ(late.peer, 1);
}

TEST_F(CauseChain, ATermsLinksAddUpToTheTerm) {
  ChainCauses base{
      1, {{"idle.launch", Link::kThread, "optimizer", -1, 3}, {"idle.launch", Link::kLaunch, "x", -1, 1}}};
  ChainCauses candidate{1, {{"idle.launch", Link::kThread, "host/log", -1, 7}}};
  const std::vector<TermChainLink> links = chain_of_term("idle.launch", 1001, 2003, base, candidate);
  int64_t base_ns = 0;
  int64_t candidate_ns = 0;
  for (const TermChainLink& link : links) {
    base_ns += link.base_ns;
    candidate_ns += link.candidate_ns;
  }
  EXPECT_EQ(base_ns, 1001);
  EXPECT_EQ(candidate_ns, 2003);
  EXPECT_EQ(links.front().what, "host/log");
  EXPECT_EQ(chain_of_term("idle.sync", 0, 5, base, candidate).front().link, Link::kUnrecorded);
  EXPECT_TRUE(chain_of_term("idle.sync", 0, 0, base, candidate).empty());
}

// A copy stream is done at 3010; the compute stream was told to wait for it and starts 50 later: too late for timing to show it.
std::string job_with_wait(bool recorded) {
  std::string out = "lane 2 stream \"GPU 0 stream 7\"\nlane 3 stream \"GPU 0 stream 13\"\nlane 4 sync c\n";
  for (int64_t k = 0; k <= kSmallJobSteps; ++k) {
    const int64_t t = k * 10000;
    out += fmt::format("step start_ns={}us index={} source=1\n", t, k);
    if (k == kSmallJobSteps) {
      break;
    }
    const int64_t id = 10 * k;
    out += fmt::format(
        "cuda_api start_ns={}us dur_ns=5us name=cudaMemcpyAsync correlation={}\n"
        "cuda_api start_ns={}us dur_ns=5us name=cudaLaunchKernel correlation={}\n"
        "cuda_api start_ns={}us dur_ns={}us name=cudaDeviceSynchronize correlation={}\n"
        "memcpy lane=3 start_ns={}us dur_ns=2000us copy_kind=1 stream=13 context=1 correlation={}\n"
        "kernel lane=2 start_ns={}us dur_ns=4000us name=sm90_gemm stream=7 context=1 correlation={}\n",
        t + 1000, id + 1, t + 1100, id + 4, t + 2000, 5070, id + 5, t + 1010, id + 1, t + 3060, id + 4);
    if (recorded) {
      out += fmt::format(
          "cuda_event lane=3 start_ns={}us event=5 stream=13 context=1 correlation={}\n"
          "sync lane=4 start_ns={}us dur_ns=1us sync_type=2 stream=7 context=1 event=5 correlation={}\n",
          t + 3011, id + 2, t + 1050, id + 3);
    }
  }
  return out;
}

TEST_F(CauseChain, TakesWaitsBetweenStreamsFromTheRecording) {
  const auto run = process("run", job_with_wait(true));
  EXPECT_THAT(chain_of(run, 3),
              ElementsAre("0-1000 thread order: host.other", "1000-1010 launch: cudaMemcpyAsync",
                          "1010-3010 run: copy.exposed/h2d", "3010-3060 event wait: between kernels",
                          "3060-7060 run: compute/gemm", "7060-7070 sync: cudaDeviceSynchronize",
                          "7070-10000 thread order: host.other"));
}

TEST_F(CauseChain, WithoutTheRecordOfAWaitItDoesNotGuessOne) {
  const auto run = process("run", job_with_wait(false));
  EXPECT_THAT(chain_of(run, 3),
              ElementsAre("0-1000 thread order: host.other", "1000-1005 thread order: cudaMemcpyAsync",
                          "1005-1100 thread order: host.other", "1100-3060 launch: cudaLaunchKernel",
                          "3060-7060 run: compute/gemm", "7060-7070 sync: cudaDeviceSynchronize",
                          "7070-10000 thread order: host.other"));
}

// With the wait, a copy that takes no time saves what it took; the kernel cannot start before its own launch.
TEST_F(CauseChain, AReplayKnowsARecordedWait) {
  const auto with = process("with", job_with_wait(true));
  const auto without = process("without", job_with_wait(false));
  const ReplayedRun waits = ReplayedRun::make(with, ledger_of(with)).value();
  const ReplayedRun guesses = ReplayedRun::make(without, ledger_of(without)).value();
  ASSERT_EQ(waits.error(), 0);
  ASSERT_EQ(guesses.error(), 0);
  EXPECT_DOUBLE_EQ(step_us(waits, "copy.exposed/h2d", 0.25), 8500);
  EXPECT_DOUBLE_EQ(step_us(guesses, "copy.exposed/h2d", 0.25), 10000) << "the copy is not seen to matter";
}

}  // namespace
}  // namespace stepscope::analysis
