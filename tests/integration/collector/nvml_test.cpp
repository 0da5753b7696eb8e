// SPDX-License-Identifier: Apache-2.0
//
// The health of GPUs: the shipped library in a real process that opens the CUDA door, beside a stand-in libnvidia-ml.so.1.
#include <bit>
#include <chrono>
#include <fstream>
#include <set>

#include "tests/integration/collector/collector_test.hpp"

namespace stepscope::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using trace::Kind;

struct Reading {
  int64_t time;
  double value;
};

class Nvml : public CollectorTest {
 protected:
  // `milliseconds` of a process that uses a GPU, and what it left.
  SpoolContents record_gpu(int milliseconds, const std::string& fake, const Environment& extra = {},
                           const std::string& what = "") {
    Environment environment = {{"CUDA_INJECTION64_PATH", STEPSCOPE_LIBRARY},
                               {"LD_LIBRARY_PATH", FAKE_NVML_CURRENT},
                               {"STEPSCOPE_CUPTI", "off"},
                               {"FAKE_NVML", fake},
                               {"FAKE_NVML_LOG", log_path()},
                               {"CUDA_VISIBLE_DEVICES", ""},
                               {"CUDA_DEVICE_ORDER", ""},
                               {"CUDA_MPS_PIPE_DIRECTORY", scratch_.file("no-mps")}};
    for (const auto& [name, value] : extra) {
      environment[name] = value;
    }
    std::vector<std::string> command = {FAKE_NVML_HOST, std::to_string(milliseconds)};
    if (!what.empty()) {
      command.push_back(what);
    }
    outcome_ = record(command, environment);
    EXPECT_EQ(outcome_.exit_code, 0) << outcome_;
    EXPECT_EQ(outcome_.out + outcome_.err, "");
    return only();
  }

  [[nodiscard]] std::string log_path() const { return scratch_.file("nvml-calls"); }

  // "SmClock stepscope-nvml"
  [[nodiscard]] std::vector<std::string> calls() const {
    std::ifstream file(log_path());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
      lines.push_back(line);
    }
    return lines;
  }

  [[nodiscard]] long count_calls(const std::string& name) const {
    const std::vector<std::string> all = calls();
    return std::count_if(all.begin(), all.end(),
                         [&](const std::string& line) { return line.rfind(name + " ", 0) == 0; });
  }

  static std::vector<Reading> readings(const SpoolContents& contents, const std::string& name,
                                       int64_t device = 0) {
    std::vector<Reading> found;
    for (const Event& event : contents.of(Kind::kHealth)) {
      if (contents.text(event.column(1)) == name && event.column(3) == device) {
        found.push_back({event.column(0), std::bit_cast<double>(event.column(2))});
      }
    }
    return found;
  }

  // The last value of a reading; -1 when there is none.
  static double last(const SpoolContents& contents, const std::string& name, int64_t device = 0) {
    const std::vector<Reading> all = readings(contents, name, device);
    return all.empty() ? -1 : all.back().value;
  }

  static std::set<int64_t> devices(const SpoolContents& contents) {
    std::set<int64_t> found;
    for (const Event& event : contents.of(Kind::kHealth)) {
      found.insert(event.column(3));
    }
    return found;
  }

  Outcome outcome_;
};

TEST_F(Nvml, AGpuSaysHowItIsAboutOnceASecond) {
  SpoolContents contents = record_gpu(2400, "");

  EXPECT_EQ(contents.fact("nvml.state"), "ok");
  EXPECT_EQ(contents.fact("nvml.driver"), "580.95.05");
  EXPECT_EQ(contents.fact("nvml.version"), "13.580.95.05");
  EXPECT_EQ(contents.fact("nvml.order"), "bus");
  EXPECT_EQ(contents.fact("device.0.name"), "NVIDIA Stand-in 80GB");
  EXPECT_EQ(contents.fact("device.0.uuid"), "GPU-000000a0-0000-4000-8000-000000000000");
  EXPECT_EQ(last(contents, "gpu.sm_clock_mhz"), 1980);
  EXPECT_EQ(last(contents, "gpu.mem_clock_mhz"), 2619);
  EXPECT_EQ(last(contents, "gpu.power_mw"), 650000);
  EXPECT_EQ(last(contents, "gpu.temperature_c"), 61);
  EXPECT_EQ(last(contents, "gpu.utilization_pct"), 97);
  EXPECT_EQ(last(contents, "gpu.memory_used_bytes"), 60.0 * (1 << 30));
  EXPECT_EQ(last(contents, "gpu.ecc.corrected"), 7);
  EXPECT_EQ(last(contents, "gpu.ecc.uncorrected"), 1);
  EXPECT_EQ(last(contents, "gpu.nvlink.errors"), 6) << "three of four counters are offered";
  EXPECT_EQ(last(contents, "gpu.pcie.replays"), 3);
  EXPECT_EQ(contents.fact("device.0.health_missing"), "");
  EXPECT_TRUE(readings(contents, "gpu.xid").empty()) << "none happened";

  const std::vector<Reading> clocks = readings(contents, "gpu.sm_clock_mhz");
  ASSERT_EQ(clocks.size(), 3U);
  EXPECT_NEAR(static_cast<double>(clocks[1].time - clocks[0].time), 1e9, 0.25e9);
  const Event first = contents.of(Kind::kHealth).front();
  EXPECT_EQ(contents.lanes[first.lane].type, "device");
  EXPECT_EQ(contents.lanes[first.lane].name, "GPU 0");
  EXPECT_EQ(contents.losses, (std::map<std::string, uint64_t>{}));
}

