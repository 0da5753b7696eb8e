// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the shipped libstepscope.so share: a run directory of their own and programs recorded into it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process.hpp"
#include "tests/support/spool_contents.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {

// Everything a test's own environment could have set.
inline Environment clean_environment() {
  Environment clean;
  for (const char* name :
       {"LD_PRELOAD", "STEPSCOPE_DIR", "STEPSCOPE_DISABLE", "STEPSCOPE_PYTHON_DIR", "PYTHONPATH", "RANK",
        "CUDA_INJECTION64_PATH", "NVTX_INJECTION64_PATH", "NCCL_PROFILER_PLUGIN", "STEPSCOPE_NCCL_MASK",
        "STEPSCOPE_CHAINED_NCCL_PROFILER_PLUGIN"}) {
    clean[name] = "";
  }
  return clean;
}

class CollectorTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string run_directory() const { return scratch_.file("run"); }

  // The environment of a recorded program, as `stepscope record` would set it.
  [[nodiscard]] Environment recorded() const {
    Environment environment = clean_environment();
    environment["LD_PRELOAD"] = STEPSCOPE_LIBRARY;
    environment["STEPSCOPE_DIR"] = run_directory();
    return environment;
  }

  Outcome record(const std::vector<std::string>& command, const Environment& extra = {}) {
    Environment environment = recorded();
    for (const auto& [name, value] : extra) {
      environment[name] = value;
    }
    return run_program(command, environment, scratch_.path());
  }

  Outcome record_program(const std::string& what, const Environment& extra = {}) {
    return record({FAKE_RECORDED_PROGRAM, what}, extra);
  }

  [[nodiscard]] std::vector<SpoolContents> run() const { return read_run(run_directory()); }

  // The only recording of the run; fails the test when there is not exactly one.
  [[nodiscard]] SpoolContents only() const {
    std::vector<SpoolContents> all = run();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? SpoolContents() : all.front();
  }

  TempDir scratch_;
};

// How many ranges have this name.
inline long count_ranges(const SpoolContents& contents, const std::string& name) {
  std::vector<std::string> names = contents.names(trace::Kind::kRange, 2);
  return std::count(names.begin(), names.end(), name);
}

}  // namespace stepscope::testing
