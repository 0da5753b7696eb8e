// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ledger.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using LedgerTest = RunTest;

TEST_F(LedgerTest, NamesComputeOfAFedJob) {
  const auto run = job("run", "steps=40 fetch.cpu=2ms");
  const Ledger ledger = ledger_of(run);
  EXPECT_EQ(ledger.residual_ns(), 0);
  EXPECT_NEAR(leaf_ms(ledger, leaf::kForward), 3.0, 0.1);
  EXPECT_NEAR(leaf_ms(ledger, leaf::kBackward), 5.0, 0.1);
  EXPECT_NEAR(leaf_ms(ledger, leaf::kOptimizer), 1.0, 0.05);
  EXPECT_NEAR(leaf_ms(ledger, leaf::kFetchCpu), 0.0, 0.1);
}

TEST_F(LedgerTest, HandsAWaitToWhatTheWorkerDid) {
  const auto run =
      job("run", "steps=60 fetch.cpu=20ms fetch.io=10ms fetch.blocked=6ms fetch.starved=4ms collate=5ms");
  const Ledger ledger = ledger_of(run);
  EXPECT_EQ(ledger.residual_ns(), 0);
  const double step = step_ms(ledger);
  EXPECT_NEAR(step, 22.6, 0.8);  // (20 + 10 + 6 + 4 + 5) / 2 workers
  EXPECT_GT(leaf_ms(ledger, leaf::kFetchCpu), 3.0);
  EXPECT_GT(leaf_ms(ledger, leaf::kFetchIo), 1.5);
  EXPECT_GT(leaf_ms(ledger, leaf::kFetchBlocked), 1.0);
  EXPECT_GT(leaf_ms(ledger, leaf::kFetchStarved), 0.5);
  EXPECT_GT(leaf_ms(ledger, leaf::kCollate), 2.0);
}

// A worker that waits for the interpreter's lock waits for a thread of the same throttled cgroup.
TEST_F(LedgerTest, WhoIsBlockedWhileThrottledIsStarved) {
  const std::string spec = "steps=60 fetch.cpu=20ms fetch.blocked=12ms fetch.starved=4ms ";
  const Ledger free = ledger_of(job("free", spec));
  const Ledger throttled = ledger_of(job("throttled", spec + "fetch.throttled=10ms"));
  EXPECT_EQ(throttled.residual_ns(), 0);
  const double moved = leaf_ms(free, leaf::kFetchBlocked) / 12 * 6;  // throttled beyond the wait for a CPU
  EXPECT_NEAR(leaf_ms(throttled, leaf::kFetchBlocked), leaf_ms(free, leaf::kFetchBlocked) - moved, 0.3);
  EXPECT_NEAR(leaf_ms(throttled, leaf::kFetchStarved), leaf_ms(free, leaf::kFetchStarved) + moved, 0.3);
}

// Reading is not waiting for somebody: it is slow with any quota.
TEST_F(LedgerTest, WhoReadsWhileThrottledReads) {
  const std::string spec = "steps=60 fetch.cpu=20ms fetch.io=12ms fetch.starved=4ms ";
  const Ledger free = ledger_of(job("free", spec));
  const Ledger throttled = ledger_of(job("throttled", spec + "fetch.throttled=10ms"));
  EXPECT_NEAR(leaf_ms(throttled, leaf::kFetchIo), leaf_ms(free, leaf::kFetchIo), 0.1);
}

TEST_F(LedgerTest, BlamesAWorkerThatNeverRestsRatherThanTheWayOfItsBatches) {
  const auto run = job("run", "steps=60 workers=1 fetch.cpu=20ms transfer=8ms");
  const Ledger ledger = ledger_of(run);
  EXPECT_EQ(ledger.residual_ns(), 0);
  EXPECT_LT(leaf_ms(ledger, leaf::kTransfer), 0.3);
  EXPECT_NEAR(leaf_ms(ledger, leaf::kFetchCpu), step_ms(ledger) - 9.1, 0.9);
}

