// SPDX-License-Identifier: Apache-2.0
//
// `stepscope import` as its users see it, on a small trace: what it prints, and that the other commands read the result.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/golden/cli/program.hpp"
#include "tests/support/flight_dump.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using ::testing::HasSubstr;

// What is profiled of a job.
struct Profile {
  int steps = 8;  // from step 10 on
  std::string gpu = "Example GPU";
  std::string product = "sm90_xmma_gemm_f32";  // the matrix product's kernel
};

// A training loop as torch.profiler shows it: per step 10 ms of waiting for data on a busy host, 20 kernels of `kernel_us`
// that the host launches 10 us apart, a copy, an all-reduce, and a synchronisation at the end.
std::string write_trace(const std::string& path, int64_t data_us, int64_t kernel_us,
                        const Profile& profile = {}) {
  std::string events;
  int64_t id = 0;
  const auto event = [&](const std::string& category, const std::string& name, const std::string& where,
                         int64_t ts, int64_t dur, const std::string& args) {
    events += (events.empty() ? "" : ",\n") + std::string(R"({"ph":"X","cat":")") + category +
              R"(","name":")" + name + R"(",)" + where + R"(,"ts":)" + std::to_string(ts) +
              ".125,\"dur\":" + std::to_string(dur) + R"(,"args":{)" + args + "}}";
  };
  const std::string host = R"("pid":500,"tid":500)";
  const std::string gpu = R"("pid":0,"tid":7)";
  const std::string stream = R"("device":0,"context":1,"stream":7,"correlation":)";
  int64_t now = 1000;
  for (int step = 10; step < 10 + profile.steps; ++step) {
    const int64_t begin = now;
    event("user_annotation", "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__", host, now,
          data_us, "");
    now += data_us;
    int64_t gpu_free = now;
    for (int k = 0; k < 20; ++k) {
      event("cpu_op", "aten::mm", host, now, 9, "\"External id\":1");
      event("cuda_runtime", "cudaLaunchKernel", host, now + 2, 5, "\"correlation\":" + std::to_string(++id));
      const int64_t start = std::max(gpu_free, now + 12);
      event("kernel", k % 2 == 0 ? profile.product : "vectorized_elementwise_kernel", gpu, start, kernel_us,
            stream + std::to_string(id) +
                R"(,"grid":[8,1,1],"block":[128,1,1],"registers per thread":32,"shared memory":0)");
      gpu_free = start + kernel_us;
      now += 10;
    }
    event("kernel", "ncclDevKernel_AllReduce_Sum_f32_RING_LL", gpu, gpu_free, 500,
          stream + std::to_string(++id) +
              R"(,"Collective name":"allreduce","In msg nelems":1000000,"dtype":"Float","Group size":2)"
              R"(,"Process Group Name":"0","Process Group Description":"default_pg")");
    gpu_free += 500;
    event("gpu_memcpy", "Memcpy DtoH (Device -> Pinned)", gpu, gpu_free, 20,
          stream + std::to_string(id) + ",\"bytes\":4");
    gpu_free += 20;
    event("cuda_runtime", "cudaStreamSynchronize", host, now, gpu_free - now,
          "\"correlation\":" + std::to_string(++id));
    now = gpu_free + 5;
    event("user_annotation", "ProfilerStep#" + std::to_string(step), host, begin, now - begin, "");
  }
  write_bytes(
      path,
      R"({"schemaVersion":1,"deviceProperties":[{"id":0,"name":")" + profile.gpu + R"("}],"traceEvents":[)" +
          events +
          R"(],"distributedInfo":{"rank":0,"world_size":1},"baseTimeNanoseconds":1700000000000000000})");
  return path;
}

class Import : public ::testing::Test {
 protected:
  void SetUp() override {
    write_trace(dir_.file("base.pt.trace.json"), 10000, 100);
    write_trace(dir_.file("slow.pt.trace.json"), 14000, 100);
  }
  Outcome command(const std::vector<std::string>& arguments) { return stepscope(arguments, dir_.path()); }
  TempDir dir_;
};

