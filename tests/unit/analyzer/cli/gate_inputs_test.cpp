// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/gate_inputs.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/baseline/baseline_store.hpp"
#include "analyzer/cli/store_path.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/analyzer/baseline/summaries.hpp"

namespace stepscope::analysis::cli {
namespace {

using ::testing::HasSubstr;

constexpr const char* kKey = "0123456789abcdef";

class GateInputs : public ::testing::Test {
 protected:
  // A store in which "main" has runs 1 .. n under kKey.
  void store_of(int n, int64_t expires_ns = 0) {
    Result<BaselineStore> store = BaselineStore::open(file_, BaselineStore::Mode::kAppend);
    ASSERT_TRUE(store.ok()) << store.status().message();
    for (int i = 1; i <= n; ++i) {
      const Result<bool> added = store.value().add("main", summary_of(std::to_string(i), 1'000'000 + i),
                                                   {.by = "test", .now_ns = i, .expires_ns = expires_ns});
      ASSERT_TRUE(added.ok()) << added.status().message();
    }
  }
  Result<GateBase> load(const std::string& name, const std::string& key = kKey, size_t window = 20) {
    return load_base({{name}, file_, window}, key);
  }
  void expect_error(const Result<GateBase>& base, Code code, const std::string& sentence) {
    ASSERT_FALSE(base.ok());
    EXPECT_EQ(base.status().code(), code) << base.status().message();
    EXPECT_THAT(base.status().message(), HasSubstr(sentence));
    EXPECT_THAT(base.status().message(), HasSubstr(file_)) << "names the file";
  }

  ::stepscope::testing::TempDir dir_;
  const std::string file_ = dir_.file("baselines.db");
};

TEST_F(GateInputs, ANameIsTheLastRunsOfTheStore) {
  store_of(5);
  const Result<GateBase> base = load("main", kKey, 3);
  ASSERT_TRUE(base.ok()) << base.status().message();
  ASSERT_EQ(base.value().runs.size(), 3U);
  EXPECT_EQ(base.value().runs[0].id, "3");
  EXPECT_EQ(base.value().runs[2].id, "5");
  EXPECT_TRUE(base.value().recordings.empty());
  EXPECT_FALSE(base.value().noise.has_value());
}

TEST_F(GateInputs, TheNoiseModelComesAlong) {
  store_of(1);
  NoiseModel model;
  model.key = kKey;
  model.runs = {"a", "b", "c"};
  model.run_sd = 0.004;
  {
    Result<BaselineStore> store = BaselineStore::open(file_, BaselineStore::Mode::kAppend);
    ASSERT_TRUE(
        store.value()
            .record_noise_model(kKey, noise_model_to_json(model), {.by = "", .now_ns = 9, .expires_ns = 0})
            .ok());
  }
  const Result<GateBase> base = load("main");
  ASSERT_TRUE(base.ok()) << base.status().message();
  ASSERT_TRUE(base.value().noise.has_value());
  EXPECT_DOUBLE_EQ(base.value().noise->run_sd, 0.004);
}

TEST_F(GateInputs, EachWayToHaveNoBaselineHasItsOwnAnswer) {
  expect_error(load("main"), Code::kUsage, "");
  EXPECT_FALSE(std::filesystem::exists(file_)) << "asking makes no store";
  store_of(2);
  expect_error(load("nightly"), Code::kUsage, "there is no baseline nightly");
  expect_error(load("main", "fedcba9876543210"), Code::kNotComparable,
               "main has no run made under the candidate's conditions");
  ::stepscope::testing::write_bytes(file_, std::string(5000, 'x'));
  expect_error(load("main"), Code::kUnreadable, "");
}

TEST_F(GateInputs, ExpiredRunsAreNoBaseline) {
  store_of(2, 10);
  expect_error(load("main"), Code::kUsage, "all runs of main have expired");
}

TEST_F(GateInputs, AWordIsANameUnlessItIsAPath) {
  EXPECT_TRUE(is_baseline_name({"main"}));
  EXPECT_FALSE(is_baseline_name({"runs/base"}));
  EXPECT_FALSE(is_baseline_name({"base1", "base2"}));
  EXPECT_FALSE(is_baseline_name({dir_.path()}));
}

TEST(StorePath, TheOptionOutranksTheEnvironment) {
  ASSERT_EQ(setenv("STEPSCOPE_BASELINES", "/shared/baselines.db", 1), 0);
  EXPECT_EQ(store_path("mine.db"), "mine.db");
  EXPECT_EQ(store_path(""), "/shared/baselines.db");
  ASSERT_EQ(unsetenv("STEPSCOPE_BASELINES"), 0);
  EXPECT_EQ(store_path(""), "stepscope-baselines.db");
}

}  // namespace
}  // namespace stepscope::analysis::cli