TEST_F(Nvml, IsCalledOnAThreadOfItsOwn) {
  record_gpu(1200, "");

  EXPECT_THAT(calls(), Not(IsEmpty()));
  for (const std::string& call : calls()) {
    EXPECT_THAT(call, ::testing::EndsWith(" stepscope-nvml"));
  }
}

TEST_F(Nvml, ACallThatHangsHoldsUpNeitherTheDrainNorAForkNorTheEnd) {
  for (const char* fake : {"slowinit=60000", "slow=60000"}) {
    std::filesystem::remove_all(run_directory());
    const auto begin = std::chrono::steady_clock::now();
    SpoolContents contents = record_gpu(700, fake, {}, "fork");  // a child of 300 ms
    const auto took = std::chrono::steady_clock::now() - begin;

    EXPECT_LT(took, std::chrono::milliseconds(700 + 300 + 500 + 1000))
        << fake << ": the end waits half a second";
    EXPECT_EQ(contents.losses, (std::map<std::string, uint64_t>{{"nvml.call_hung", 1}})) << fake;
    EXPECT_EQ(contents.fact("nvml.state"), fake == std::string("slow=60000") ? "ok" : "starting");
    EXPECT_EQ(contents.fact("exit.code"), "0");
    const std::vector<std::string> counters = contents.names(Kind::kCounter, 1);
    EXPECT_GE(std::count(counters.begin(), counters.end(), "proc.cpu_ns"), 2)
        << "the host is read all the same";
  }
}

TEST_F(Nvml, ThrottlingIsCountedByNvmlWhereItCountsAndSampledWhereNot) {
  SpoolContents contents = record_gpu(2400, "");

  EXPECT_EQ(contents.fact("nvml.throttle"), "counters");
  EXPECT_EQ(contents.fact("device.0.health_sampled"),
            "gpu.throttle.hw_slowdown_ns gpu.throttle.idle_ns gpu.throttle.app_clocks_ns");
  const std::vector<Reading> capped = readings(contents, "gpu.throttle.power_cap_ns");
  ASSERT_GE(capped.size(), 3U);
  EXPECT_GE(capped.front().value, 1e12) << "the driver counts since it was loaded";
  const double share = (capped.back().value - capped.front().value) /
                       static_cast<double>(capped.back().time - capped.front().time);
  EXPECT_NEAR(share, 0.5, 0.02);
  EXPECT_EQ(last(contents, "gpu.throttle.thermal_sw_ns"), 10000) << "the ids of NVML 13";
  EXPECT_EQ(last(contents, "gpu.throttle.power_brake_ns"), 2000);

  const std::vector<Reading> idle = readings(contents, "gpu.throttle.idle_ns");
  EXPECT_EQ(idle.front().value, 0) << "sampled ones start with the recording";
  EXPECT_EQ(idle.back().value, static_cast<double>(idle.back().time - idle.front().time));
  EXPECT_EQ(last(contents, "gpu.throttle.app_clocks_ns"), 0);
}

TEST_F(Nvml, TheThrottleIdsOfNvml12AreUnderstoodToo) {
  SpoolContents contents = record_gpu(300, "nvml12");

  EXPECT_EQ(last(contents, "gpu.throttle.thermal_sw_ns"), 2000);
  EXPECT_EQ(last(contents, "gpu.throttle.thermal_hw_ns"), 3000);
  EXPECT_EQ(last(contents, "gpu.throttle.power_brake_ns"), 4000);
}