// Ranks count their batches alike; a batch whose own worker left no record is not another rank's work.
TEST_F(LedgerTest, AWorkerOfAnotherRankMadeNothingForThisOne) {
  std::filesystem::create_directories(path("run"));
  for (const std::string rank : {"0", "1"}) {
    std::string text = "meta process.role main\nmeta process.rank " + rank + "\nmeta process.pid 10" + rank +
                       "\nlane 1 thread main tid=10" + rank + "\n";
    for (int step = 0; step < 6; ++step) {
      const std::string at = std::to_string(10 * step);
      text += "step start_ns=" + at + "ms index=" + std::to_string(step) + " source=1\n";
      text += "batch start_ns=" + at + "ms dur_ns=4ms loader=1 task=" + std::to_string(step) +
              " worker=0 workers=1 arrive_ns=" + at + "ms\n";
    }
    ::stepscope::testing::write_recording(path("run/main" + rank + ".stepscope"), text);
  }
  std::string worker =
      "meta process.role worker\nmeta process.rank 1\nmeta process.pid 111\nmeta process.ppid 101\n"
      "lane 1 thread worker tid=111\n";
  for (int task = 0; task < 6; ++task) {
    worker += "batch_fetch start_ns=" + std::to_string(10 * task) +
              "ms dur_ns=3ms loader=1 task=" + std::to_string(task) + " worker=0\n";
  }
  ::stepscope::testing::write_recording(path("run/worker.stepscope"), worker);
  const Ledger ledger = ledger_of(open("run"));
  EXPECT_EQ(ledger.processes[0].unjoined, 5U) << "rank 0 has none";
  EXPECT_EQ(ledger.processes[1].unjoined, 0U);
  EXPECT_EQ(ledger.residual_ns(), 0);
}

TEST_F(LedgerTest, CallsAWaitWithoutAWorkerRecordingOther) {
  const auto run = job("run", "steps=40 fetch.cpu=40ms record_workers=0");
  const Ledger ledger = ledger_of(run);
  EXPECT_EQ(ledger.residual_ns(), 0);
  EXPECT_NEAR(leaf_ms(ledger, leaf::kDataOther), step_ms(ledger) - 9.1, 0.5);
  ASSERT_EQ(ledger.processes.size(), 1U);
  EXPECT_EQ(ledger.processes[0].unjoined, ledger.processes[0].waits);
}

TEST_F(LedgerTest, SeesTheConsumerFetchInProcess) {
  const auto run = job("run", "steps=30 workers=0 fetch.cpu=7ms collate=2ms");
  const Ledger ledger = ledger_of(run);
  EXPECT_NEAR(leaf_ms(ledger, leaf::kFetchCpu), 7.0, 0.1);
  EXPECT_NEAR(leaf_ms(ledger, leaf::kCollate), 2.0, 0.1);
  EXPECT_NEAR(step_ms(ledger), 18.1, 0.3);
}

TEST_F(LedgerTest, PutsGarbageCollectionInsideItsSurroundings) {
  const auto run = job("run", "steps=41 gc.every=4 gc=8ms");
  EXPECT_NEAR(leaf_ms(ledger_of(run), leaf::kGc), 2.0, 0.4);
}

TEST_F(LedgerTest, NamesUserRangesInsideTheForward) {
  const auto run = job("run", "steps=30 ranges=1");
  const Ledger ledger = ledger_of(run);
  EXPECT_NEAR(leaf_ms(ledger, "host/loss"), 0.75, 0.05);
  EXPECT_NEAR(leaf_ms(ledger, leaf::kForward), 2.25, 0.1);
}

TEST_F(LedgerTest, AddsUpForGradientAccumulation) {
  const auto run = job("run", "steps=30 accumulation=4 fetch.cpu=1ms");
  const Ledger ledger = ledger_of(run);
  EXPECT_EQ(ledger.residual_ns(), 0);
  EXPECT_NEAR(leaf_ms(ledger, leaf::kForward), 12.0, 0.3);
  EXPECT_EQ(ledger.processes[0].steps.steps.back().micro_steps, 4U);
}

TEST_F(LedgerTest, NamesTheForwardOfAJobWithoutALoader) {
  const auto run = process("run", R"(
    step start_ns=0ms index=0 source=3
    phase start_ns=3ms dur_ns=4ms op=3
    phase start_ns=8ms dur_ns=2ms op=4
    step start_ns=10ms index=1 source=3
    phase start_ns=13ms dur_ns=4ms op=3
    phase start_ns=18ms dur_ns=2ms op=4
    step start_ns=20ms index=2 source=3
  )");
  const Ledger ledger = ledger_of(run);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kForward), 3.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kBackward), 4.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kOptimizer), 2.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kHostOther), 1.0);
}

