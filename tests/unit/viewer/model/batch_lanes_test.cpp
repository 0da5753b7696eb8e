// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/batch_lanes.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

BatchBar bar(int64_t task, uint32_t worker, int64_t begin, int64_t end, int64_t wait_begin,
             int64_t wait_end) {
  BatchBar batch;
  batch.task = task;
  batch.worker = worker;
  batch.begin_ns = begin;
  batch.collate_ns = end;
  batch.end_ns = end;
  batch.put_ns = end;
  batch.wait_begin_ns = wait_begin;
  batch.wait_end_ns = wait_end;
  return batch;
}

TEST(BatchLanes, ASlowBatchHoldsUpThoseThatAreReadyBehindIt) {
  BatchLanes lanes;
  lanes.workers.resize(2);
  lanes.batches = {bar(0, 0, 0, 90, 20, 91), bar(1, 1, 0, 30, 100, 100), bar(2, 1, 30, 60, 110, 110),
                   bar(3, 0, 95, 130, 120, 131)};
  lanes.derive();
  EXPECT_EQ(lanes.batches[0].ready_behind, 2U);
  EXPECT_EQ(lanes.batches[3].ready_behind, 0U) << "nothing was ready behind the last one";
  EXPECT_EQ(lanes.held_up, 1U);
  EXPECT_EQ(lanes.waited_ns, 71 + 0 + 0 + 11);
  EXPECT_EQ(lanes.workers[0].batches, (std::vector<uint32_t>{0, 3}));
  EXPECT_EQ(lanes.workers[1].busy_ns, 60);
  EXPECT_EQ(lanes.most_ready, 3U);
}

TEST(BatchLanes, AWaitForABatchThatWasReadyIsNotHeldUp) {
  BatchLanes lanes;
  lanes.workers.resize(1);
  // The batch was put before the wait began: what takes time is its hand-over.
  lanes.batches = {bar(0, 0, 0, 50, 60, 70), bar(1, 0, 50, 55, 80, 81)};
  lanes.batches[1].put_ns = 40;
  lanes.derive();
  EXPECT_EQ(lanes.held_up, 0U);
}

// Several loaders and epochs at once, workers that run ahead and behind, against looking at all pairs of batches.
TEST(BatchLanes, WhatIsHeldUpAgreesWithLookingAtAllPairs) {
  std::mt19937_64 random(12);
  for (int trial = 0; trial < 20; ++trial) {
    BatchLanes lanes;
    lanes.workers.resize(1 + random() % 4);
    for (int64_t loader = 0; loader < 2; ++loader) {
      for (int64_t epoch = 0; epoch < 2; ++epoch) {
        int64_t taken = 1000 * epoch + static_cast<int64_t>(random() % 50);
        for (int64_t task = 0; task < 30; ++task) {
          const int64_t end = taken - 60 + static_cast<int64_t>(random() % 120);
          const int64_t wait_end = std::max(end, taken) + static_cast<int64_t>(random() % 3);
          lanes.batches.push_back(bar(task, static_cast<uint32_t>(random() % lanes.workers.size()),
                                      end - static_cast<int64_t>(random() % 40), end, taken, wait_end));
          lanes.batches.back().loader = loader;
          lanes.batches.back().epoch = epoch;
          if (random() % 10 == 0) {
            lanes.batches.back().worker = kNoWorker;
          }
          taken = wait_end + static_cast<int64_t>(random() % 20);
        }
      }
    }
    std::shuffle(lanes.batches.begin(), lanes.batches.end(), random);
    lanes.derive();
    uint64_t held_up = 0;
    int64_t waited = 0;
    std::vector<int64_t> busy(lanes.workers.size(), 0);
    std::vector<size_t> made(lanes.workers.size(), 0);
    for (const BatchBar& batch : lanes.batches) {
      waited += batch.wait_ns();
      if (batch.worker == kNoWorker) {
        EXPECT_EQ(batch.ready_behind, 0U);
        continue;
      }
      busy[batch.worker] += batch.end_ns - batch.begin_ns;
      ++made[batch.worker];
      uint32_t behind = 0;
      for (const BatchBar& later : lanes.batches) {
        // It waits for this batch to be made, and meanwhile a later one of the same epoch is there.
        const bool waits = batch.put_ns > batch.wait_begin_ns && batch.wait_ns() > 0;
        behind += later.worker != kNoWorker && later.loader == batch.loader && later.epoch == batch.epoch &&
                          later.task > batch.task && waits &&
                          later.put_ns < std::min(batch.put_ns, batch.wait_end_ns)
                      ? 1U
                      : 0U;
      }
      EXPECT_EQ(batch.ready_behind, behind);
      held_up += behind > 0 ? 1 : 0;
    }
    EXPECT_EQ(lanes.held_up, held_up);
    EXPECT_EQ(lanes.waited_ns, waited);
    for (size_t worker = 0; worker < busy.size(); ++worker) {
      EXPECT_EQ(lanes.workers[worker].busy_ns, busy[worker]);
      EXPECT_EQ(lanes.workers[worker].batches.size(), made[worker]);
      EXPECT_TRUE(std::is_sorted(
          lanes.workers[worker].batches.begin(), lanes.workers[worker].batches.end(),
          [&](uint32_t x, uint32_t y) { return lanes.batches[x].begin_ns < lanes.batches[y].begin_ns; }));
    }
  }
}

TEST(BatchLanes, DepthAgreesWithCountingAtEveryTime) {
  std::mt19937_64 random(11);
  BatchLanes lanes;
  lanes.workers.resize(3);
  int64_t taken = 100;
  for (int64_t task = 0; task < 200; ++task) {
    const auto begin = taken - static_cast<int64_t>(random() % 80);
    const int64_t end = begin + static_cast<int64_t>(random() % 60);
    const int64_t wait_end = std::max(end, taken) + static_cast<int64_t>(random() % 9);
    lanes.batches.push_back(bar(task, static_cast<uint32_t>(random() % 3), begin, end, taken, wait_end));
    taken = wait_end + 1 + static_cast<int64_t>(random() % 30);
  }
  lanes.batches.push_back(bar(200, kNoWorker, 0, 0, taken, taken + 5));  // nobody knows how it was made
  lanes.derive();
  for (int64_t t = 0; t < taken + 100; ++t) {
    uint32_t ready = 0;
    for (const BatchBar& batch : lanes.batches) {
      ready += batch.worker != kNoWorker && batch.put_ns <= t && t < batch.wait_end_ns ? 1U : 0U;
    }
    ASSERT_EQ(lanes.ready_at(t), ready) << "at " << t;
  }
}

}  // namespace
}  // namespace stepscope::viewer
