// SPDX-License-Identifier: Apache-2.0
//
// The CUDA stand-ins themselves, without stepscope: what a job puts in comes out as records, in every version of CUPTI, and
// every rule they keep is really kept. A test of the collector that passes on stand-ins nobody tested proves nothing.
#include <algorithm>
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/cuda_job.hpp"

namespace stepscope::testing {
namespace {

constexpr char kAllKinds[] = "8,9,10,1,2,22,5,4,11,17,36,37,38,39,49,52";

class CudaFakes : public ::testing::Test {
 protected:
  CudaFakes() : files_(scratch_.path()) {}

  JobOutcome run(const std::string& version, std::vector<std::string> job, const Environment& extra = {},
                 const char* program = FAKE_CUDA_JOB) {
    Environment environment = cuda_environment(version, files_);
    environment["CUDA_INJECTION64_PATH"] = FAKE_CUDA_TOOL;
    environment["FAKE_TOOL_OUT"] = scratch_.file("records");
    environment["FAKE_TOOL_KINDS"] = kAllKinds;
    environment["LD_PRELOAD"] = "";
    for (const auto& [name, value] : extra) {
      environment[name] = value;
    }
    job.insert(job.begin(), program);
    job.push_back("truth=" + files_.truth);
    job.push_back("marks=no");
    return understand(run_program(job, environment), files_);
  }

  [[nodiscard]] std::vector<std::string> records() const {
    std::vector<std::string> lines;
    std::istringstream text(read_text(scratch_.file("records")));
    for (std::string line; std::getline(text, line);) {
      lines.push_back(line);
    }
    return lines;
  }

  [[nodiscard]] std::vector<std::string> records(const std::string& type) const {
    std::vector<std::string> found = records();
    std::erase_if(found, [&](const std::string& line) { return line.rfind(type + " ", 0) != 0; });
    return found;
  }

  [[nodiscard]] bool recorded(const std::string& line) const {
    std::vector<std::string> all = records();
    return std::find(all.begin(), all.end(), line) != all.end();
  }