TEST_F(Nvml, AnOldDriverIsReadThroughTheCallsItHas) {
  SpoolContents contents = record_gpu(1400, "", {{"LD_LIBRARY_PATH", FAKE_NVML_OLD}});

  EXPECT_EQ(contents.fact("nvml.state"), "ok");
  EXPECT_EQ(contents.fact("nvml.throttle"), "sampled");
  EXPECT_EQ(last(contents, "gpu.temperature_c"), 59);
  const std::vector<Reading> capped = readings(contents, "gpu.throttle.power_cap_ns");
  ASSERT_EQ(capped.size(), 2U);
  EXPECT_EQ(capped.front().value, 0);
  EXPECT_EQ(capped.back().value, static_cast<double>(capped.back().time - capped.front().time));
  EXPECT_EQ(contents.fact("device.0.health_missing"), "gpu.nvlink.errors gpu.pcie.replays");
  EXPECT_EQ(contents.losses, (std::map<std::string, uint64_t>{}))
      << "what a driver does not offer is no loss";
}

TEST_F(Nvml, AGpuThatOffersNothingIsNamedAndNotAskedAgain) {
  SpoolContents contents = record_gpu(1400, "unsupported");

  EXPECT_EQ(contents.fact("nvml.state"), "ok");
  EXPECT_EQ(contents.fact("device.0.name"), "NVIDIA Stand-in 80GB");
  EXPECT_TRUE(contents.of(Kind::kHealth).empty());
  for (const char* name : {"gpu.sm_clock_mhz", "gpu.power_mw", "gpu.temperature_c", "gpu.ecc.corrected",
                           "gpu.throttle.*", "gpu.nvlink.errors"}) {
    EXPECT_THAT(contents.fact("device.0.health_missing"), HasSubstr(name));
  }
  EXPECT_EQ(count_calls("Power"), 1);
  EXPECT_EQ(count_calls("SmClock"), 1);
  EXPECT_EQ(contents.losses, (std::map<std::string, uint64_t>{}));
}

TEST_F(Nvml, ACallThatFailsIsOneLossAndTheOthersGoOn) {
  SpoolContents contents = record_gpu(1400, "gpus=2 broken=Power");

  EXPECT_EQ(contents.losses, (std::map<std::string, uint64_t>{{"nvml.power", 2}})) << "once per GPU";
  EXPECT_EQ(count_calls("Power"), 2);
  EXPECT_TRUE(readings(contents, "gpu.power_mw").empty());
  EXPECT_EQ(readings(contents, "gpu.sm_clock_mhz", 1).size(), 2U);
}

TEST_F(Nvml, ALostGpuIsNotAskedAnyMore) {
  SpoolContents contents = record_gpu(2400, "lost=3");  // the clocks of the first round are two calls

  EXPECT_EQ(contents.losses, (std::map<std::string, uint64_t>{{"nvml.gpu_lost", 1}}));
  EXPECT_EQ(contents.fact("device.0.state"), "the GPU has fallen off the bus");
  EXPECT_EQ(readings(contents, "gpu.sm_clock_mhz").size(), 1U);
  EXPECT_EQ(count_calls("Power"), 1);
}

TEST_F(Nvml, SlowReadingsAreMadeLessOften) {
  SpoolContents contents = record_gpu(2600, "slow=50");

  EXPECT_EQ(contents.fact("nvml.period_ms"), "4000")
      << "doubled after each of two slow rounds, at 0 s and 2 s";
  EXPECT_EQ(readings(contents, "gpu.sm_clock_mhz").size(), 2U);
  EXPECT_GE(std::stoll(contents.fact("self.nvml_ns")), 200'000'000);
}

TEST_F(Nvml, EightGpusHaveEightLanes) {
  SpoolContents contents = record_gpu(300, "gpus=8");

  EXPECT_EQ(devices(contents).size(), 8U);
  EXPECT_EQ(last(contents, "gpu.sm_clock_mhz", 7), 1973);
  EXPECT_EQ(contents.fact("device.7.uuid"), "GPU-000000a7-0000-4000-8000-000000000007");
  EXPECT_EQ(contents.fact("nvml.order"), "assumed") << "CUDA may number them otherwise";
  std::set<std::string> lanes;
  for (const auto& [id, lane] : contents.lanes) {
    if (lane.type == "device") {
      lanes.insert(lane.name);
    }
  }
  EXPECT_EQ(lanes.size(), 8U);
}

TEST_F(Nvml, OnlyVisibleGpusAreRead) {
  SpoolContents contents =
      record_gpu(300, "gpus=8", {{"CUDA_VISIBLE_DEVICES", "5,2"}, {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}});

  EXPECT_THAT(devices(contents), ElementsAre(0, 1));
  EXPECT_EQ(last(contents, "gpu.sm_clock_mhz", 0), 1975) << "CUDA's device 0 is the sixth on the bus";
  EXPECT_EQ(last(contents, "gpu.sm_clock_mhz", 1), 1978);
  EXPECT_EQ(contents.fact("nvml.order"), "bus");
}

