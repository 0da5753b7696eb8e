// SPDX-License-Identifier: Apache-2.0
#include "collector/environment.hpp"

#include <stdlib.h>

#include <gtest/gtest.h>

namespace stepscope::collector {
namespace {

TEST(Environment, OnlyTheAllowListIsKept) {
  EXPECT_TRUE(is_allowed_variable(TextView("OMP_NUM_THREADS")));
  EXPECT_TRUE(is_allowed_variable(TextView("NCCL_ALGO")));
  EXPECT_FALSE(is_allowed_variable(TextView("HOME")));
  EXPECT_FALSE(is_allowed_variable(TextView("HF_TOKEN")));
  EXPECT_FALSE(is_allowed_variable(TextView("NCCL_MY_SECRET"))) << "a prefix does not let a secret in";
}

TEST(Environment, TheHashIgnoresTheOrder) {
  const char* one[] = {"A=1", "B=2", nullptr};
  const char* other[] = {"B=2", "A=1", nullptr};
  EXPECT_EQ(environment_hash(one), environment_hash(other));
}

TEST(Environment, TheHashSeesValuesAndNames) {
  const char* base[] = {"A=1", "B=2", nullptr};
  const char* swapped[] = {"A=2", "B=1", nullptr};
  const char* fewer[] = {"A=1", nullptr};
  EXPECT_NE(environment_hash(base), environment_hash(swapped));
  EXPECT_NE(environment_hash(base), environment_hash(fewer));
}

TEST(Environment, TheHashLeavesOutWhatDiffersByNature) {
  const char* plain[] = {"A=1", nullptr};
  const char* noisy[] = {
      "A=1", "PWD=/x", "_=/bin/sh", "STEPSCOPE_DIR=/r", "LD_PRELOAD=/l", "OMP_NUM_THREADS=3", nullptr};
  EXPECT_EQ(environment_hash(plain), environment_hash(noisy));
  EXPECT_EQ(environment_hash(nullptr), 0U);
}

TEST(Environment, TheFirstVariableThatIsANumberCounts) {
  const char* names[] = {"STEPSCOPE_TEST_A", "STEPSCOPE_TEST_B", nullptr};
  setenv("STEPSCOPE_TEST_A", "none", 1);
  setenv("STEPSCOPE_TEST_B", "7", 1);
  EXPECT_EQ(number_from_environment(names, 1), 7U);
  unsetenv("STEPSCOPE_TEST_B");
  EXPECT_EQ(number_from_environment(names, 1), 1U);
}

}  // namespace
}  // namespace stepscope::collector
