// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/import_run.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"
#include "tests/support/gzip.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string trace_of(const std::string& extra, int64_t base_ns) {
  return R"({"schemaVersion":1,"baseTimeNanoseconds":)" + std::to_string(base_ns) + extra +
         R"(,"traceEvents":[{"ph":"X","cat":"user_annotation","name":"ProfilerStep#1","pid":9,"tid":9,"ts":100,"dur":50},
         {"ph":"X","cat":"user_annotation","name":"ProfilerStep#2","pid":9,"tid":9,"ts":151,"dur":50},
         {"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":110,"dur":20,"args":{"device":0,"stream":7}}]})";
}

class RunImports : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes) {
    fs::create_directories(fs::path(dir_.file(name)).parent_path());
    testing::write_bytes(dir_.file(name), bytes);
    return dir_.file(name);
  }
  trace::Result<ImportedRun> import(const std::vector<std::string>& files) {
    fs::create_directory(out());
    return import_run(files, out(), {});
  }
  [[nodiscard]] std::string out() const { return dir_.file("run"); }
  testing::TempDir dir_;
};

TEST_F(RunImports, FilesAreTheRanksOfOneRun) {
  constexpr int64_t kBase = 1700000000000000000;
  const std::string one =
      write("a/trace.pt.trace.json", trace_of(R"(,"distributedInfo":{"rank":1,"world_size":2})", kBase));
  const std::string zero =
      write("b/trace.pt.trace.json.gz",
            testing::gzip_bytes(trace_of(R"(,"distributedInfo":{"rank":0,"world_size":2})", kBase + 7000)));
  const trace::Result<ImportedRun> imported = import({one, zero});
  ASSERT_TRUE(imported.ok()) << imported.status().message();
  EXPECT_EQ(imported.value().files[0].recording, out() + "/trace.stepscope");
  EXPECT_EQ(imported.value().files[1].recording, out() + "/trace-2.stepscope");

  const analysis::Run run = std::move(analysis::Run::open(out(), {})).value();
  ASSERT_EQ(run.processes().size(), 2U);
  EXPECT_EQ(run.processes()[0].rank, 0);
  EXPECT_EQ(run.processes()[1].world_size, 2);
  EXPECT_EQ(run.processes()[0].pid, 9U);
  // Each trace counts from a base of its own: on the run's timeline rank 1 began 7 us earlier.
  EXPECT_EQ(run.processes()[1].first_ns - run.processes()[0].first_ns, -7000);
  const Steps steps = find_steps(run, {}).value();
  ASSERT_EQ(steps.total(), 4U);
  EXPECT_EQ(steps.processes[0].method, StepMethod::kProfiler);
  EXPECT_EQ(steps.processes[0].steps[0].number, 1);
  EXPECT_EQ(steps.processes[0].steps[0].duration_ns(), 51000);
}

TEST_F(RunImports, TracesThatDoNotSayTheirRankAreNumberedInOrder) {
  const trace::Result<ImportedRun> imported =
      import({write("x.json", trace_of("", 0)), write("y.json", trace_of("", 0))});
  ASSERT_TRUE(imported.ok());
  EXPECT_EQ(imported.value().files[1].rank, 1);
  const analysis::Run run = std::move(analysis::Run::open(out(), {})).value();
  EXPECT_THAT(run.losses(), ::testing::Contains(::testing::Field(&RunLoss::counter, "import.rank_unknown")));
}

TEST_F(RunImports, TwoTracesOfOneRankAreTwoRuns) {
  const std::string a = write("a.json", trace_of(R"(,"distributedInfo":{"rank":1})", 0));
  const std::string b = write("b.json", trace_of(R"(,"distributedInfo":{"rank":1})", 0));
  const trace::Result<ImportedRun> imported = import({a, b});
  EXPECT_EQ(imported.status().code(), trace::Code::kUsage);
  EXPECT_THAT(imported.status().message(),
              HasSubstr("are both of rank 1; import each into a run of its own"));
  EXPECT_TRUE(fs::is_empty(out())) << "half a run is no run";
}

TEST_F(RunImports, AFileThatCannotBeReadLeavesNothingBehind) {
  const trace::Result<ImportedRun> imported =
      import({write("a.json", trace_of("", 0)), write("b.json", "{")});
  EXPECT_EQ(imported.status().code(), trace::Code::kUnreadable);
  EXPECT_TRUE(fs::is_empty(out()));
  EXPECT_EQ(import({}).status().code(), trace::Code::kUsage);
}

TEST_F(RunImports, TheSameTraceGivesTheSameBytes) {
  const std::string file = write("a.json", trace_of("", 5));
  ASSERT_TRUE(import({file}).ok());
  const std::string first = testing::read_bytes(out() + "/a.stepscope");
  fs::remove(out() + "/a.stepscope");
  ASSERT_TRUE(import({file}).ok());
  EXPECT_TRUE(testing::read_bytes(out() + "/a.stepscope") == first);
}

TEST_F(RunImports, ProgressEndsAtTheSizeOfAllFiles) {
  const std::vector<std::string> files = {write("a.json", trace_of("", 0)), write("b.json", trace_of("", 0))};
  fs::create_directory(out());
  uint64_t last = 0;
  uint64_t size = 0;
  ImportOptions options;
  options.progress = [&](uint64_t done, uint64_t total) {
    EXPECT_GE(done, last);
    last = done;
    size = total;
  };
  ASSERT_TRUE(import_run(files, out(), options).ok());
  EXPECT_EQ(last, size);
  EXPECT_EQ(size, fs::file_size(files[0]) + fs::file_size(files[1]));
}

}  // namespace
}  // namespace stepscope::analysis
