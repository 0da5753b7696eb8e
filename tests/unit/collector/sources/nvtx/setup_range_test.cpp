// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvtx/setup_range.hpp"

#include <gtest/gtest.h>

namespace stepscope::collector::nvtx {
namespace {

SetupRange of(const char* domain, const char* name) {
  return setup_range(TextView(domain), TextView(name));
}

TEST(SetupRange, NcclsCallsThatMakeACommunicator) {
  for (const char* name : {"ncclCommInitRank", "ncclCommInitRankConfig", "ncclCommInitRankScalable",
                           "ncclCommSplit", "ncclCommShrink", "ncclCommGrow"}) {
    EXPECT_EQ(of("NCCL", name), SetupRange::kOneRank) << name;
  }
  EXPECT_EQ(of("NCCL", "ncclCommInitAll"), SetupRange::kAllRanks);
}

TEST(SetupRange, AndNoOthers) {
  for (const char* name : {"ncclCommDestroy", "ncclCommAbort", "ncclCommFinalize", "ncclCommInit",
                           "ncclAllReduce", "ncclCommInitRankConfigs", ""}) {
    EXPECT_EQ(of("NCCL", name), SetupRange::kNone) << name;
  }
  EXPECT_EQ(of("nccl", "ncclCommInitRank"), SetupRange::kNone);
  EXPECT_EQ(of("torch", "ncclCommInitRank"), SetupRange::kNone);
}

}  // namespace
}  // namespace stepscope::collector::nvtx
