// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "tests/unit/trace/spool_fixture.hpp"

namespace stepscope::trace {
namespace {

class SpoolThreads : public SpoolTest {};

// Every event is there once and in order, or counted as dropped, while threads come and go and the drain runs.
TEST_F(SpoolThreads, EventsOfManyThreadsAreKeptInOrderOrCounted) {
  constexpr uint32_t kThreads = 4;
  constexpr uint32_t kLives = 6;
  constexpr int64_t kEvents = 8000;
  std::atomic<bool> done{false};
  std::atomic<uint64_t> pushed{0};
  std::thread drain([&] {
    while (!done.load()) {
      (void)spool_.drain();
    }
  });
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t life = 0; life < kLives; ++life) {
        const uint32_t tid = t * 100 + life;
        Ring* ring = spool_.acquire_ring(tid, "producer", 1);
        ASSERT_NE(ring, nullptr);
        uint64_t kept = 0;
        for (int64_t i = 0; i < kEvents; ++i) {
          kept += push_instant(ring, i) ? 1U : 0U;
          if (i % 1000 == 0) {
            spool_.meta(("thread." + std::to_string(tid)).c_str(), std::to_string(i).c_str());
          }
        }
        pushed.fetch_add(kept);
        spool_.release_ring(ring);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  done.store(true);
  drain.join();
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(got.events.size(), pushed.load());
  const uint64_t dropped = got.loss.contains("ring.full.instant") ? got.loss.at("ring.full.instant") : 0;
  EXPECT_EQ(got.events.size() + dropped, uint64_t{kThreads} * kLives * kEvents);
  std::map<uint32_t, int64_t> previous;
  for (const ReadEvent& event : got.events) {
    const auto [at, first] = previous.try_emplace(event.lane, -1);
    ASSERT_LT(at->second, event.values[0]) << "lane " << event.lane;
    at->second = event.values[0];
  }
  EXPECT_EQ(previous.size(), size_t{kThreads} * kLives) << "each life of a thread is a lane";
  EXPECT_EQ(got.meta.at("thread.0"), "7000");
}

// Snapshots of a living process: no event twice, none out of order, none missing before the newest one seen.
TEST_F(SpoolThreads, ReadingWhileTheProcessRecordsGivesAConsistentPrefix) {
  std::atomic<bool> done{false};
  std::thread producer([&] {
    Ring* ring = spool_.acquire_ring(1, "t", 1);
    int64_t next = 0;
    while (!done.load()) {
      next += push_instant(ring, next) ? 1 : 0;
    }
  });
  std::thread drain([&] {
    while (!done.load()) {
      (void)spool_.drain();
    }
  });
  size_t seen = 0;
  for (int round = 0; round < 40; ++round) {
    const KeepingVisitor got = read();
    EXPECT_TRUE(summary_.writer_alive);
    const std::vector<int64_t> values = got.column(Kind::kInstant, 0);
    ASSERT_EQ(values, numbers(0, static_cast<int64_t>(values.size())));
    ASSERT_GE(values.size(), seen);
    seen = values.size();
    if (seen > 300000) {
      break;
    }
  }
  done.store(true);
  producer.join();
  drain.join();
}

TEST_F(SpoolThreads, OnlyOneDrainRunsAtATimeAndTogetherTheyMoveEverythingOnce) {
  Ring* ring = spool_.acquire_ring(1, "t", 1 << 20);
  for (int64_t i = 0; i < 15000; ++i) {
    ASSERT_TRUE(push_instant(ring, i));
  }
  std::atomic<size_t> moved{0};
  std::vector<std::thread> drains;
  for (int t = 0; t < 3; ++t) {
    drains.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        moved.fetch_add(spool_.drain());
      }
    });
  }
  for (std::thread& thread : drains) {
    thread.join();
  }
  spool_.close();
  die();
  EXPECT_EQ(moved.load(), 15000U);
  EXPECT_EQ(read().column(Kind::kInstant, 0), numbers(0, 15000));
}

}  // namespace
}  // namespace stepscope::trace