  TempDir scratch_;
  CudaFiles files_;
};

// The work of a job as the tool prints it, sorted.
std::vector<std::string> expected(const JobOutcome& job, const std::string& type) {
  std::vector<std::string> lines;
  for (const TrueWork& work : job.work) {
    if (work.type == type) {
      std::ostringstream line;
      line << work.type << ' ' << work.start << ' ' << work.end << ' ' << work.device << ' ' << work.context
           << ' ' << work.stream << ' ' << work.correlation << ' ' << work.graph << ' ' << work.node << ' '
           << work.bytes << ' ' << work.name;
      lines.push_back(line.str());
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

class EveryVersion : public CudaFakes, public ::testing::WithParamInterface<std::string> {};

INSTANTIATE_TEST_SUITE_P(Cupti, EveryVersion, ::testing::ValuesIn(cupti_versions()), [](const auto& version) {
  std::string name = version.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST_P(EveryVersion, WhatAJobDoesComesOutAsRecords) {
  JobOutcome job = run(GetParam(), {"threads=4", "steps=5", "peer_copies=2", "graphs=2", "events=1",
                                    "allocations=1", "compilations=1", "contexts=2"});
  ASSERT_EQ(job.process.exit_code, 0) << job.process;
  EXPECT_EQ(job.violations, "");
  for (const std::string type : {"kernel", "memcpy", "memset"}) {
    EXPECT_EQ(sorted(records(type)), expected(job, type)) << type;
    EXPECT_EQ(records(type).size(), job.totals[type].count) << type;
  }
  EXPECT_EQ(job.totals["kernel"].count, 4U * 5 * (40 + 2 * 12));
  // 48 pieces of work and graph launches, 1 sync, 3 event calls and 2 memory calls per thread and step.
  EXPECT_EQ(records("runtime").size(), 4U * 5 * (40 + 2 + 2 + 1 + 2 + 1 + 3 + 2));
  EXPECT_TRUE(recorded("other 52")) << "the compilation";
  EXPECT_EQ(records().back(), "end 0 dropped 0");
}

TEST_P(EveryVersion, DisorderLosesNothing) {
  JobOutcome job =
      run(GetParam(), {"threads=8", "steps=4"},
          {{"FAKE_CUPTI_SHUFFLE", "1"}, {"FAKE_CUPTI_HOLD_BACK", "1"}, {"FAKE_TOOL_KINDS", "10,5"}});
  EXPECT_EQ(job.violations, "");
  EXPECT_EQ(sorted(records("kernel")), expected(job, "kernel"));
  EXPECT_NE(records("kernel"), sorted(records("kernel")));
}

TEST_P(EveryVersion, GraphLevelHidesTheNodes) {
  JobOutcome job = run(GetParam(), {"graphs=3", "steps=2"}, {{"FAKE_TOOL_KINDS", "10,51"}});
  EXPECT_EQ(records("graph").size(), 6U);
  EXPECT_EQ(records("kernel").size(), 2U * 40);
  EXPECT_EQ(job.totals["graph"].count, 6U);
}

TEST_F(CudaFakes, CorrelationIdsNeedRecordedCalls) {
  run("13.0", {"steps=1"}, {{"FAKE_TOOL_KINDS", "10"}});
  for (const std::string& kernel : records("kernel")) {
    EXPECT_THAT(kernel, ::testing::HasSubstr(" 0 0 0 0 "));  // correlation, graph, node, bytes
  }
}

TEST_F(CudaFakes, OneThreadFewBuffersManyThreadsMany) {
  JobOutcome shared = run("12.8", {"threads=64", "steps=1", "kernels=4"}, {{"FAKE_TOOL_KINDS", "10"}});
  JobOutcome own = run("13.0", {"threads=64", "steps=1", "kernels=4"}, {{"FAKE_TOOL_KINDS", "10"}});
  EXPECT_LE(shared.report["buffers_requested"], 8U);
  EXPECT_GE(own.report["buffers_requested"], 64U);
  EXPECT_EQ(own.violations + shared.violations, "");
}

TEST_F(CudaFakes, DropsAreCountedAndTold) {
  JobOutcome job = run("13.0", {"steps=5"}, {{"FAKE_CUPTI_DROP_EVERY", "10"}, {"FAKE_TOOL_KINDS", "10"}});
  EXPECT_EQ(job.totals["kernel"].count, 200U);
  EXPECT_EQ(records("kernel").size(), 180U);
  EXPECT_EQ(records().back(), "end 0 dropped 20");
}

TEST_F(CudaFakes, TruncatedBuffersEndEarly) {
  JobOutcome job = run("13.0", {"steps=5"}, {{"FAKE_CUPTI_TRUNCATE", "1"}, {"FAKE_TOOL_KINDS", "10"}});
  EXPECT_GT(job.report["buffers_truncated"], 0U);
  EXPECT_EQ(records("kernel").size(), 200U - job.report["buffers_truncated"]);
}

TEST_F(CudaFakes, OddKernelsComeAsCuptiHasBeenSeenToDeliverThem) {
  run("13.0", {"steps=3"}, {{"FAKE_CUPTI_ODD_EVERY", "10"}, {"FAKE_TOOL_KINDS", "10"}});
  std::vector<std::string> kernels = records("kernel");
  EXPECT_EQ(std::count_if(kernels.begin(), kernels.end(),
                          [](const std::string& k) { return k.find("(null)") != std::string::npos; }),
            4);
  EXPECT_EQ(std::count_if(kernels.begin(), kernels.end(),
                          [](const std::string& k) { return k.rfind("kernel 0 0 ", 0) == 0; }),
            4);
}

TEST_F(CudaFakes, AForcedFlushBringsWhatIsStillRunning) {
  run("13.0", {"steps=1", "kernels=3", "kernel_ns=500000000", "sync=none", "streams=1"},
      {{"FAKE_TOOL_KINDS", "10"}});
  std::vector<std::string> kernels = records("kernel");
  ASSERT_EQ(kernels.size(), 3U);
  for (const std::string& kernel : kernels) {
    EXPECT_THAT(kernel, ::testing::MatchesRegex("kernel [1-9][0-9]* 0 .*"));
  }
}

TEST_F(CudaFakes, TheFatalStateIsToldOnceAndEndsEverything) {
  JobOutcome job = run("13.0", {"steps=3"}, {{"FAKE_CUPTI_FATAL_AFTER", "50"}, {"FAKE_TOOL_KINDS", "10"}});
  EXPECT_EQ(job.process.exit_code, 0);
  EXPECT_TRUE(recorded("fatal"));
  EXPECT_EQ(records().back(), "end 999 dropped 0");
}

TEST_F(CudaFakes, ResultsComeAsAskedFor) {
  for (const char* result : {"39", "35", "999"}) {
    run("13.0", {"steps=1"}, {{"FAKE_CUPTI_SUBSCRIBE", result}});
    EXPECT_EQ(records().front(), std::string("subscribe ") + result);
  }
  run("13.0", {"steps=1"}, {{"FAKE_CUPTI_ENABLE_FAILS", "36=27,38"}, {"FAKE_TOOL_KINDS", "10,36,38"}});
  EXPECT_TRUE(recorded("enable 10 0"));
  EXPECT_TRUE(recorded("enable 36 27"));
  EXPECT_TRUE(recorded("enable 38 999"));
}

TEST_F(CudaFakes, ASecondProfilerIsRefusedAndStaysRefused) {
  JobOutcome job = run("13.0", {"steps=4", "kineto_from=1", "kineto_to=2", "kineto_again=3"});
  EXPECT_THAT(job.kineto_starts, ::testing::ElementsAre(39, 39));
  EXPECT_EQ(job.violations, "");
}

TEST_F(CudaFakes, AloneTheOtherProfilerCountsEverything) {
  for (const std::string& version : cupti_versions()) {
    JobOutcome job = run(version, {"steps=4", "threads=3", "kineto_from=0"}, {{"CUDA_INJECTION64_PATH", ""}});
    ASSERT_EQ(job.kineto_kernels.size(), 1U);
    EXPECT_EQ(job.kineto_kernels[0], job.totals["kernel"]) << version;
  }
}

TEST_F(CudaFakes, LinkedOrOpenedLateIsTheSame) {
  for (const char* program : {FAKE_CUDA_JOB, FAKE_CUDA_JOB_LINKED}) {
    JobOutcome job = run("13.0", {"steps=2"}, {}, program);
    EXPECT_EQ(sorted(records("kernel")), expected(job, "kernel")) << program;
  }
}

TEST_F(CudaFakes, NoCudaNoJob) {
  JobOutcome job =
      run("13.0", {"steps=1"}, {{"LD_LIBRARY_PATH", std::string(FAKE_CUDA_LIBRARIES) + "/cupti-13.0"}});
  EXPECT_EQ(job.process.exit_code, 97);
}

TEST_F(CudaFakes, OlderVersionsLackNewerFunctions) {
  auto exported = [](const std::string& version, const char* function) {
    std::string directory = std::string(FAKE_CUDA_LIBRARIES) + "/cupti-" + version;
    return run_program(
               {"sh", "-c", "nm -D --defined-only " + directory + "/libcupti.so | grep -qw " + function})
               .exit_code == 0;
  };
  EXPECT_FALSE(exported("12.4", "cuptiActivityEnableRuntimeApi"));
  EXPECT_TRUE(exported("12.8", "cuptiActivityEnableRuntimeApi"));
  EXPECT_FALSE(exported("12.8", "cuptiSubscribe_v2"));
  EXPECT_TRUE(exported("13.0", "cuptiSubscribe_v2"));
  EXPECT_TRUE(exported("11.8", "cuptiActivityFlushAll"));
}

TEST_F(CudaFakes, DriverCallsInsideRuntimeCallsAreToldOnlyOnRequest) {
  JobOutcome job = run("13.0", {"steps=2", "graphs=1"});
  EXPECT_TRUE(records("driver").empty());
  JobOutcome nested = run("13.0", {"steps=2", "graphs=1"}, {{"FAKE_CUDA_NESTED", "1"}});
  EXPECT_EQ(records("driver").size(), records("runtime").size());
  EXPECT_EQ(sorted(records("kernel")), expected(nested, "kernel"));
  run("13.0", {"steps=2", "graphs=1", "through=driver", "copies=0", "memsets=0", "sync=none"});
  EXPECT_EQ(records("driver").size(), 2U * (40 + 1));
  EXPECT_TRUE(records("runtime").empty());
}

// --- the rules ---

TEST_F(CudaFakes, AForkedChildHasNoCuda) {
  JobOutcome job = run("13.0", {"steps=2", "fork_at=1"});
  EXPECT_EQ(job.child_status, 0);
  EXPECT_THAT(job.violations, ::testing::HasSubstr("CUPTI called in a forked child"))
      << "this tool flushes at exit, in the child too";
}

struct Sin {
  const char* what;
  const char* version;
  const char* told;
  int signal;
};

TEST_F(CudaFakes, BrokenRulesAreTold) {
  for (const Sin& sin :
       {Sin{"a CUDA call in InitializeInjection", "13.0", "InitializeInjection", SIGABRT},
        Sin{"flush in bufferRequested", "13.0", "FlushAll from within a buffer callback", SIGABRT},
        Sin{"flush in bufferCompleted", "12.0", "FlushAll from within a buffer callback", SIGABRT},
        Sin{"no buffer", "12.8", "returned no buffer", SIGABRT}, Sin{"no buffer", "13.0", "", 0},
        Sin{"a dirty buffer", "13.0", "old contents", 0}}) {
    std::remove(files_.violations.c_str());
    JobOutcome job = run(sin.version, {"steps=2", "threads=2"}, {{"FAKE_TOOL_SIN", sin.what}});
    EXPECT_EQ(job.process.signal, sin.signal) << sin.what << job.process;
    EXPECT_THAT(job.violations, ::testing::HasSubstr(sin.told)) << sin.what;
    EXPECT_EQ(job.violations.empty(), sin.told[0] == '\0') << sin.what << job.violations;
  }
}

TEST_F(CudaFakes, ABufferGivenOutTwiceIsCounted) {
  JobOutcome job = run("13.0", {"steps=2", "threads=3"}, {{"FAKE_TOOL_SIN", "the same buffer twice"}});
  EXPECT_GT(job.report["buffers_given_twice"], 0U);
  EXPECT_EQ(run("13.0", {"steps=2", "threads=3"}).report["buffers_given_twice"], 0U);
}

}  // namespace
}  // namespace stepscope::testing
