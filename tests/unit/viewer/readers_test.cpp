// SPDX-License-Identifier: Apache-2.0
//
// What the drawer's views read from a run, of jobs whose numbers are known.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/job_simulator.hpp"
#include "tests/support/rank_job.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/recording_builder.hpp"
#include "viewer/batch_reader.hpp"
#include "viewer/counter_reader.hpp"
#include "viewer/query_runner.hpp"
#include "viewer/rank_reader.hpp"
#include "viewer/run_loader.hpp"
#include "viewer/stack_reader.hpp"

namespace stepscope::viewer {
namespace {

const std::atomic<bool> kReadOn{false};

class ReadersTest : public ::testing::Test {
 protected:
  void open(const std::string& spec) {
    stepscope::testing::write_job(dir.file("run"), spec);
    open_run();
  }
  void open_run() {
    auto opened = analysis::Run::open(dir.file("run"), {});
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    run = std::make_shared<analysis::Run>(std::move(opened).value());
    auto loaded = load_events(run, {});
    ASSERT_TRUE(loaded.ok());
    model = std::move(loaded).value();
  }
  [[nodiscard]] RankMatrix ranks() const {
    const auto ledger = analysis::build_ledger(*run, {});
    const auto of_ranks = analysis::build_rank_ledger(*run, ledger.value());
    return rank_matrix(*run, model, ledger.value(), of_ranks.value());
  }
  stepscope::testing::TempDir dir;
  std::shared_ptr<const analysis::Run> run;
  RunModel model;
};

TEST_F(ReadersTest, BatchesOfASlowDiskAreJoinedWithTheirWorkers) {
  open("steps=40 workers=2 fetch.cpu=2ms fetch.io=30ms");
  const auto waiting = consumers(*run);
  ASSERT_EQ(waiting.size(), 1U);
  const BatchLanes lanes = read_batches(*run, model, waiting[0]);
  EXPECT_EQ(lanes.error, "");
  EXPECT_GE(lanes.batches.size(), 40U);
  ASSERT_EQ(lanes.workers.size(), 2U);
  EXPECT_EQ(lanes.workers[1].title, "worker 1");
  int64_t io = 0;
  for (const BatchBar& batch : lanes.batches) {
    ASSERT_NE(batch.worker, kNoWorker);
    EXPECT_LE(batch.begin_ns, batch.collate_ns);
    EXPECT_LE(batch.collate_ns, batch.end_ns);
    EXPECT_LE(batch.end_ns, batch.put_ns);
    io += batch.io_ns;
  }
  EXPECT_NEAR(static_cast<double>(io) / static_cast<double>(lanes.batches.size()), 30e6, 3e6);
  EXPECT_GT(lanes.waited_ns, 0);
}

TEST_F(ReadersTest, OneSlowWorkerHoldsUpTheOthersBatches) {
  open("steps=60 workers=3 fetch.cpu=2ms slow_worker=1 slow_worker.extra=60ms");
  const BatchLanes lanes = read_batches(*run, model, consumers(*run).at(0));
  size_t slow = 0;
  size_t others = 0;  // while the workers start
  for (const BatchBar& batch : lanes.batches) {
    if (batch.ready_behind > 0) {
      (lanes.workers[batch.worker].title == "worker 1" ? slow : others) += 1;
    }
  }
  EXPECT_EQ(slow + others, lanes.held_up);
  EXPECT_GT(slow, 10U);
  EXPECT_LT(others, 4U);
}

TEST_F(ReadersTest, ThrottlingIsALineInPercent) {
  open("steps=60 workers=2 fetch.cpu=12ms throttled_permille=380 quota_permille=2000");
  const CounterLines read = read_counters(*run, model, kReadOn);
  EXPECT_EQ(read.error, "");
  const auto throttled = std::find_if(read.lines.begin(), read.lines.end(), [](const CounterLine& line) {
    return line.name == "cgroup.cpu.throttled_ns";
  });
  ASSERT_NE(throttled, read.lines.end());
  EXPECT_EQ(throttled->meaning.unit, "%");
  EXPECT_NEAR(throttled->series.max(), 38, 1);
  EXPECT_EQ(throttled->key.find(std::to_string(run->processes()[0].pid)), std::string::npos)
      << "a key with a process id pairs with no other run";
}

TEST_F(ReadersTest, ARankThatComesLateIsHeldToAccountStepByStep) {
  using stepscope::testing::kMillisecond;
  stepscope::testing::RankJob job;
  job.ranks = 4;
  job.gemm = [](int64_t rank, int64_t step) { return (rank == 2 && step == 11 ? 17 : 10) * kMillisecond; };
  stepscope::testing::write_rank_job(dir.file("run"), job);
  open_run();
  const RankMatrix matrix = ranks();
  ASSERT_EQ(matrix.ranks.size(), 4U);
  ASSERT_TRUE(matrix.waits_known) << matrix.remark;
  // One step, whatever its number: a step ends with its optimizer.
  size_t late_steps = 0;
  for (size_t column = 0; column < matrix.steps.size(); ++column) {
    const float waited = matrix.value(RankMetric::kWaited, 0, column);
    if (std::isnan(waited) || waited < 1e6F) {
      continue;
    }
    ++late_steps;
    EXPECT_NEAR(static_cast<double>(waited), 7e6, 1e5);
    EXPECT_LT(matrix.value(RankMetric::kWaited, 2, column), 1e5F);
    EXPECT_NEAR(static_cast<double>(matrix.value(RankMetric::kStep, 1, column)), 20e6, 2e5);
    EXPECT_GT(matrix.value(RankMetric::kHeld, 2, column), matrix.value(RankMetric::kHeld, 0, column));
  }
  EXPECT_EQ(late_steps, 1U);
  EXPECT_EQ(order_ranks(matrix, RankOrder::kLate).size(), 4U);
  ASSERT_FALSE(matrix.skew.empty());
  EXPECT_EQ(matrix.skew[0].members, 4U);
  EXPECT_NEAR(matrix.skew[0].transfer_ns, 2e6, 1e5);
  EXPECT_LT(matrix.ranks[3].lane, model.lanes.size());
}

TEST_F(ReadersTest, AMissingRankLeavesStepTimesAndAReason) {
  stepscope::testing::RankJob job;
  job.ranks = 4;
  job.unrecorded = 1;
  stepscope::testing::write_rank_job(dir.file("run"), job);
  open_run();
  const RankMatrix matrix = ranks();
  EXPECT_EQ(matrix.ranks.size(), 3U);
  EXPECT_FALSE(matrix.waits_known);
  EXPECT_NE(matrix.remark, "");
  EXPECT_FALSE(std::isnan(matrix.value(RankMetric::kStep, 0, 0)));
}

TEST_F(ReadersTest, AQueryGivesATableOrASentence) {
  open("steps=30 workers=2");
  const QueryResult steps =
      run_query(*run, "SELECT class, count(*) AS n, 0.5 FROM step GROUP BY class", kReadOn);
  EXPECT_EQ(steps.error, "");
  ASSERT_EQ(steps.table.columns.size(), 3U);
  EXPECT_EQ(steps.table.columns[1], "n");
  EXPECT_FALSE(steps.table.numeric[0]);
  EXPECT_TRUE(steps.table.numeric[2]);
  ASSERT_FALSE(steps.table.rows.empty());
  EXPECT_EQ(steps.table.rows[0][2], "0.5");
  EXPECT_NE(run_query(*run, "DELETE FROM step", kReadOn).error, "") << "nothing can be changed";
  EXPECT_NE(run_query(*run, "SELECT nothing FROM nowhere", kReadOn).error, "");
}

TEST_F(ReadersTest, AQueryEndsWhenItIsCancelled) {
  open("steps=30 workers=2");
  const std::atomic<bool> cancelled{true};
  // It would count to 10^12 before its first row.
  const std::string endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) SELECT sum(i) "
      "FROM n";
  EXPECT_EQ(run_query(*run, endless, cancelled).error, "cancelled");
}

// A sample stands for the time since the one before it.
TEST_F(ReadersTest, SampledStacksOfAStretchOfTimeGrowATree) {
  std::filesystem::create_directories(dir.file("run"));
  auto created = trace::RecordingBuilder::create(dir.file("run") + "/main.stepscope");
  ASSERT_TRUE(created.ok());
  trace::RecordingBuilder& builder = created.value();
  builder.set_meta("process.role", "main");
  trace::LaneDecl lane;
  lane.id = 1;
  lane.type = "thread";
  builder.add_lane(lane);
  const int64_t step = builder.intern("train.py:main;train.py:step");
  const int64_t clone = builder.intern("train.py:main;train.py:step;copy.py:clone");
  for (int64_t i = 0; i < 100; ++i) {
    const int64_t values[] = {1'000'000'000 + i * 10'000'000, 10'000'000, i % 4 == 0 ? clone : step};
    ASSERT_TRUE(builder.add(trace::Kind::kPythonSample, 1, values).ok());
  }
  ASSERT_TRUE(builder.finish().ok());
  open_run();
  EXPECT_TRUE(has_stacks(*run));
  // A sample is drawn over the time that it stands for, and found where it is recorded.
  const LaneModel& drawn = model.lanes.at(0);
  ASSERT_EQ(drawn.events, 100U);
  EXPECT_EQ(drawn.rows.at(0).start(0), 990'000'000);
  EXPECT_EQ(drawn.rows.at(0).end(0), 1'000'000'000);
  const Details details =
      model.details(drawn.source_lane, trace::Kind::kPythonSample, 990'000'000, 10'000'000);
  EXPECT_TRUE(std::any_of(details.begin(), details.end(), [](const auto& one) {
    return one.second == "train.py:main;train.py:step;copy.py:clone";
  }));
  const auto total_of = [&](int64_t begin, int64_t end, const std::string& frame) {
    CallTree tree;
    EXPECT_EQ(add_stacks(tree, *run, Side::kB, begin, end, kReadOn), "");
    tree.finish();
    int64_t total = 0;
    for (uint32_t node = 1; node < tree.nodes().size(); ++node) {
      total += tree.text(node) == frame ? tree.node(node).total_ns[1] : 0;
    }
    return total;
  };
  EXPECT_EQ(total_of(0, 10'000'000'000, "train.py:main"), 1'000'000'000);
  EXPECT_EQ(total_of(0, 10'000'000'000, "copy.py:clone"), 250'000'000);
  EXPECT_EQ(total_of(1'000'000'000, 1'200'000'000, "copy.py:clone"), 50'000'000);
}

TEST_F(ReadersTest, WithoutSamplesThereAreNoStacks) {
  open("steps=30 workers=0");
  EXPECT_FALSE(has_stacks(*run));
  CallTree tree;
  EXPECT_EQ(add_stacks(tree, *run, Side::kA, model.begin_ns, model.end_ns, kReadOn), "");
  EXPECT_EQ(tree.nodes().size(), 1U);
}

}  // namespace
}  // namespace stepscope::viewer
