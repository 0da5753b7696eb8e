// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;

std::string policy_error(const std::string& text) {
  const Result<Policy> policy = parse_policy(text, "gate.toml");
  if (policy.ok()) {
    return "accepted";
  }
  EXPECT_EQ(policy.status().code(), Code::kUsage);
  return policy.status().message();
}

TEST(PolicyFile, EveryKeyReachesItsPlace) {
  const Result<Policy> read = parse_policy(R"(
[gate]
max_regression_percent = 1
alpha = 0.01
fdr = 0.1
min_steps = 20
max_runs = 8
on_inconclusive = "fail"
on_data_loss = "ignore"
on_incomplete_run = "ignore"
[metrics.data_wait_ns]
max_regression_percent = 10.5
gate = true
[metrics."leaf/idle.*"]
ignore = true
[metrics."leaf/idle.gc_ns"]
gate = true
[step_classes.eval]
max_share_percent = 20
)",
                                           "gate.toml");
  ASSERT_TRUE(read.ok()) << read.status().message();
  const Policy& policy = read.value();
  EXPECT_DOUBLE_EQ(policy.max_regression, 0.01);
  EXPECT_DOUBLE_EQ(policy.alpha, 0.01);
  EXPECT_DOUBLE_EQ(policy.fdr, 0.1);
  EXPECT_EQ(policy.min_steps, 20U);
  EXPECT_EQ(policy.max_runs, 8U);
  EXPECT_EQ(policy.on_inconclusive, OnInconclusive::kFail);
  EXPECT_TRUE(policy.ignore_data_loss);
  EXPECT_TRUE(policy.ignore_incomplete);
  EXPECT_DOUBLE_EQ(policy.metric("data_wait_ns")->max_regression, 0.105);
  EXPECT_TRUE(policy.metric("leaf/idle.sync_ns")->ignore);
  EXPECT_FALSE(policy.metric("leaf/idle.gc_ns")->ignore) << "an exact name outranks a beginning";
  EXPECT_EQ(policy.metric("startup_ns"), nullptr);
  EXPECT_DOUBLE_EQ(policy.most_share.at(StepClass::kEval), 0.2);
}

TEST(PolicyFile, AnEmptyOneIsTheDefault) {
  const Result<Policy> read = parse_policy("", "gate.toml");
  ASSERT_TRUE(read.ok());
  EXPECT_DOUBLE_EQ(read.value().max_regression, 0.02);
  EXPECT_FALSE(read.value().ignore_data_loss);
  EXPECT_EQ(read.value().on_inconclusive, OnInconclusive::kInconclusive);
}

// A key that is not understood would be a threshold that is silently not applied.
TEST(PolicyFile, WhatIsNotUnderstoodIsRefusedWithItsLine) {
  EXPECT_THAT(policy_error("[gate]\nmax_regresion_percent = 1\n"),
              HasSubstr("gate.toml:2: unknown key gate.max_regresion_percent; known are alpha, fdr, "
                        "max_regression_percent"));
  EXPECT_THAT(policy_error("[gates]\n"), HasSubstr("unknown key gates"));
  EXPECT_THAT(policy_error("[metrics.x]\nlimit = 1\n"),
              HasSubstr("gate.toml:2: unknown key metrics.x.limit"));
  EXPECT_THAT(policy_error("[step_classes.train]\nmax_share_percent = 1\n"),
              HasSubstr("unknown key step_classes.train"));
  EXPECT_THAT(policy_error("[gate]\nalpha = 0\n"),
              HasSubstr("gate.alpha: write a number from 0.0001 to 0.5"));
  EXPECT_THAT(policy_error("[gate]\nalpha = \"0.05\"\n"), HasSubstr("gate.alpha: write a number"));
  EXPECT_THAT(policy_error("[gate]\nmin_steps = 1.5\n"), HasSubstr("gate.min_steps: write a whole number"));
  EXPECT_THAT(policy_error("[gate]\non_inconclusive = \"maybe\"\n"),
              HasSubstr("write \"inconclusive\", \"fail\" or \"pass\""));
  EXPECT_THAT(policy_error("[gate]\non_data_loss = true\n"), HasSubstr("on_data_loss"));
  EXPECT_THAT(policy_error("gate = 3\n"), HasSubstr("gate: write a table"));
  EXPECT_THAT(policy_error("[gate\n"), HasSubstr("gate.toml:1: not TOML"));
  EXPECT_THAT(load_policy("nowhere.toml").status().message(),
              HasSubstr("nowhere.toml: the policy cannot be read"));
}

}  // namespace
}  // namespace stepscope::analysis
