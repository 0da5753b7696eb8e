// SPDX-License-Identifier: Apache-2.0
//
// Preloaded into a process that no door reaches, the collector is not there: no file, no thread, no descriptor.
#include "tests/integration/collector/collector_test.hpp"

namespace stepscope::testing {
namespace {

using Dormancy = CollectorTest;

TEST_F(Dormancy, AProgramThatUsesNoDoorLeavesNothingBehind) {
  Outcome with = record_program("dormant");
  Outcome without = run_program({FAKE_RECORDED_PROGRAM, "dormant"}, clean_environment(), scratch_.path());

  EXPECT_EQ(with, without);
  EXPECT_THAT(with.out, ::testing::HasSubstr("tasks 1\n"));
  EXPECT_FALSE(std::filesystem::exists(run_directory()));
}

TEST_F(Dormancy, AShellWithManyChildrenLeavesNothingBehind) {
  Outcome outcome = record({"sh", "-c", "for i in 1 2 3; do /bin/true; ls / >/dev/null; done; echo done"});

  EXPECT_EQ(outcome.out, "done\n");
  EXPECT_TRUE(std::filesystem::is_empty(scratch_.path()));
}

TEST_F(Dormancy, AttachingNvtxWithoutAnEventRecordsNothing) {
  Outcome outcome = record({FAKE_NVTX_HOST, "attach"});

  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_FALSE(std::filesystem::exists(run_directory()));
}

TEST_F(Dormancy, DisableKeepsEveryDoorShut) {
  Outcome outcome = record_program("events", {{"STEPSCOPE_DISABLE", "1"}});

  EXPECT_EQ(outcome.exit_code, 3) << outcome;
  EXPECT_FALSE(std::filesystem::exists(run_directory()));
}

TEST_F(Dormancy, ADisabledProcessSetsNoVariables) {
  Outcome outcome = record({"env"}, {{"STEPSCOPE_DISABLE", "1"}});

  EXPECT_THAT(outcome.out, ::testing::Not(::testing::HasSubstr("INJECTION64")));
}

TEST_F(Dormancy, ThePreloadDoorSetsTheOtherDoorsAndNothingElse) {
  Outcome with = record({"env"});
  Outcome without = run_program({"env"}, clean_environment(), scratch_.path());

  std::string library = STEPSCOPE_LIBRARY;
  for (const char* name :
       {"CUDA_INJECTION64_PATH=", "NVTX_INJECTION64_PATH=", "NCCL_PROFILER_PLUGIN=", "LD_PRELOAD="}) {
    EXPECT_THAT(with.out, ::testing::HasSubstr(name + library + "\n"));
  }
  EXPECT_EQ(std::count(with.out.begin(), with.out.end(), '\n'),
            std::count(without.out.begin(), without.out.end(), '\n') + 5);
}

TEST_F(Dormancy, WhatIsSetAlreadyStays) {
  Outcome outcome =
      record({"env"}, {{"NVTX_INJECTION64_PATH", "/opt/other/tool.so"}, {"NCCL_PROFILER_PLUGIN", "none"}});

  EXPECT_THAT(outcome.out, ::testing::HasSubstr("NVTX_INJECTION64_PATH=/opt/other/tool.so\n"));
  EXPECT_THAT(outcome.out, ::testing::HasSubstr("NCCL_PROFILER_PLUGIN=none\n"));
}

TEST_F(Dormancy, WithoutADirectoryTheRunGoesBesideTheProgram) {
  Environment environment = recorded();
  environment["STEPSCOPE_DIR"] = "";
  Outcome outcome = run_program({FAKE_RECORDED_PROGRAM, "events"}, environment, scratch_.path());

  std::string expected = scratch_.file("stepscope-run-" + std::to_string(outcome.pid));
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(read_run(expected).size(), 1U);
}

TEST_F(Dormancy, ARelativeDirectoryMeansThePlaceWhereTheProgramStarted) {
  Outcome outcome =
      record({"sh", "-c", "cd / && exec " FAKE_RECORDED_PROGRAM " events"}, {{"STEPSCOPE_DIR", "here"}});

  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(read_run(scratch_.file("here")).size(), 1U);
}

TEST_F(Dormancy, ADirectoryThatCannotBeMadeChangesNothingForTheProgram) {
  Outcome with = record_program("events", {{"STEPSCOPE_DIR", "/proc/nowhere/run"}});
  Outcome without = run_program({FAKE_RECORDED_PROGRAM, "events"}, clean_environment(), scratch_.path());

  EXPECT_EQ(with, without);
}

TEST_F(Dormancy, OnlyPythonGetsThePythonHooks) {
  Outcome shell = record({"sh", "-c", "echo ${PYTHONPATH-unset}"});
  Outcome python = record({"/usr/bin/python3", "-S", "-c", "import os; print(os.environ.get('PYTHONPATH'))"},
                          {{"PYTHONPATH", "/my/own"}});

  EXPECT_EQ(shell.out, "unset\n");
  EXPECT_THAT(python.out, ::testing::EndsWith("/python:/my/own\n"));
}

}  // namespace
}  // namespace stepscope::testing
