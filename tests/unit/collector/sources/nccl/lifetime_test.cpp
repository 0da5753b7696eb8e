// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/lifetime.hpp"

#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "collector/sources/nccl/slot_pool.hpp"

namespace stepscope::collector::nccl {
namespace {

TEST(NcclHandle, KeepsWhatItSays) {
  const Handle handle{HandleKind::kPart, true, (1U << kIndexBits) - 1, kGenerationMask};
  const Handle back = decode(encode(handle));
  EXPECT_EQ(back.kind, HandleKind::kPart);
  EXPECT_TRUE(back.captured);
  EXPECT_EQ(back.index, handle.index);
  EXPECT_EQ(back.generation, handle.generation);
  EXPECT_FALSE(decode(encode({HandleKind::kOperation, false, 1, 2})).captured);
}

TEST(NcclHandle, NoAddressIsOne) {
  int on_the_stack = 0;
  const auto on_the_heap = std::make_unique<int>(0);
  EXPECT_EQ(decode(&on_the_stack).kind, HandleKind::kForeign);
  EXPECT_EQ(decode(on_the_heap.get()).kind, HandleKind::kForeign);
  EXPECT_EQ(decode(nullptr).kind, HandleKind::kForeign);
  EXPECT_EQ(decode(reinterpret_cast<void*>(UINTPTR_MAX)).kind, HandleKind::kForeign);
}

class NcclLifetime : public ::testing::Test {
 protected:
  Lifetime life_{};
};

TEST_F(NcclLifetime, WithoutPartsItsOwnStopIsTheEnd) {
  const uint32_t use = life_.begin(0);
  EXPECT_TRUE(life_.alive(use));
  EXPECT_EQ(life_.end_own(use), Ending::kOver);
  EXPECT_FALSE(life_.alive(use));
  EXPECT_EQ(life_.end_own(use), Ending::kStale) << "a second stop";
}

TEST_F(NcclLifetime, PartsMayStartAndStopAfterItsOwnStop) {
  const uint32_t use = life_.begin(2);
  EXPECT_EQ(life_.end_own(use), Ending::kGoesOn);
  EXPECT_EQ(life_.end_own(use), Ending::kStale) << "a second stop while parts are awaited";
  EXPECT_TRUE(life_.add_part(use));
  EXPECT_EQ(life_.end_part(use), Ending::kGoesOn) << "one more was announced";
  EXPECT_TRUE(life_.add_part(use));
  EXPECT_EQ(life_.end_part(use), Ending::kOver);
  EXPECT_FALSE(life_.add_part(use)) << "more than announced: too late";
  EXPECT_EQ(life_.end_part(use), Ending::kStale);
}

TEST_F(NcclLifetime, ItsOwnStopMayBeTheLast) {
  const uint32_t use = life_.begin(1);
  EXPECT_TRUE(life_.add_part(use));
  EXPECT_EQ(life_.end_part(use), Ending::kGoesOn);
  EXPECT_EQ(life_.end_own(use), Ending::kOver);
}

TEST_F(NcclLifetime, AnUnknownNumberOfPartsIsEndedByWhoeverLooks) {
  const uint32_t use = life_.begin(kUnknownParts);
  EXPECT_TRUE(life_.add_part(use));
  EXPECT_EQ(life_.end_own(use), Ending::kGoesOn);
  EXPECT_FALSE(life_.glance().idle());
  EXPECT_EQ(life_.end_part(use), Ending::kGoesOn);
  EXPECT_TRUE(life_.glance().idle());
  EXPECT_EQ(life_.close(life_.glance()), Ending::kOver);
  EXPECT_EQ(life_.close(life_.glance()), Ending::kStale);
}

TEST_F(NcclLifetime, WhatChangedSinceTheGlanceIsNotClosed) {
  const uint32_t use = life_.begin(kUnknownParts);
  life_.end_own(use);
  const Lifetime::Glance seen = life_.glance();
  EXPECT_TRUE(life_.add_part(use));
  EXPECT_EQ(life_.close(seen), Ending::kStale);
  EXPECT_TRUE(life_.alive(use));
}

TEST_F(NcclLifetime, AClosedOneWaitsForItsPartsBeforeItIsUsedAgain) {
  const uint32_t use = life_.begin(3);
  EXPECT_TRUE(life_.add_part(use));
  EXPECT_TRUE(life_.add_part(use));
  EXPECT_EQ(life_.close(life_.glance()), Ending::kGoesOn);
  EXPECT_FALSE(life_.alive(use));
  EXPECT_FALSE(life_.add_part(use));
  EXPECT_EQ(life_.end_own(use), Ending::kStale);
  EXPECT_EQ(life_.end_part(use), Ending::kGoesOn);
  EXPECT_EQ(life_.end_part(use), Ending::kReusable);
  EXPECT_EQ(life_.end_part(use), Ending::kStale);
}

TEST_F(NcclLifetime, AHandleOfAnEarlierUseChangesNothing) {
  const uint32_t first = life_.begin(1);
  life_.end_own(first);
  life_.add_part(first);
  EXPECT_EQ(life_.end_part(first), Ending::kOver);
  const uint32_t second = life_.begin(1);
  EXPECT_NE(first, second);
  EXPECT_FALSE(life_.add_part(first));
  EXPECT_EQ(life_.end_part(first), Ending::kStale);
  EXPECT_EQ(life_.end_own(first), Ending::kStale);
  EXPECT_TRUE(life_.alive(second));
  EXPECT_EQ(life_.end_own(second), Ending::kGoesOn);
}

TEST_F(NcclLifetime, ExactlyOneOfManyThreadsEndsIt) {
  constexpr int kThreads = 4;
  for (int round = 0; round < 300; ++round) {
    const uint32_t use = life_.begin(kThreads);
    std::atomic<int> over{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        EXPECT_TRUE(life_.add_part(use));
        over += life_.end_part(use) == Ending::kOver ? 1 : 0;
      });
    }
    over += life_.end_own(use) == Ending::kOver ? 1 : 0;
    for (std::thread& thread : threads) {
      thread.join();
    }
    ASSERT_EQ(over, 1);
  }
}

