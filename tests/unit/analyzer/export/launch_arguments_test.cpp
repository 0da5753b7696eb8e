// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/launch_arguments.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis::exporting {
namespace {

TEST(LaunchArguments, OfARecordedKernel) {
  EXPECT_EQ(launch_arguments("grid 128x1x2 block 256x1x1 regs 32 smem 1024+4096"),
            "\"grid\": [128, 1, 2], \"block\": [256, 1, 1], \"registers per thread\": 32, "
            "\"shared memory\": 5120, \"static shared memory\": 1024, \"dynamic shared memory\": 4096");
}

TEST(LaunchArguments, OfAnImportedKernelThatSaysLess) {
  EXPECT_EQ(launch_arguments("grid 8x16x5 smem 12544"), "\"grid\": [8, 16, 5], \"shared memory\": 12544");
}

TEST(LaunchArguments, WhatIsNotUnderstoodIsLeftOut) {
  EXPECT_EQ(launch_arguments(""), "");
  EXPECT_EQ(launch_arguments("cluster 2x1x1 regs many block axb regs 7"), "\"registers per thread\": 7");
  EXPECT_EQ(launch_arguments("smem 1+x"), "");
}

}  // namespace
}  // namespace stepscope::analysis::exporting
