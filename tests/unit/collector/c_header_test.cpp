// SPDX-License-Identifier: Apache-2.0
//
// The public headers in a process without a collector.
#include <stepscope/stepscope.hpp>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

extern "C" int use_every_function_in_c(void);

namespace {

TEST(PublicHeaders, AreNoOpsInC) {
  EXPECT_EQ(use_every_function_in_c(), 0);
}

TEST(PublicHeaders, AreNoOpsInCpp) {
  stepscope::Range range("outer");
  stepscope::Range inner("inner", "domain");
  stepscope::step(1);
  stepscope::step_work(32, 4096);
  stepscope::mark("mark");
  stepscope::counter("counter", 2);
  EXPECT_FALSE(stepscope::active());
}

TEST(PublicHeaders, MayBeUsedFirstByManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([] {
      for (int j = 0; j < 1000; ++j) {
        stepscope::Range range("r");
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_FALSE(stepscope::active());
}

}  // namespace
