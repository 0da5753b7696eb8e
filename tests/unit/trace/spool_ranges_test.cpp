// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <set>

#include <gmock/gmock.h>

#include "tests/unit/trace/spool_fixture.hpp"

namespace stepscope::trace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class SpoolRanges : public SpoolTest {
 protected:
  void SetUp() override {
    SpoolTest::SetUp();
    ring_ = spool_.acquire_ring(1, "t", 1 << 20);
    ASSERT_NE(ring_, nullptr);
  }

  void push(int64_t start, uint32_t domain = 0) {
    spool_.range_push(ring_, {start, static_cast<uint32_t>(start), domain, 3, 2, 5, -start});
  }

  // start -> dur of finished (flags 0) or unfinished ranges.
  static std::map<int64_t, int64_t> ranges(const KeepingVisitor& got, int64_t flags) {
    std::map<int64_t, int64_t> found;
    for (const ReadEvent& event : got.events) {
      if (event.kind == Kind::kRange && event.values[6] == flags) {
        EXPECT_TRUE(found.emplace(event.values[0], event.values[1]).second) << "delivered twice";
      }
    }
    return found;
  }

  Ring* ring_ = nullptr;
};

TEST_F(SpoolRanges, ARangeIsOneRecordWrittenWhenItCloses) {
  push(10);
  EXPECT_EQ(spool_.drain(), 0U);
  ASSERT_TRUE(spool_.range_pop(ring_, 0, 25));
  die();
  const KeepingVisitor got = read();
  ASSERT_EQ(got.events.size(), 1U);
  EXPECT_THAT(got.events[0].values, ElementsAre(10, 15, 10, 0, 3, 2, 0, 5, -10));
}

TEST_F(SpoolRanges, RangesOpenAtDeathReachToTheLastEventOfTheProcess) {
  push(10);
  push(20);
  ASSERT_TRUE(spool_.range_pop(ring_, 0, 30));
  push(40);
  ASSERT_TRUE(push_instant(ring_, 100));
  Ring* other = spool_.acquire_ring(2, "u", 1);
  const int64_t gc[] = {150, 50, 0, 0, 0};
  ASSERT_TRUE(spool_.push(other, Kind::kGc, 0, gc, 5));
  die();
  const KeepingVisitor got = read();
  EXPECT_THAT(ranges(got, 0), ElementsAre(Pair(20, 10)));
  EXPECT_THAT(ranges(got, kFlagUnfinished), ElementsAre(Pair(10, 190), Pair(40, 160)));
}

TEST_F(SpoolRanges, OpenRangesAloneReachToTheYoungestOfThem) {
  push(10);
  push(70);
  die();
  EXPECT_THAT(ranges(read(), kFlagUnfinished), ElementsAre(Pair(10, 60), Pair(70, 0)));
}

TEST_F(SpoolRanges, DomainsNestIndependently) {
  push(1, 100);
  push(2, 200);
  push(3, 100);
  ASSERT_TRUE(spool_.range_pop(ring_, 200, 12)) << "not on top";
  push(4, 200);
  ASSERT_TRUE(spool_.range_pop(ring_, 100, 13)) << "3, below 4";
  ASSERT_TRUE(spool_.range_pop(ring_, 200, 14)) << "4, and with it the closed ones";
  push(5, 300);
  die();
  const KeepingVisitor got = read();
  EXPECT_THAT(ranges(got, 0), ElementsAre(Pair(2, 10), Pair(3, 10), Pair(4, 10)));
  EXPECT_THAT(ranges(got, kFlagUnfinished), ElementsAre(Pair(1, 13), Pair(5, 9)));
}

