// SPDX-License-Identifier: Apache-2.0
#include "analyzer/parallel_for.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

TEST(ParallelFor, DoesEachThingOnce) {
  for (const size_t count : {0U, 1U, 7U, 8U, 16U, 1000U}) {
    std::vector<int> times(count, 0);
    parallel_for(count, [&](size_t i) { ++times[i]; });
    EXPECT_TRUE(std::all_of(times.begin(), times.end(), [](int n) { return n == 1; })) << count;
  }
}

TEST(ParallelFor, ThrowsWhatABodyThrewOnceAllHaveEnded) {
  std::atomic<int> begun{0};
  std::atomic<int> running{0};
  const auto body = [&](size_t i) {
    ++begun;
    ++running;
    if (i == 3) {
      --running;
      throw std::runtime_error("the fourth");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --running;
  };
  try {
    parallel_for(1000, body, 1);
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "the fourth");
  }
  EXPECT_EQ(running, 0);
  EXPECT_LT(begun, 1000);
}

}  // namespace
}  // namespace stepscope::analysis
