// SPDX-License-Identifier: Apache-2.0
//
// The whole way of a job that uses a GPU, on the CUDA stand-ins: record it, prove that its ledger adds up, report it, compare
// it with a job whose kernels take longer.
#include <cstdint>
#include <string>
#include <vector>

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

constexpr int kSteps = 30;
constexpr int kKernels = 100;

class GpuJob : public ::testing::Test {
 protected:
  // Records the job on `version` of CUPTI; `out` of the outcome is what the job itself printed.
  Outcome record(const std::string& name, const std::string& version, const std::string& level,
                 const std::vector<std::string>& job) {
    const std::string libraries = FAKE_CUDA_LIBRARIES;
    Invocation invocation;
    invocation.command = {stepscope_path(), "record", "-o", name, "--level", level, "--", FAKE_CUDA_JOB};
    invocation.command.insert(invocation.command.end(), job.begin(), job.end());
    invocation.directory = dir_.path();
    invocation.environment = {
        "LD_LIBRARY_PATH=" + libraries + "/driver:" + libraries + "/cupti-" + version,
        "FAKE_KINETO_CUPTI=libcupti.so." + (version == "11.8" ? version : version.substr(0, 2))};
    return run(invocation);
  }
  static std::vector<std::string> job(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"cupti=loaded",
                                          "steps=" + std::to_string(kSteps),
                                          "kernels=" + std::to_string(kKernels),
                                          "streams=3",
                                          "copies=4",
                                          "graphs=2",
                                          "think_us=500"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  ordered_json json_of(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    return ordered_json::parse(stepscope(arguments, dir_.path()).out);
  }
  TempDir dir_;
};

TEST_F(GpuJob, TheLedgerAddsUpToTheNanosecondAtEveryLevelAndVersion) {
  for (const std::string version : {"11.8", "12.4", "13.3"}) {
    for (const std::string level : {"kernels", "api", "full"}) {
      SCOPED_TRACE(version + " " + level);
      const std::string name = version + level;
      const Outcome recorded = record(name, version, level, job());
      ASSERT_EQ(recorded.exit_code, 0) << recorded.err;
      const Outcome checked = stepscope({"selfcheck", name}, dir_.path());
      EXPECT_EQ(checked.exit_code, 0) << checked.out;
      EXPECT_THAT(checked.out, HasSubstr("residual 0 ns"));
      const ordered_json report = json_of({"report", name});
      EXPECT_EQ(report["ledger"]["residual_ns"], 0);
      EXPECT_GT(report["gpu"]["activity"]["busy_ns"].get<int64_t>(), 0);
      EXPECT_EQ(report["gpu"]["device"], "Fake GPU F100");
      EXPECT_THAT(stepscope({"doctor", name}, dir_.path()).out,
                  HasSubstr(version == "13.3" ? "records user-defined"
                                              : "records classic: CUPTI is older than 13.3"));
    }
  }
}

TEST_F(GpuJob, LevelStepsTouchesNoCupti) {
  const Outcome recorded = record("steps", "13.0", "steps", job());
  ASSERT_EQ(recorded.exit_code, 0) << recorded.err;
  const ordered_json answer = json_of({"sql", "steps", "select count(*) from kernel"});
  EXPECT_EQ(answer["rows"][0][0], 0);
  EXPECT_THAT(stepscope({"doctor", "steps"}, dir_.path()).out, HasSubstr("off: level steps"));
}

TEST_F(GpuJob, SlowerKernelsAreTheCauseOfASlowerStep) {
  ASSERT_EQ(record("base", "13.0", "kernels", job({"kernel_ns=20000", "graphs=0"})).exit_code, 0);
  ASSERT_EQ(record("slow", "13.0", "kernels", job({"kernel_ns=60000", "graphs=0"})).exit_code, 0);
  const ordered_json diff = json_of({"diff", "base", "--vs", "slow"});
  EXPECT_EQ(diff["residual_ns"], 0);
  EXPECT_GT(diff["delta_ns"].get<int64_t>(), 0);
  EXPECT_THAT(diff["terms"][0]["leaf"].get<std::string>(), StartsWith("compute/"));
  EXPECT_TRUE(diff["terms"][0]["flagged"]);
}

TEST_F(GpuJob, ARunWithoutGpuEventsIsNotComparable) {
  ASSERT_EQ(record("base", "13.0", "kernels", job()).exit_code, 0);
  ASSERT_EQ(record("bare", "13.0", "steps", job()).exit_code, 0);
  const Outcome compared = stepscope({"diff", "base", "--vs", "bare"}, dir_.path());
  EXPECT_EQ(compared.exit_code, 4) << compared.out << compared.err;
}

}  // namespace
}  // namespace stepscope::testing