TEST_F(SpoolRanges, RangesEndedByHandleSurviveADeathWhileTheyAreOpen) {
  const auto start = [this](int64_t at) {
    return spool_.async_start({at, static_cast<uint32_t>(at), 7, 3, 2, 5, -at});
  };
  const uint64_t first = start(10);
  const uint64_t second = start(20);
  const uint64_t third = start(30);
  EXPECT_EQ((std::set<uint64_t>{0, first, second, third}.size()), 4U);
  ASSERT_TRUE(spool_.async_end(ring_, second, 45));
  EXPECT_FALSE(spool_.async_end(ring_, second, 50)) << "ended already";
  Ring* other = spool_.acquire_ring(2, "u", 1);
  ASSERT_TRUE(spool_.async_end(other, third, 60)) << "on another thread";
  (void)start(65);
  die();
  const KeepingVisitor got = read();
  EXPECT_THAT(ranges(got, kFlagProcessRange), ElementsAre(Pair(20, 25), Pair(30, 30)));
  EXPECT_THAT(ranges(got, kFlagProcessRange | kFlagUnfinished), ElementsAre(Pair(10, 55), Pair(65, 0)));
  for (const ReadEvent& event : got.events) {
    EXPECT_EQ(got.lanes.at(event.lane).type, "async");
    EXPECT_THAT(event.values, ElementsAre(event.values[0], event.values[1], event.values[0], 7, 3, 2,
                                          event.values[6], 5, -event.values[0]));
  }
  EXPECT_THAT(got.loss, ElementsAre(Pair(spool::kLossAsyncUnmatched, 1)));
}

TEST_F(SpoolRanges, MoreHandlesThanPlacesAreCountedAndPlacesAreUsedAgain) {
  std::vector<uint64_t> handles;
  for (uint32_t i = 0; i < spool::kMaxAsyncRanges; ++i) {
    handles.push_back(spool_.async_start({i, i, 0, 0, 2, 0, 0}));
  }
  EXPECT_EQ(std::set<uint64_t>(handles.begin(), handles.end()).size(), handles.size());
  EXPECT_EQ(spool_.async_start({1, 1, 0, 0, 2, 0, 0}), 0U);
  EXPECT_FALSE(spool_.async_end(ring_, 0, 5)) << "the handle of a range that found no place";
  for (size_t i = 0; i < handles.size(); i += 64) {
    ASSERT_TRUE(spool_.async_end(ring_, handles[i], 5000));
  }
  const uint64_t again = spool_.async_start({9000, 1, 0, 0, 2, 0, 0});
  EXPECT_NE(again, 0U);
  EXPECT_EQ(std::count(handles.begin(), handles.end(), again), 0) << "a place is used again, not a handle";
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(ranges(got, kFlagProcessRange).size(), size_t{64});
  EXPECT_EQ(ranges(got, kFlagProcessRange | kFlagUnfinished).size(), size_t{spool::kMaxAsyncRanges - 64 + 1});
  EXPECT_THAT(got.loss, ElementsAre(Pair(spool::kLossAsyncFull, 1)));
}

// The process dies at each point between "ending" and "ended": the range is there once.
TEST_F(SpoolRanges, ADeathWhileARangeIsEndedLeavesItOnce) {
  const uint64_t ended = spool_.async_start({10, 1, 0, 0, 2, 0, 0});
  const uint64_t ending = spool_.async_start({20, 1, 0, 0, 2, 0, 0});
  const uint64_t marked = spool_.async_start({30, 1, 0, 0, 2, 0, 0});
  ASSERT_TRUE(spool_.async_end(ring_, ended, 40));
  die();
  spool::RingFileHeader header{};
  std::fstream file(base() + ".ring", std::ios::in | std::ios::out | std::ios::binary);
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  const auto change = [&](uint64_t handle, uint64_t close_begin, uint32_t close_serial) {
    const auto at = static_cast<std::streamoff>(header.async_offset + handle % spool::kMaxAsyncRanges *
                                                                          sizeof(spool::AsyncRangeEntry));
    spool::AsyncRangeEntry entry{};
    file.seekg(at).read(reinterpret_cast<char*>(&entry), sizeof entry);
    entry.state = spool::kAsyncClosing;
    entry.close_begin = close_begin;
    entry.close_serial = close_serial;
    file.seekp(at).write(reinterpret_cast<const char*>(&entry), sizeof entry);
  };
  change(ended, 0, 1);    // pushed at position 0 of the first ring, not freed yet
  change(ending, 0, 0);   // not even marked
  change(marked, 10, 1);  // marked, and its record of 10 words would begin at 10, where the ring ends
  file.close();
  const KeepingVisitor got = read();
  EXPECT_THAT(ranges(got, kFlagProcessRange), ElementsAre(Pair(10, 30)));
  EXPECT_THAT(ranges(got, kFlagProcessRange | kFlagUnfinished), ElementsAre(Pair(20, 20), Pair(30, 10)));
}

