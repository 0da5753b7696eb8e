// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/run_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

std::vector<size_t> members_of(const RunSet& set) {
  std::vector<size_t> out;
  set.for_each([&](size_t i) { out.push_back(i); });
  return out;
}

TEST(RunSets, MeetAcrossWords) {
  RunSet a(130);
  RunSet b(130);
  for (const size_t i : std::vector<size_t>{0, 63, 64, 129}) {
    a.add(i);
  }
  for (const size_t i : std::vector<size_t>{1, 63, 129}) {
    b.add(i);
  }
  EXPECT_EQ(a.count(), 4U);
  EXPECT_EQ(a.count_common(b), 2U);
  EXPECT_THAT(members_of(a.common(b)), ::testing::ElementsAre(63, 129));
  EXPECT_THAT(members_of(a.without(b)), ::testing::ElementsAre(0, 64));
  EXPECT_TRUE(a.has(64));
  EXPECT_FALSE(a.has(65));
}

}  // namespace
}  // namespace stepscope::analysis
