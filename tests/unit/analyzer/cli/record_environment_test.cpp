// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/record_environment.hpp"

#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stepscope::analysis::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const RecordSettings kSettings{"/run", "/lib/libstepscope.so", "kernels", "", 0};

std::vector<std::string> variables(const std::vector<std::string>& current,
                                   const RecordSettings& settings = kSettings) {
  return record_environment(settings, current).value().variables;
}

TEST(RecordEnvironment, SetsEveryDoor) {
  EXPECT_THAT(
      variables({"HOME=/root"}),
      ElementsAre("HOME=/root", "STEPSCOPE_DIR=/run", "STEPSCOPE_LIBRARY=/lib/libstepscope.so",
                  "STEPSCOPE_LEVEL=kernels", "STEPSCOPE_CUPTI=hold", "LD_PRELOAD=/lib/libstepscope.so",
                  "CUDA_INJECTION64_PATH=/lib/libstepscope.so", "NVTX_INJECTION64_PATH=/lib/libstepscope.so",
                  "NCCL_PROFILER_PLUGIN=/lib/libstepscope.so"));
}

TEST(RecordEnvironment, ChainsAnotherPreloadBehindOurs) {
  const std::vector<std::string> result = variables({"LD_PRELOAD=/a.so /b.so"});
  EXPECT_THAT(result, Contains("LD_PRELOAD=/lib/libstepscope.so:/a.so:/b.so"));
  EXPECT_THAT(result, Contains("STEPSCOPE_DISPLACED_LD_PRELOAD=/a.so:/b.so"));
}

TEST(RecordEnvironment, InsideARecordItDoesNotPreloadTwice) {
  const std::vector<std::string> outer = variables({"LD_PRELOAD=/a.so"});
  const std::vector<std::string> inner = variables(outer);
  EXPECT_THAT(inner, Contains("LD_PRELOAD=/lib/libstepscope.so:/a.so"));
  EXPECT_EQ(inner, outer);
}

TEST(RecordEnvironment, LeavesDoorsThatAnotherToolHolds) {
  const RecordEnvironment result =
      record_environment(kSettings, {"NVTX_INJECTION64_PATH=/nsys.so", "CUDA_INJECTION64_PATH="}).value();
  EXPECT_THAT(result.variables, Contains("NVTX_INJECTION64_PATH=/nsys.so"));
  EXPECT_THAT(result.variables, Contains("CUDA_INJECTION64_PATH=/lib/libstepscope.so"));
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("NVTX_INJECTION64_PATH=/nsys.so")));
}

TEST(RecordEnvironment, ChainsAnotherNcclPluginBehindOurs) {
  for (const std::string plugin : {"inspector", "/opt/libnccl-profiler.so", "nonesuch"}) {
    const RecordEnvironment result =
        record_environment(kSettings, {"NCCL_PROFILER_PLUGIN=" + plugin}).value();
    EXPECT_THAT(result.variables, Contains("NCCL_PROFILER_PLUGIN=/lib/libstepscope.so"));
    EXPECT_THAT(result.variables, Contains("STEPSCOPE_CHAINED_NCCL_PROFILER_PLUGIN=" + plugin));
    EXPECT_THAT(result.notes, IsEmpty());
    EXPECT_EQ(variables(result.variables), result.variables) << "a record inside a record chains the same";
  }
}

TEST(RecordEnvironment, LeavesAnNcclPluginThatIsNoLibrary) {
  for (const std::string plugin : {"none", "NONE", "STATIC_PLUGIN", "static", "s"}) {
    const RecordEnvironment result =
        record_environment(kSettings, {"NCCL_PROFILER_PLUGIN=" + plugin}).value();
    EXPECT_THAT(result.variables, Contains("NCCL_PROFILER_PLUGIN=" + plugin));
    EXPECT_THAT(result.variables, Not(Contains(StartsWith("STEPSCOPE_CHAINED"))));
    EXPECT_THAT(result.notes, ElementsAre(HasSubstr("NCCL_PROFILER_PLUGIN=" + plugin)));
  }
}

TEST(RecordEnvironment, APluginThatIsNoLongerAskedForIsNotChained) {
  EXPECT_THAT(variables({"STEPSCOPE_CHAINED_NCCL_PROFILER_PLUGIN=old"}),
              Not(Contains(StartsWith("STEPSCOPE_CHAINED"))));
}

TEST(RecordEnvironment, OptionsOfAnOuterRecordDoNotLeakIn) {
  RecordSettings settings = kSettings;
  settings.window = "3:5";
  settings.python_samples = 100;
  const std::vector<std::string> outer = variables({}, settings);
  EXPECT_THAT(outer, Contains("STEPSCOPE_WINDOW=3:5"));
  EXPECT_THAT(outer, Contains("STEPSCOPE_PYTHON_SAMPLE=100"));
  const std::vector<std::string> inner = variables(outer);
  EXPECT_THAT(inner, Not(Contains(StartsWith("STEPSCOPE_WINDOW="))));
  EXPECT_THAT(inner, Not(Contains(StartsWith("STEPSCOPE_PYTHON_SAMPLE="))));
}

TEST(RecordEnvironment, SaysWhenTheCollectorIsSwitchedOff) {
  EXPECT_THAT(record_environment(kSettings, {"STEPSCOPE_DISABLE=1"}).value().notes,
              ElementsAre(HasSubstr("STEPSCOPE_DISABLE")));
  EXPECT_THAT(record_environment(kSettings, {}).value().notes, IsEmpty());
}

TEST(RecordEnvironment, RefusesALibraryPathThatTheLoaderWouldSplit) {
  for (const std::string path : {"/my lib/libstepscope.so", "/a:b/libstepscope.so"}) {
    RecordSettings settings = kSettings;
    settings.library = path;
    const Result<RecordEnvironment> result = record_environment(settings, {});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), Code::kUsage);
    EXPECT_THAT(result.status().message(), HasSubstr(path));
  }
}

TEST(RecordEnvironment, AVariableWhoseNameOnlyStartsLikeOursIsAnother) {
  EXPECT_THAT(variables({"LD_PRELOAD_EXTRA=x"}), Contains("LD_PRELOAD_EXTRA=x"));
}

TEST(Window, EitherSideMayBeLeftOut) {
  EXPECT_EQ(parse_window("3:5").value().first, 3);
  EXPECT_EQ(parse_window("3:5").value().last, 5);
  EXPECT_EQ(parse_window(":5").value().first, 0);
  EXPECT_EQ(parse_window("3:").value().last, INT64_MAX);
  EXPECT_EQ(parse_window("4:4").value().last, 4);
}

TEST(Window, NonsenseIsRefused) {
  for (const std::string text :
       {"", ":", "3", "5:3", "a:b", "1:2:3", "-1:4", "1: 2", "99999999999999999999:"}) {
    EXPECT_FALSE(parse_window(text).ok()) << text;
  }
}

}  // namespace
}  // namespace stepscope::analysis::cli
