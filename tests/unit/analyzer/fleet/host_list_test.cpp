// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/host_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(HostLists, AreSeparatedBySemicolons) {
  EXPECT_THAT(hosts_of("h1; h2;h1;"), Optional(ElementsAre("h1", "h2")));
  EXPECT_THAT(hosts_of(""), Optional(ElementsAre()));
  EXPECT_THAT(hosts_of("a,b"), Optional(ElementsAre("a,b"))) << "without brackets a comma means nothing";
}

TEST(HostLists, OfSlurmAreWrittenOut) {
  EXPECT_THAT(hosts_of("h[08-10,3],login1"), Optional(ElementsAre("h08", "h09", "h10", "h3", "login1")));
  EXPECT_THAT(hosts_of("r[1-2]h[3-4].x"), Optional(ElementsAre("r1h3.x", "r1h4.x", "r2h3.x", "r2h4.x")));
  EXPECT_THAT(hosts_of("h[1-2];g5"), Optional(ElementsAre("h1", "h2", "g5")));
}

TEST(HostLists, ThatAreNoneAreRefused) {
  for (const char* wrong :
       {"h[1-", "h1]", "h[[1]]", "h[2-1]", "h[a-b]", "h[]", "h[1-99999999]", "h[1-999][1-999]"}) {
    EXPECT_EQ(hosts_of(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace stepscope::analysis