// An iterator that no hook knows: its time must not be taken for the model's.
TEST_F(LedgerTest, LetsTheForwardBeginWhereTheModelWasCalled) {
  const auto run = process("run", R"(
    step start_ns=0ms index=0 source=3
    phase start_ns=1ms dur_ns=1ms op=12 name=Net
    phase start_ns=3ms dur_ns=4ms op=3
    phase start_ns=8ms dur_ns=2ms op=4
    step start_ns=10ms index=1 source=3
    phase start_ns=26ms dur_ns=1ms op=12 name=Net
    phase start_ns=28ms dur_ns=4ms op=3
    phase start_ns=33ms dur_ns=2ms op=4
    step start_ns=35ms index=2 source=3
  )");
  const Ledger ledger = ledger_of(run);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kForward),
                   2.0);  // the loss, between model and backward, is part of it
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kBackward), 4.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kHostOther), 17.0);
}

TEST_F(LedgerTest, LetsARangeAroundTheIterationNameOnlyWhatNothingElseNames) {
  const auto run = process("run", R"(
    step start_ns=0ms index=0 source=1
    range start_ns=1ms dur_ns=8ms name=train_one_batch source=2
    phase start_ns=4ms dur_ns=2ms op=3
    range start_ns=7ms dur_ns=1ms name=clip source=2
    step start_ns=10ms index=1 source=1
    range start_ns=11ms dur_ns=8ms name=train_one_batch source=2
    phase start_ns=14ms dur_ns=2ms op=3
    range start_ns=17ms dur_ns=1ms name=clip source=2
    step start_ns=20ms index=2 source=1
  )");
  const Ledger ledger = ledger_of(run);
  // Second step: nothing ended before 10 ms but the first backward at 6 ms, so the forward reaches back to the boundary.
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kForward), 4.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "host/train_one_batch"), 2.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "host/clip"), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kHostOther), 1.0);
}

TEST_F(LedgerTest, FoldsRangeNamesThatCountUp) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += "step start_ns=" + std::to_string(i) + "ms index=" + std::to_string(i) + " source=1\n";
    text += "range start_ns=" + std::to_string(i) + ".2ms dur_ns=500us name=\"sample no " +
            std::to_string(i) + "\"\n";
  }
  const Ledger ledger = ledger_of(process("run", text));
  EXPECT_LT(ledger.leaves.size(), 80U);
  EXPECT_LT(ledger.leaf_index("host/(other ranges)"), ledger.leaves.size());
  EXPECT_EQ(ledger.residual_ns(), 0);
}

TEST_F(LedgerTest, IsTheSameFromItsCache) {
  const auto run = job("run", "steps=50 fetch.cpu=20ms checkpoint.every=9 checkpoint=30ms accumulation=2");
  const Ledger cold = ledger_of(run, Cache::kReadWrite);
  const Ledger warm = ledger_of(open("run"), Cache::kReadWrite);
  ASSERT_EQ(warm.processes.size(), 1U);
  EXPECT_FALSE(cold.processes[0].from_cache);
  EXPECT_TRUE(warm.processes[0].from_cache);
  EXPECT_EQ(cold.leaves, warm.leaves);
  EXPECT_EQ(cold.processes[0].ns, warm.processes[0].ns);
  const ProcessSteps& a = cold.processes[0].steps;
  const ProcessSteps& b = warm.processes[0].steps;
  EXPECT_EQ(a.detail, b.detail);
  EXPECT_EQ(a.method, b.method);
  EXPECT_EQ(a.confidence, b.confidence);
  EXPECT_EQ(a.lane, b.lane);
  ASSERT_EQ(a.steps.size(), b.steps.size());
  for (size_t i = 0; i < a.steps.size(); ++i) {
    EXPECT_EQ(a.steps[i].number, b.steps[i].number);
    EXPECT_EQ(a.steps[i].micro_steps, b.steps[i].micro_steps);
    EXPECT_EQ(a.steps[i].step_class, b.steps[i].step_class);
    EXPECT_EQ(a.steps[i].begin_ns, b.steps[i].begin_ns);
  }
}