TEST_F(Import, SaysWhatItMade) {
  const Outcome text = command({"import", "base.pt.trace.json", "-o", "base"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_EQ(text.err, "");
  EXPECT_EQ(text.out, "base: 1 recording made\n  rank 0: 529 events from base.pt.trace.json (kineto)\n");
  struct stat info = {};
  ASSERT_EQ(stat(dir_.file("base/base.stepscope").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U) << "private, whatever the trace was";
  const Outcome json = command({"import", "base.pt.trace.json", "-o", "again", "--json"});
  const ordered_json document = ordered_json::parse(json.out);
  EXPECT_EQ(document["schema"], "stepscope.import/1");
  EXPECT_EQ(document["files"][0]["recording"], "again/base.stepscope");
  EXPECT_EQ(document["files"][0]["damaged"], false);
}

TEST_F(Import, EveryOtherCommandReadsTheRun) {
  ASSERT_EQ(command({"import", "base.pt.trace.json", "-o", "base"}).exit_code, 0);
  expect_golden(command({"info", "base"}).out, "import_info.txt");
  expect_golden(command({"report", "base"}).out, "import_report.txt");
  const Outcome checked = command({"selfcheck", "base"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out;
  EXPECT_THAT(checked.out, HasSubstr("residual 0 ns"));
  const ordered_json steps = ordered_json::parse(command({"steps", "base", "--json"}).out);
  EXPECT_EQ(steps["processes"][0]["steps"][0]["number"], 10);
  const ordered_json rows =
      ordered_json::parse(command({"sql", "base", "SELECT count(*), sum(dur_ns) FROM kernel", "--json"}).out);
  EXPECT_EQ(rows["rows"][0][0], 8 * 21);
  EXPECT_EQ(rows["rows"][0][1], 8 * (20 * 100 + 500) * 1000);
}

// Only the wait for data grew, by 4 ms.
TEST_F(Import, ADiffFindsTheCause) {
  ASSERT_EQ(command({"import", "base.pt.trace.json", "-o", "base"}).exit_code, 0);
  ASSERT_EQ(command({"import", "slow.pt.trace.json", "-o", "slow"}).exit_code, 0);
  const ordered_json diff = ordered_json::parse(command({"diff", "base", "--vs", "slow", "--json"}).out);
  EXPECT_EQ(diff["delta_ns"], 4000000);
  EXPECT_EQ(diff["residual_ns"], 0);
  EXPECT_EQ(diff["terms"][0]["leaf"], "data.other") << diff["terms"].dump(1);
  EXPECT_EQ(diff["terms"][0]["delta_ns"], 4000000);
}

// One active step of a scheduled profiler, on another GPU with another library: as people publish them.
TEST_F(Import, ADiffOfTwoProfiledStepsMatchesByOperatorAndSaysWhatItCannotKnow) {
  write_trace(dir_.file("here.json"), 1000, 100, {1, "Example GPU", "sm90_xmma_gemm_f32"});
  write_trace(dir_.file("there.json"), 1000, 400, {1, "Another GPU", "Cijk_Ailk_Bljk_HHS_BH_MT128x128x64"});
  ASSERT_EQ(command({"import", "here.json", "-o", "here"}).exit_code, 0);
  ASSERT_EQ(command({"import", "there.json", "-o", "there"}).exit_code, 0);
  const Outcome text = command({"diff", "here", "--vs", "there"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  expect_golden(text.out, "import_diff_one_step.txt");
  const ordered_json diff = ordered_json::parse(command({"diff", "here", "--vs", "there", "--json"}).out);
  EXPECT_EQ(diff["comparability"]["verdict"], "comparable with notes");
  EXPECT_EQ(diff["comparability"]["differences"][0]["key"], "GPU");
  EXPECT_TRUE(diff["ci_ns"].is_null()) << "one step knows no interval";
  EXPECT_TRUE(diff["terms"][0]["ci_ns"].is_null());
  std::map<std::string, std::string> tiers;
  for (const ordered_json& term : diff["terms"]) {
    tiers[term["leaf"]] = term["match_tier"].is_null() ? "" : term["match_tier"].get<std::string>();
  }
  EXPECT_EQ(tiers["compute/gemm"], "operator");
  EXPECT_EQ(tiers["compute/elementwise"], "exact");
  EXPECT_GT(diff["kernels"]["tier_shares"]["operator"], 0.3);
  EXPECT_EQ(diff["kernels"]["tier_shares"]["gone"], 0);
  EXPECT_THAT(command({"steps", "here"}).out, HasSubstr("the only step"));
}

TEST_F(Import, ATraceThatIsCutOffIsImportedWithALossAndALine) {
  const std::string whole = read_bytes(dir_.file("base.pt.trace.json"));
  write_bytes(dir_.file("cut.json"), whole.substr(0, whole.size() * 3 / 4));
  const Outcome outcome = command({"import", "cut.json", "-o", "cut"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("cut.json: it ends too early"));
  EXPECT_EQ(command({"selfcheck", "cut"}).exit_code, 5) << "events are missing";
}

// Four ranks that hang: rank 2 has not called the sixth collective.
TEST_F(Import, DumpsOfFlightRecordersSayWhereTheJobHangs) {
  std::vector<std::string> arguments = {"import"};
  for (int rank = 0; rank < 4; ++rank) {
    std::vector<FlightCall> calls;
    for (int64_t sequence = 1; sequence <= (rank == 2 ? 5 : 6); ++sequence) {
      calls.push_back(
          {.sequence = sequence, .state = sequence == 6 ? "started" : "completed", .duration_ms = 1.25});
    }
    arguments.push_back("nccl_trace_rank_" + std::to_string(rank));
    write_bytes(dir_.file(arguments.back()), flight_dump(calls));
  }
  arguments.insert(arguments.end(), {"-o", "hang"});
  const Outcome made = command(arguments);
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("rank 2: 5 events from nccl_trace_rank_2 (flight recorder)"));
  expect_golden(command({"info", "hang"}).out, "import_flight_info.txt");
  const ordered_json info = ordered_json::parse(command({"info", "hang", "--json"}).out);
  EXPECT_EQ(info["unfinished"]["first"][0]["kind"], "missing rank");
  EXPECT_EQ(info["unfinished"]["first"][0]["ranks"][2]["state"], "not called");
  const Outcome report = command({"report", "hang"});
  EXPECT_THAT(report.out,
              HasSubstr("the job hangs: default_pg: rank 2 has not called collective 6 (all_reduce)"));
  EXPECT_EQ(command({"selfcheck", "hang"}).exit_code, 0);
}

TEST_F(Import, APickleIsRefusedInOneLine) {
  write_bytes(dir_.file("nccl_trace_rank_0"), std::string("\x80\x02}q\x01.", 6));
  const Outcome outcome = command({"import", "nccl_trace_rank_0", "-o", "run"});
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("it is a pickle"));
}

TEST_F(Import, WhatCannotBeImportedLeavesNoRun) {
  write_bytes(dir_.file("notes.txt"), "hello\n");
  write_bytes(dir_.file("other.json"), "{\"a\": 1}\n");
  for (const std::string file : {"notes.txt", "other.json", "missing.json"}) {
    const Outcome outcome = command({"import", "base.pt.trace.json", file, "-o", "run"});
    EXPECT_EQ(outcome.exit_code, 5) << file;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("cannot import '" + file + "': "));
    EXPECT_FALSE(fs::exists(dir_.file("run")));
  }
  EXPECT_EQ(command({"import", "base.pt.trace.json", "base.pt.trace.json", "-o", "run"}).exit_code, 2);
  EXPECT_EQ(command({"import"}).exit_code, 2);
}

}  // namespace
}  // namespace stepscope::testing
