// SPDX-License-Identifier: Apache-2.0
//
// A temporary folder per test, and runs made in it. (Inside a fixture the name Run is taken by GoogleTest.)
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "analyzer/ledger.hpp"
#include "analyzer/run.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/trace_builder.hpp"

namespace stepscope::analysis {

class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    const ::testing::TestInfo* info = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = info->name();
    std::replace(name.begin(), name.end(), '/', '-');  // of a test with parameters
    std::string pattern = ::testing::TempDir() + "analysis-" + name + "-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~RunTest() override { std::filesystem::remove_all(root_); }

  [[nodiscard]] std::string path(const std::string& name) const { return root_ + "/" + name; }

  // A simulated job under this name (see tests/support/job_simulator.hpp), opened.
  analysis::Run job(const std::string& name, const std::string& text) {
    ::stepscope::testing::write_job(path(name), text);
    return open(name);
  }

  // One process written as text (see tests/support/trace_builder.hpp), opened.
  analysis::Run process(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(path(name));
    ::stepscope::testing::write_recording(path(name) + "/main.stepscope",
                                          "meta process.role main\nmeta process.pid 100\n"
                                          "lane 1 thread main tid=100\n" +
                                              text);
    return open(name);
  }

  analysis::Run open(const std::string& name) {
    Result<analysis::Run> run = analysis::Run::open(path(name), {});
    ::stepscope::testing::require(run.status());
    return std::move(run).value();
  }

  static Ledger ledger_of(const analysis::Run& run, Cache cache = Cache::kNone) {
    LedgerOptions options;
    options.cache = cache;
    Result<Ledger> ledger = build_ledger(run, options);
    ::stepscope::testing::require(ledger.status());
    return std::move(ledger).value();
  }

  // Mean over train steps, ms; 0 when the run has no such leaf.
  static double leaf_ms(const Ledger& ledger, std::string_view leaf_name) {
    int64_t mean = 0;
    size_t count = 0;
    const std::vector<int64_t> means = ledger.class_means(StepClass::kTrain, &mean, &count);
    const size_t index = ledger.leaf_index(leaf_name);
    return index < means.size() ? static_cast<double>(means[index]) / 1e6 : 0.0;
  }

  static double step_ms(const Ledger& ledger) {
    int64_t mean = 0;
    size_t count = 0;
    (void)ledger.class_means(StepClass::kTrain, &mean, &count);
    return static_cast<double>(mean) / 1e6;
  }

 private:
  std::string root_;
};

}  // namespace stepscope::analysis