TEST_F(Nvml, WhatIsVisibleIsWhatCudaReadInCuInit) {
  SpoolContents contents = record_gpu(
      300, "gpus=8", {{"CUDA_VISIBLE_DEVICES", "5,2"}, {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}}, "setenv");

  EXPECT_THAT(devices(contents), ElementsAre(0, 1));
  EXPECT_EQ(last(contents, "gpu.sm_clock_mhz", 0), 1975);
  EXPECT_EQ(contents.fact("nvml.order"), "bus");
}

TEST_F(Nvml, AGpuMayBeNamedByTheBeginningOfItsUuid) {
  SpoolContents contents = record_gpu(300, "gpus=8", {{"CUDA_VISIBLE_DEVICES", "GPU-000000a3"}});

  EXPECT_THAT(devices(contents), ElementsAre(0));
  EXPECT_EQ(contents.fact("device.0.uuid"), "GPU-000000a3-0000-4000-8000-000000000003");
  EXPECT_EQ(contents.fact("nvml.order"), "uuid");
}

TEST_F(Nvml, ASliceHasItsOwnMemoryAndTheClocksOfItsGpu) {
  SpoolContents contents = record_gpu(300, "mig", {{"CUDA_VISIBLE_DEVICES", "MIG-0"}});

  EXPECT_EQ(contents.fact("device.0.mig"), "MIG-0");
  EXPECT_EQ(contents.fact("device.0.uuid"), "GPU-000000a0-0000-4000-8000-000000000000");
  EXPECT_EQ(last(contents, "gpu.memory_used_bytes"), 5.0 * (1 << 30));
  EXPECT_EQ(last(contents, "gpu.sm_clock_mhz"), 1980);
}

TEST_F(Nvml, GpusSharedThroughMpsSaySo) {
  std::filesystem::create_directories(scratch_.file("mps"));
  std::ofstream(scratch_.file("mps/control")) << "";
  SpoolContents contents = record_gpu(300, "", {{"CUDA_MPS_PIPE_DIRECTORY", scratch_.file("mps")}});

  EXPECT_THAT(contents.fact("nvml.mps"), HasSubstr("other processes"));
}

TEST_F(Nvml, AnXidIsAnEventWithItsNumber) {
  SpoolContents contents = record_gpu(1400, "xid=79");

  const std::vector<Reading> xids = readings(contents, "gpu.xid");
  ASSERT_EQ(xids.size(), 1U);
  EXPECT_EQ(xids.front().value, 79);
}

TEST_F(Nvml, WhereXidsMayNotBeHeardThatIsNamed) {
  SpoolContents contents = record_gpu(300, "noxid");

  EXPECT_EQ(contents.fact("device.0.health_missing"), "gpu.xid");
  EXPECT_EQ(contents.losses, (std::map<std::string, uint64_t>{}));
}

TEST_F(Nvml, WithoutTheLibraryOrTheDriverTheReasonIsRecorded) {
  EXPECT_EQ(record_gpu(300, "init=9").fact("nvml.state"), "absent: the NVIDIA driver is not loaded");
  std::filesystem::remove_all(run_directory());
  SpoolContents contents = record_gpu(300, "", {{"LD_LIBRARY_PATH", scratch_.file("nothing")}});
  if (contents.fact("nvml.state") == "ok") {
    GTEST_SKIP() << "this machine has an NVML of its own";
  }
  EXPECT_THAT(contents.fact("nvml.state"), HasSubstr("absent: "));
  EXPECT_EQ(contents.losses, (std::map<std::string, uint64_t>{}));
}

TEST_F(Nvml, AProcessWithoutAGpuNeverLoadsNvml) {
  record_program("events", {{"LD_LIBRARY_PATH", FAKE_NVML_CURRENT}, {"FAKE_NVML_LOG", log_path()}});

  EXPECT_EQ(only().fact("nvml.state"), "");
  EXPECT_THAT(calls(), IsEmpty());
}

TEST_F(Nvml, NothingIsReadWhileOrAfterTheProcessEnds) {
  // The end falls into a reading: NVML's destructors must wait for it, and find no other after them.
  for (int run = 0; run < 3; ++run) {
    std::filesystem::remove_all(run_directory());
    record_gpu(60 + 40 * run, "slow=150");
  }
  for (const std::string& call : calls()) {
    EXPECT_THAT(call, Not(HasSubstr("after its destructors")));
  }
}

TEST_F(Nvml, AForkedChildLeavesTheParentsNvmlAlone) {
  SpoolContents contents = record_gpu(1100, "", {}, "fork");

  for (const std::string& call : calls()) {
    EXPECT_THAT(call, ::testing::EndsWith(" stepscope-nvml"));
  }
  EXPECT_GE(readings(contents, "gpu.sm_clock_mhz").size(), 2U);
}

}  // namespace
}  // namespace stepscope::testing
