// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/profiler.hpp"

#include <gtest/gtest.h>

#include "collector/sources/nccl/nccl_abi.hpp"

namespace stepscope::collector::nccl {
namespace {

TEST(NcclProfiler, AsksForEveryCollectiveAndForNoStepsOfTheProxy) {
  for (int version = kOldestVersion; version <= kNewestVersion; ++version) {
    const uint64_t mask = default_mask(version);
    EXPECT_EQ(mask & (kColl | kP2p), uint64_t{kColl | kP2p}) << version;
    EXPECT_EQ(mask & (kProxyStep | kProxyCtrl | kNetPlugin), 0U) << version;
    // One that runs on the copy engines is in no other event.
    EXPECT_EQ((mask & kCeColl) != 0, version == 6) << version;
    EXPECT_EQ(mask & (kCeSync | kCeBatch), 0U) << version;
  }
}

TEST(NcclProfiler, AMaskThatIsNoNumberIsIgnored) {
  EXPECT_EQ(mask_from_text("0x42", 1), 0x42U);
  EXPECT_EQ(mask_from_text("7", 1), 7U);
  EXPECT_EQ(mask_from_text("7x", 1), 1U);
  EXPECT_EQ(mask_from_text("", 1), 1U);
  EXPECT_EQ(mask_from_text(nullptr, 1), 1U);
}

}  // namespace
}  // namespace stepscope::collector::nccl
