// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/buffer_pool.hpp"

#include <atomic>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace stepscope::collector::cupti {
namespace {

constexpr size_t kBytes = 8192;

class CuptiBufferPool : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(pool_.open(kBytes)); }

  uint8_t* request() {
    size_t bytes = 0;
    uint8_t* buffer = pool_.request(bytes);
    EXPECT_EQ(bytes, kBytes);
    return buffer;
  }

  BufferPool pool_;
};

bool is_zero(const uint8_t* buffer) {
  for (size_t i = 0; i < kBytes; ++i) {
    if (buffer[i] != 0) {
      return false;
    }
  }
  return true;
}

TEST_F(CuptiBufferPool, ABufferGoesRoundAndIsZeroAgain) {
  uint8_t* buffer = request();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer) % 8, 0U) << "CUPTI asks for this alignment";
  std::memset(buffer, 0xAB, 100);
  EXPECT_EQ(pool_.complete(buffer, 100), BufferPool::Owner::kPool);
  size_t valid = 0;
  ASSERT_EQ(pool_.take(valid), buffer);
  EXPECT_EQ(valid, 100U);
  EXPECT_EQ(pool_.in_use(), 1U) << "until it has been read";
  pool_.give_back(buffer, valid);
  EXPECT_EQ(pool_.in_use(), 0U);
  EXPECT_TRUE(is_zero(buffer));
  EXPECT_EQ(pool_.take(valid), nullptr);
}

TEST_F(CuptiBufferPool, AnEmptyBufferComesBackToo) {
  uint8_t* buffer = request();
  EXPECT_EQ(pool_.complete(buffer, 0), BufferPool::Owner::kPool);
  size_t valid = 1;
  EXPECT_EQ(pool_.take(valid), buffer);
  EXPECT_EQ(valid, 0U);
}

TEST_F(CuptiBufferPool, WhenAllAreOutSparesAreCountedAndTheLastOneIsShared) {
  std::set<uint8_t*> pool;
  for (size_t i = 0; i < BufferPool::kBuffers; ++i) {
    EXPECT_TRUE(pool.insert(request()).second);
  }
  std::vector<uint8_t*> spares;
  for (size_t i = 0; i < BufferPool::kSpares; ++i) {
    spares.push_back(request());
    EXPECT_FALSE(pool.contains(spares.back()));
  }
  uint8_t* last = request();
  EXPECT_EQ(request(), last) << "never null: CUPTI before 12.9 would crash";
  EXPECT_EQ(pool_.last_resort_uses(), 2U);
  EXPECT_EQ(pool_.complete(last, 10), BufferPool::Owner::kLast);
  ASSERT_EQ(pool_.complete(spares[0], 10), BufferPool::Owner::kSpare);
  std::memset(spares[0], 1, 10);
  pool_.give_back_spare(spares[0], 10);
  EXPECT_EQ(request(), spares[0]);
  EXPECT_TRUE(is_zero(spares[0]));
}

TEST_F(CuptiBufferPool, WhatIsNotOursIsNotTouched) {
  uint8_t stranger[16];
  EXPECT_EQ(pool_.complete(stranger, 16), BufferPool::Owner::kStranger);
  EXPECT_EQ(pool_.complete(nullptr, 0), BufferPool::Owner::kStranger);
}

TEST_F(CuptiBufferPool, ManyThreadsNeverShareABuffer) {
  std::atomic<bool> stop{false};
  std::atomic<long> rounds{0};
  std::atomic<bool> shared{false};
  std::vector<std::thread> threads;
  for (uint8_t id = 1; id <= 8; ++id) {
    threads.emplace_back([&, id] {
      while (!stop.load()) {
        size_t bytes = 0;
        uint8_t* buffer = pool_.request(bytes);
        buffer[0] = id;
        std::this_thread::yield();
        shared = shared || buffer[0] != id;
        if (pool_.complete(buffer, 1) == BufferPool::Owner::kSpare) {
          pool_.give_back_spare(buffer, 1);
        }
        ++rounds;
      }
    });
  }
  long taken = 0;
  while (taken < 20000) {
    size_t valid = 0;
    if (uint8_t* buffer = pool_.take(valid)) {
      pool_.give_back(buffer, valid);
      ++taken;
    }
  }
  stop = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  size_t valid = 0;
  while (uint8_t* buffer = pool_.take(valid)) {
    pool_.give_back(buffer, valid);
  }
  EXPECT_FALSE(shared);
  EXPECT_EQ(pool_.in_use(), 0U);
  EXPECT_GE(rounds, taken);
}

}  // namespace
}  // namespace stepscope::collector::cupti
