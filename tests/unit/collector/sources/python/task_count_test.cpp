// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/python/task_count.hpp"

#include <gtest/gtest.h>

namespace stepscope::collector::python {
namespace {

// A worker's queue and its fetches, with the queue left alone whenever that is said.
struct Worker {
  TaskCount count;
  int64_t looks = 0;
  int64_t at = 0;  // what we take the task of the latest fetch for
  bool mistaken = false;

  void fetch(int64_t task) {
    if (!count.is_counting()) {
      ++looks;
      mistaken = count.saw(task) == TaskCount::Saw::kMistaken || mistaken;
      at = task;
    }
    const int64_t counted = count.next();
    at = counted >= 0 ? counted : at;
  }
};

TEST(TaskCountTest, TasksThatComeInTurnAreSeldomLookedAt) {
  for (int64_t workers : {1, 2, 7}) {
    Worker worker;
    worker.count.allow(workers - 1);
    for (int64_t i = 0; i < 1000; ++i) {
      worker.fetch(workers - 1 + i * workers);
      ASSERT_EQ(worker.at, workers - 1 + i * workers);
    }
    EXPECT_LT(worker.looks, 1000 / 32 + 8);
    EXPECT_FALSE(worker.mistaken);
  }
}

TEST(TaskCountTest, WhoIsNotAllowedLooksAtAll) {
  Worker worker;
  for (int64_t i = 0; i < 100; ++i) {
    worker.fetch(i);
    ASSERT_EQ(worker.at, i);
  }
  EXPECT_EQ(worker.looks, 100);
}

TEST(TaskCountTest, TasksOutOfTurnAreLookedAt) {
  Worker worker;
  worker.count.allow(0);
  for (int64_t i = 0; i < 100; ++i) {
    const int64_t task = 2 * i + i % 3;
    worker.fetch(task);
    ASSERT_EQ(worker.at, task);
  }
  EXPECT_EQ(worker.looks, 100);
}

TEST(TaskCountTest, AMistakeIsFoundAtTheNextLookAndIsTheLast) {
  Worker worker;
  worker.count.allow(0);
  int64_t wrong = 0;
  for (int64_t i = 0; i < 200; ++i) {
    const int64_t task = i < 20 ? 2 * i : 2 * i + 1;  // somebody else took one
    worker.fetch(task);
    wrong += worker.at == task ? 0 : 1;
  }
  EXPECT_TRUE(worker.mistaken);
  EXPECT_GT(wrong, 0);
  EXPECT_LT(wrong, 32);
  worker.count.allow(0);
  const int64_t looks = worker.looks;
  for (int64_t i = 0; i < 10; ++i) {
    worker.fetch(1000 + 2 * i);
  }
  EXPECT_EQ(worker.looks, looks + 10);
}

TEST(TaskCountTest, AnEpochBeginsWithTheWorkersNumber) {
  for (int64_t tasks : {3, 20, 38, 39, 40, 64}) {  // counting at its end, and not
    Worker worker;
    worker.count.allow(1);
    for (int64_t epoch = 0; epoch < 4; ++epoch) {
      for (int64_t i = 0; i < tasks; ++i) {
        worker.fetch(1 + 2 * i);
        ASSERT_EQ(worker.at, 1 + 2 * i) << tasks << " tasks, epoch " << epoch;
      }
      worker.count.new_epoch();
    }
    EXPECT_FALSE(worker.mistaken) << tasks;
  }
}

}  // namespace
}  // namespace stepscope::collector::python