TEST_F(LedgerTest, ForgetsItsCacheWhenAWorkerRecordingAppears) {
  (void)ledger_of(job("run", "steps=40 fetch.cpu=40ms record_workers=0"), Cache::kReadWrite);
  ::stepscope::testing::write_job(path("full"), "steps=40 fetch.cpu=40ms");
  for (const auto& entry : std::filesystem::directory_iterator(path("full"))) {
    if (entry.path().filename().string().starts_with("worker")) {
      std::filesystem::copy(entry.path(), path("run"));
    }
  }
  const Ledger ledger = ledger_of(open("run"), Cache::kReadWrite);
  EXPECT_FALSE(ledger.processes[0].from_cache);
  EXPECT_GT(leaf_ms(ledger, leaf::kFetchCpu), 5.0);
}

// Anything at all, in any disorder: boundaries, phases, ranges, pauses, waits that join or do not.
std::string random_timeline(uint32_t seed) {
  std::mt19937 random(seed);
  const auto number = [&random](uint32_t below) { return static_cast<int64_t>(random() % below); };
  std::string text;
  const auto line = [&text](const std::string& kind,
                            std::initializer_list<std::pair<const char*, int64_t>> values,
                            const std::string& more = {}) {
    text += kind;
    for (const auto& [key, value] : values) {
      text += std::string(" ") + key + "=" + std::to_string(value);
    }
    text += more + "\n";
  };
  const int64_t events = 5 + number(600);
  for (int64_t i = 0; i < events; ++i) {
    const int64_t at = number(10000);
    const int64_t dur = number(2500);
    switch (random() % 6) {
      case 0:
        line("step", {{"start_ns", at},
                      {"index", i},
                      {"source", number(9) == 0 ? 4 : 1 + seed % 3},
                      {"micro_steps", number(3)}});
        break;
      case 1:
        line("phase", {{"start_ns", at}, {"dur_ns", dur}, {"op", number(14)}, {"flags", number(2)}},
             " name=p");
        break;
      case 2:
        line("range", {{"start_ns", at}, {"dur_ns", dur}, {"source", 1 + number(2)}, {"flags", number(4)}},
             " name=r" + std::to_string(number(4)));
        break;
      case 3:
        line("gc", {{"start_ns", at}, {"dur_ns", dur / 4}, {"generation", number(3)}});
        break;
      case 4:
        line("batch", {{"start_ns", at},
                       {"dur_ns", dur},
                       {"loader", 1},
                       {"task", number(8)},
                       {"worker", number(3) - 1},
                       {"workers", 2},
                       {"dispatch_ns", number(10000)},
                       {"arrive_ns", number(12000)},
                       {"pin_ns", number(200)},
                       {"fetch_ns", number(300)},
                       {"collate_ns", number(400)},
                       {"flags", number(4)}});
        break;
      default:
        line("batch_fetch", {{"start_ns", at},
                             {"dur_ns", dur},
                             {"loader", 1},
                             {"task", number(8)},
                             {"worker", number(3) - 1},
                             {"collate_ns", number(3000)},
                             {"received_ns", number(10000)},
                             {"put_ns", number(12000)},
                             {"cpu_ns", number(3000)},
                             {"runq_ns", number(3000)},
                             {"read_bytes", 4095 + number(2)}});
        break;
    }
  }
  return text;
}

TEST_F(LedgerTest, AddsUpToTheNanosecondOnThousandsOfRandomSteps) {
  size_t steps = 0;
  for (uint32_t seed = 0; seed < 80; ++seed) {
    const std::string worker = random_timeline(seed + 50000);
    std::filesystem::create_directories(path("run"));
    ::stepscope::testing::write_recording(
        path("run/worker.stepscope"),
        "meta process.role worker\nmeta process.pid 101\nmeta process.ppid 100\n"
        "lane 1 thread main tid=101\n" +
            worker);
    const auto run = process("run", random_timeline(seed));
    const Ledger ledger = ledger_of(run);
    ASSERT_EQ(ledger.residual_ns(), 0) << "seed " << seed;
    for (const ProcessLedger& process : ledger.processes) {
      for (const int64_t ns : process.ns) {
        ASSERT_GE(ns, 0) << "seed " << seed;
      }
      steps += process.steps.steps.size();
    }
  }
  EXPECT_GT(steps, 2000U);
}

}  // namespace
}  // namespace stepscope::analysis