struct Slot {
  std::atomic<uint32_t> next;
  std::atomic<uint32_t> owners;
};

TEST(NcclSlotPool, TheLastOneGivenBackIsTakenFirst) {
  const auto pool = std::make_unique<SlotPool<Slot, 4>>();
  EXPECT_EQ(pool->at(0), nullptr);
  EXPECT_EQ(pool->take(), 0U);
  EXPECT_EQ(pool->take(), 1U);
  pool->give(0);
  pool->give(1);
  EXPECT_EQ(pool->take(), 1U);
  EXPECT_EQ(pool->take(), 0U);
  EXPECT_EQ(pool->touched(), 2U);
}

TEST(NcclSlotPool, AFullOneSaysSo) {
  const auto pool = std::make_unique<SlotPool<Slot, 2>>();
  pool->take();
  pool->take();
  EXPECT_EQ(pool->take(), kNoSlot);
  pool->give(1);
  EXPECT_EQ(pool->take(), 1U);
}

TEST(NcclSlotPool, NoSlotHasTwoOwners) {
  const auto pool = std::make_unique<SlotPool<Slot, 16>>();
  std::vector<std::thread> threads;
  std::atomic<int> shared{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20000; ++n) {
        const uint32_t first = pool->take();
        const uint32_t second = pool->take();
        for (const uint32_t index : {first, second}) {
          shared += pool->at(index)->owners.exchange(1) != 0 ? 1 : 0;
        }
        for (const uint32_t index : {first, second}) {
          pool->at(index)->owners = 0;
          pool->give(index);
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(shared, 0);
  EXPECT_LE(pool->touched(), 8U);
}

}  // namespace
}  // namespace stepscope::collector::nccl
