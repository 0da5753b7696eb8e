// SPDX-License-Identifier: Apache-2.0
#include "analyzer/parallel_for.hpp"

#include <algorithm>
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

}  // namespace
}  // namespace stepscope::analysis
