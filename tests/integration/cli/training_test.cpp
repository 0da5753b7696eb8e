// SPDX-License-Identifier: Apache-2.0
//
// The whole way, once, on real PyTorch: record a job and a slower one, report, compare, query.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/golden/cli/program.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

using nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kPython = "/usr/bin/python3";  // the distribution's, which has the distribution's torch
constexpr double kBaseMs = 8;                        // per batch; two workers deliver one every half of it
constexpr double kSlowMs = 48;
constexpr int kSteps = 60;

class Training : public ::testing::Test {
 protected:
  void SetUp() override {
    Invocation probe;
    probe.command = {kPython, "-c", "import torch"};
    if (run(probe).exit_code != 0) {
      GTEST_SKIP() << kPython << " has no torch (Debian: python3-torch)";
    }
  }
  Outcome record(const std::string& name, double batch_ms) {
    return stepscope({"record", "-o", name, "--", kPython, STEPSCOPE_TEST_TRAIN, std::to_string(batch_ms),
                      std::to_string(kSteps)},
                     dir_.path());
  }
  ordered_json json_of(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    return ordered_json::parse(stepscope(arguments, dir_.path()).out);
  }
  TempDir dir_;
};

TEST_F(Training, ASlowerDatasetIsFoundAndItsSizeIsRight) {
  for (const auto& [name, batch_ms] : {std::pair("base", kBaseMs), std::pair("slow", kSlowMs)}) {
    const Outcome recorded = record(name, batch_ms);
    EXPECT_EQ(recorded.exit_code, 0);
    EXPECT_EQ(recorded.out, "trained 60\n");
    EXPECT_THAT(recorded.err, HasSubstr("3 processes, 59 steps, median ")) << recorded.err;
  }
  const ordered_json info = json_of({"info", "slow"});
  EXPECT_EQ(info["processes"].size(), 3U);
  for (const ordered_json& loss : info["losses"]) {
    EXPECT_EQ(loss["severity"], "info") << loss.dump();
  }

  const ordered_json report = json_of({"report", "slow"});
  EXPECT_EQ(report["ledger"]["residual_ns"], 0);
  EXPECT_EQ(report["supply"]["workers"].size(), 2U);
  EXPECT_EQ(report["loader"]["num_workers"], 2);
  EXPECT_NEAR(report["supply"]["mean"]["blocked_ns"].get<double>() / 1e6, kSlowMs, 0.2 * kSlowMs);

  const Outcome text = stepscope({"diff", "base", "--vs", "slow"}, dir_.path());
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("main cause: data.blocked +"));
  const ordered_json diff = json_of({"diff", "base", "--vs", "slow"});
  EXPECT_EQ(diff["residual_ns"], 0);
  EXPECT_EQ(diff["terms"][0]["leaf"], "data.blocked");
  EXPECT_GT(diff["terms"][0]["delta_ns"].get<double>() / 1e6, 0.5 * (kSlowMs - kBaseMs) / 2);

  EXPECT_EQ(stepscope({"selfcheck", "slow"}, dir_.path()).exit_code, 0);
  const ordered_json batches = json_of({"sql", "slow", "SELECT count(*) FROM batch_fetch"});
  EXPECT_EQ(batches["rows"][0][0], kSteps);
}

// Twice as many tokens per step, from batches whose shape says so: nothing is slower, and nothing else is named. A machine that is
// slower during one of the two runs is slower per token, so it gets three tries to be as fast in both.
TEST_F(Training, LongerSequencesAreNotASlowdown) {
  ordered_json diff;
  std::string text;
  for (int attempt = 0; attempt < 3 && !text.starts_with("longer sequences"); ++attempt) {
    const std::string base = "short-" + std::to_string(attempt);
    const std::string candidate = "long-" + std::to_string(attempt);
    for (const auto& [name, length] : {std::pair(base, 64), std::pair(candidate, 128)}) {
      const Outcome recorded = stepscope({"record", "-o", name, "--", kPython, STEPSCOPE_TEST_SEQUENCES,
                                          std::to_string(length), std::to_string(kSteps)},
                                         dir_.path());
      ASSERT_EQ(recorded.exit_code, 0) << recorded.err;
      EXPECT_EQ(recorded.out, "trained 60\n");
    }
    const Outcome outcome = stepscope({"diff", base, "--vs", candidate}, dir_.path());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    text = outcome.out;
    diff = json_of({"diff", base, "--vs", candidate});
    EXPECT_EQ(diff["residual_ns"], 0);
    EXPECT_EQ(diff["terms"][0]["leaf"], "work");
  }
  EXPECT_THAT(text, StartsWith("longer sequences, not a slowdown: "));
  EXPECT_THAT(text, HasSubstr("\n512 -> 1024 tokens per step (+100.0 %), "));
  EXPECT_EQ(diff["work"]["unit"], "tokens");
  EXPECT_EQ(diff["work"]["explains_step"], true);
  EXPECT_EQ(diff["findings"].size(), 1U) << diff["findings"].dump();
  EXPECT_EQ(diff["findings"][0]["id"], "work");
  for (const ordered_json& term : diff["terms"]) {
    EXPECT_EQ(term["flagged"], term["leaf"] == "work") << term.dump();
  }
}

}  // namespace
}  // namespace stepscope::testing
