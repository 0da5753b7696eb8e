// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/recorded_runs.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "tests/support/trace_builder.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::ElementsAre;

class RecordedRuns : public ::testing::Test {
 protected:
  // A run of main processes with these facts beside their role; each has one step.
  FleetRun recorded(const std::vector<std::string>& processes) {
    const std::string directory = dir_.file("run" + std::to_string(runs_++));
    std::filesystem::create_directory(directory);
    for (size_t i = 0; i < processes.size(); ++i) {
      testing::write_recording(directory + "/main" + std::to_string(i) + ".stepscope",
                               "meta process.role main\nlane 1 thread main tid=100\n"
                               "anchor monotonic_raw_ns=0 realtime_ns=1795800000s\n" +
                                   processes[i] + "step lane=1 start_ns=1ms index=0 source=1\n");
    }
    const Result<analysis::Run> run = analysis::Run::open(directory, {});
    EXPECT_TRUE(run.ok()) << run.status().message();
    RecordedFleet fleet("runs");
    fleet.add(run.value());
    table_ = fleet.table();
    return table_.runs.at(0);
  }
  RunOutcome outcome_of_run(const std::vector<std::string>& processes) { return recorded(processes).outcome; }
  std::vector<std::string> values(const FleetRun& run, const std::string& attribute) {
    const auto found = std::find(table_.attributes.begin(), table_.attributes.end(), attribute);
    return run.values.at(static_cast<size_t>(found - table_.attributes.begin()));
  }
  testing::TempDir dir_;
  FleetTable table_;
  size_t runs_ = 0;
};

TEST_F(RecordedRuns, EndedAsTheirCommandsDid) {
  EXPECT_EQ(outcome_of_run({"meta job.exit_code 0\n"}), RunOutcome::kOk);
  EXPECT_EQ(outcome_of_run({"meta job.exit_code 1\nmeta exit.code 0\n"}), RunOutcome::kFailed)
      << "what the command says counts";
  EXPECT_EQ(outcome_of_run({"meta job.exit_code 143\n"}), RunOutcome::kCancelled);
  EXPECT_EQ(outcome_of_run({"meta job.exit_code 143\n", "meta job.exit_code 1\n"}), RunOutcome::kFailed)
      << "the launcher ends the others where one fails";
}

TEST_F(RecordedRuns, EndedAsTheirProcessesDidWhereNobodySawTheCommand) {
  EXPECT_EQ(outcome_of_run({"meta exit.code 0\n", "meta exit.code 0\n"}), RunOutcome::kOk);
  EXPECT_EQ(outcome_of_run({"meta exit.code 0\n", "meta exit.signal 9\n"}), RunOutcome::kFailed);
  EXPECT_EQ(outcome_of_run({"meta exit.signal 15\n"}), RunOutcome::kCancelled);
  EXPECT_EQ(outcome_of_run({"meta exit.code 0\n", ""}), RunOutcome::kUnknown) << "the second just stops";
}

TEST_F(RecordedRuns, KnowWhatTheyRanOn) {
  const FleetRun run =
      recorded({"meta process.host h1\nmeta nvml.driver 550.54\nmeta job.id 77\nmeta exit.code 3\n"
                "meta device.0.uuid GPU-a\nmeta device.1.uuid GPU-b\n",
                "meta process.host h2\nmeta nvml.driver 550.54\nmeta exit.signal 11\n"});
  EXPECT_THAT(values(run, "host"), ElementsAre("h1", "h2"));
  EXPECT_THAT(values(run, "gpu"), ElementsAre("GPU-a", "GPU-b"));
  EXPECT_THAT(values(run, "driver"), ElementsAre("550.54"));
  EXPECT_THAT(values(run, "image"), ElementsAre()) << "not recorded: not known";
  EXPECT_THAT(values(run, "signal"), ElementsAre("11"));
  EXPECT_THAT(values(run, "exit_code"), ElementsAre("3"));
  EXPECT_EQ(run.job, "77");
  EXPECT_EQ(run.started.substr(0, 10), "2026-11-27");
}

}  // namespace
}  // namespace stepscope::analysis
