// SPDX-License-Identifier: Apache-2.0
#include "collector/identity.hpp"

#include <unistd.h>

#include <gtest/gtest.h>

#include "collector/clock.hpp"

namespace stepscope::collector {
namespace {

TEST(Identity, ReadsParentAndStartOfAStatLine) {
  uint64_t parent = 0;
  uint64_t ticks = 0;
  TextView stat(
      "12 (a) b (c) S 7 12 12 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 98765 1000 200 18446744073709551615\n");
  ASSERT_TRUE(parse_stat(stat, parent, ticks));
  EXPECT_EQ(parent, 7U);
  EXPECT_EQ(ticks, 98765U);
}

TEST(Identity, ATextThatIsNoStatLineIsRefused) {
  uint64_t parent = 0;
  uint64_t ticks = 0;
  EXPECT_FALSE(parse_stat(TextView(""), parent, ticks));
  EXPECT_FALSE(parse_stat(TextView("12 (x) S 7"), parent, ticks));
  EXPECT_FALSE(parse_stat(TextView("no parentheses at all"), parent, ticks));
}

TEST(Identity, TheBaseNameHoldsRoleRankHostPidAndStart) {
  Identity identity;
  identity.role = Role::kWorker;
  identity.rank = 3;
  identity.host.add("node-1");
  identity.pid = 42;
  identity.start_ticks = 99;
  BaseName base;
  identity.base_name(1, base);
  EXPECT_STREQ(base.c_str(), "worker-r3-node-1-42-99");
  identity.base_name(2, base);
  EXPECT_STREQ(base.c_str(), "worker-r3-node-1-42-99-2");
}

TEST(Identity, OfThisProcess) {
  Identity identity = Identity::read(Role::kMain);
  EXPECT_EQ(identity.pid, static_cast<uint64_t>(getpid()));
  EXPECT_EQ(identity.ppid, static_cast<uint64_t>(getppid()));
  EXPECT_GT(identity.start_ticks, 0U);
  EXPECT_LE(identity.start_ns, now_ns() + 20'000'000);
  EXPECT_FALSE(identity.host.empty());
}

}  // namespace
}  // namespace stepscope::collector
