// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/library.hpp"

#include <gtest/gtest.h>

namespace stepscope::collector::cupti {
namespace {

TEST(CuptiLibrary, TheDriversBranchStandsInItsOwnFile) {
  EXPECT_EQ(
      driver_branch(TextView(
          "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan 23 2025\nGCC version: x")),
      570U);
  EXPECT_EQ(driver_branch(TextView(
                "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build\n")),
            580U);
  EXPECT_EQ(driver_branch(TextView("")), 0U);
  EXPECT_EQ(driver_branch(TextView("something else\n")), 0U);
}

TEST(CuptiLibrary, AnEmptyLibraryHasNoFunctions) {
  Functions functions;
  EXPECT_FALSE(functions.find_in(DynamicLibrary{}));
}

}  // namespace
}  // namespace stepscope::collector::cupti