TEST_F(SpoolRanges, APopWithoutAPushIsCounted) {
  EXPECT_FALSE(spool_.range_pop(ring_, 0, 1));
  push(1, 100);
  EXPECT_FALSE(spool_.range_pop(ring_, 0, 2)) << "another domain";
  EXPECT_TRUE(spool_.range_pop(ring_, 100, 2));
  die();
  EXPECT_THAT(read().loss, ElementsAre(Pair(spool::kLossRangeUnmatched, 2)));
}

TEST_F(SpoolRanges, TooDeepRangesAreCountedAndStayBalanced) {
  constexpr int64_t kDepth = spool::kMaxRangeDepth;
  for (int64_t i = 0; i < kDepth + 30; ++i) {
    push(i);
  }
  for (int64_t i = 0; i < kDepth + 30; ++i) {
    ASSERT_TRUE(spool_.range_pop(ring_, 0, 1000));
  }
  EXPECT_FALSE(spool_.range_pop(ring_, 0, 1000));
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(ranges(got, 0).size(), static_cast<size_t>(kDepth));
  EXPECT_EQ(got.loss.at(spool::kLossRangeTooDeep), 30U);
}

TEST_F(SpoolRanges, AThreadThatEndsInsideARangeWritesItAsUnfinished) {
  push(10);
  spool_.release_ring(ring_);
  (void)spool_.drain();
  die();
  const KeepingVisitor got = read();
  ASSERT_EQ(got.events.size(), 1U);
  EXPECT_EQ(got.events[0].values[6], kFlagUnfinished);
}

TEST_F(SpoolRanges, ARangeThatFindsTheRingFullIsCountedAndGone) {
  push(5);
  while (push_instant(ring_, 1)) {
  }
  ASSERT_TRUE(spool_.range_pop(ring_, 0, 6));
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(got.loss.at("ring.full.range"), 1U);
  EXPECT_THAT(ranges(got, kFlagUnfinished), IsEmpty());
}

// A model of stacks per domain beside it, over random pushes and pops, with a death at the end.
TEST_F(SpoolRanges, RandomNestingMatchesAModel) {
  std::mt19937_64 random(3);
  std::map<uint32_t, std::vector<int64_t>> open;
  std::map<int64_t, int64_t> finished;
  size_t depth = 0;
  for (int64_t now = 1; now < 60000; ++now) {
    const auto domain = static_cast<uint32_t>(random() % 3);
    if (random() % 2 == 0 && depth < 40) {
      push(now, domain);
      open[domain].push_back(now);
      ++depth;
    } else if (open[domain].empty()) {
      ASSERT_FALSE(spool_.range_pop(ring_, domain, now));
    } else {
      ASSERT_TRUE(spool_.range_pop(ring_, domain, now));
      finished[open[domain].back()] = now - open[domain].back();
      open[domain].pop_back();
      --depth;
    }
    if (now % 1000 == 0) {
      (void)spool_.drain();
    }
  }
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(ranges(got, 0), finished);
  std::set<int64_t> still_open;
  for (const auto& [domain, stack] : open) {
    still_open.insert(stack.begin(), stack.end());
  }
  std::set<int64_t> unfinished;
  for (const auto& [start, duration] : ranges(got, kFlagUnfinished)) {
    unfinished.insert(start);
  }
  EXPECT_EQ(unfinished, still_open);
  EXPECT_EQ(got.loss.count(spool::kLossRangeTooDeep), 0U);
}

}  // namespace
}  // namespace stepscope::trace
