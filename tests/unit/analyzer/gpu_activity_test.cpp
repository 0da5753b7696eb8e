// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gpu_activity.hpp"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/collectives.hpp"
#include "analyzer/gpu_evidence.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::DoubleNear;

class GpuActivityTest : public RunTest {
 protected:
  analysis::Run gpu_job(const std::string& text) {
    ::stepscope::testing::write_gpu_job(path("run"), text);
    return open("run");
  }
  static TimeRange everything(const analysis::Run& run) {
    return {run.time_range().begin_ns, run.time_range().end_ns + 1};
  }
};

// Two train steps of 10 ms after a warm-up one.
constexpr const char* kSteps = R"(
  lane 2 stream "GPU 0 stream 7"
  lane 3 stream "GPU 0 stream 13"
  lane 4 stream "GPU 1 stream 7"
  step start_ns=0ms index=0 source=1
  step start_ns=10ms index=1 source=1
  step start_ns=20ms index=2 source=1
  step start_ns=30ms index=3 source=1
)";

TEST_F(GpuActivityTest, CountsStreamsThatWorkAtOnce) {
  const auto run = process("run", std::string(kSteps) + R"(
    kernel lane=2 start_ns=5ms dur_ns=7ms name=a
    kernel lane=2 start_ns=11ms dur_ns=1ms name=a    # side by side on one stream: one stream
    kernel lane=3 start_ns=14ms dur_ns=4ms name=a
    memcpy lane=4 start_ns=15ms dur_ns=2ms
    kernel lane=2 start_ns=16ms dur_ns=500us name=a
  )");
  const GpuActivity activity = gpu_activity(run, ledger_of(run)).value();
  EXPECT_EQ(activity.span_ns, 20000000);
  EXPECT_EQ(std::accumulate(activity.active_ns.begin(), activity.active_ns.end(), int64_t{0}),
            activity.span_ns);
  EXPECT_EQ(activity.active_ns[1], 2000000 + 2000000);
  EXPECT_EQ(activity.active_ns[2], 1500000);
  EXPECT_EQ(activity.active_ns[3], 500000);
  EXPECT_EQ(activity.busy_ns(), 6000000);
  EXPECT_EQ(activity.launches.launches, 0U) << "no calls were recorded";
}

TEST_F(GpuActivityTest, MeasuresHowFarAheadTheHostIs) {
  const auto run = process("run", std::string(kSteps) + R"(
    cuda_api start_ns=11ms dur_ns=5us name=cudaLaunchKernel correlation=1
    cuda_api start_ns=11.1ms dur_ns=5us name=cudaLaunchKernel correlation=2
    cuda_api start_ns=11.2ms dur_ns=5us name=cudaMemcpyAsync correlation=9
    cuda_api start_ns=11.3ms dur_ns=5us name=cudaGraphLaunch correlation=3
    cuda_api start_ns=15ms dur_ns=5us name=cudaLaunchKernel correlation=4
    cuda_api start_ns=16ms dur_ns=5us name=cudaLaunchKernel correlation=5
    kernel lane=2 start_ns=11.05ms dur_ns=1ms name=a correlation=1
    kernel lane=2 start_ns=12.1ms dur_ns=1ms name=a correlation=2
    kernel lane=2 start_ns=13.3ms dur_ns=1ms name=a correlation=3 graph=1
    kernel lane=2 start_ns=14.3ms dur_ns=100us name=b correlation=3 graph=1
    kernel lane=2 start_ns=15.01ms dur_ns=1ms name=a correlation=4
  )");
  const LaunchStats launches = gpu_activity(run, ledger_of(run)).value().launches;
  EXPECT_EQ(launches.launches, 4U);      // the fifth started nothing
  EXPECT_EQ(launches.median_ns, 50000);  // 10 us, 50 us, 1 ms, 2 ms
  EXPECT_EQ(launches.max_queue, 2U);     // at 11.3 ms the second kernel still waits
  EXPECT_DOUBLE_EQ(launches.mean_queue, (1 + 1 + 2 + 1) / 4.0);
}

TEST_F(GpuActivityTest, IsBusyInATrainingJob) {
  const auto run = gpu_job("steps=30");
  const GpuActivity activity = gpu_activity(run, ledger_of(run)).value();
  EXPECT_GT(static_cast<double>(activity.busy_ns()) / static_cast<double>(activity.span_ns), 0.9);
  EXPECT_NEAR(static_cast<double>(activity.active_ns[2]) / 28, 2.8e6,
              3e5);  // the all-reduce behind the backward
  EXPECT_GT(activity.launches.median_ns, 1000000) << "the host runs ahead";
}

TEST_F(GpuActivityTest, AddsUpKernelsCallsAndCopies) {
  const auto run = gpu_job("steps=30 pageable=1");
  const GpuEvidence gpu = gather_gpu_evidence(run, ledger_of(run)).value();
  EXPECT_TRUE(gpu.known);
  EXPECT_EQ(gpu.device, "Example GPU 80GB");
  EXPECT_EQ(gpu.kernel_count, 30U * 61U);
  ASSERT_FALSE(gpu.kernels.empty());
  EXPECT_EQ(gpu.kernels[0].detail, "all_reduce");
  EXPECT_EQ(gpu.kernels[0].count, 30U);
  EXPECT_EQ(gpu.sync_calls.at("cudaStreamSynchronize"), 30U);
  ASSERT_EQ(gpu.copies.size(), 1U);
  EXPECT_EQ(gpu.copies[0].kind, "h2d");
  EXPECT_EQ(gpu.copies[0].pageable_bytes, gpu.copies[0].bytes);
  EXPECT_EQ(gpu.overhead_ns.at("CUPTI_BUFFER_FLUSH"), 2000000);
}

TEST_F(GpuActivityTest, ReadsClocksWhileTheGpuWasBusyAndGrowthOfThrottling) {
  const auto run = process("run", std::string(kSteps) + R"(
    meta device.0.name Example
    lane 5 device "GPU 0"
    kernel lane=2 start_ns=10ms dur_ns=10ms name=a
    health lane=5 start_ns=0ms name=gpu.sm_clock_mhz value=1980
    health lane=5 start_ns=20ms name=gpu.sm_clock_mhz value=300     # idle from here on
    health lane=5 start_ns=10ms name=gpu.throttle.power_cap_ns value=1000000
    health lane=5 start_ns=30ms name=gpu.throttle.power_cap_ns value=6000000
    health lane=5 start_ns=10ms name=gpu.power_mw value=650000
    health lane=5 start_ns=10ms name=gpu.ecc.corrected value=3
    health lane=5 start_ns=30ms name=gpu.ecc.corrected value=5
  )");
  const std::vector<DeviceHealth> health = gpu_health(run, 0, {10000000, 30000000}).value();
  ASSERT_EQ(health.size(), 1U);
  EXPECT_EQ(health[0].name, "Example");
  EXPECT_THAT(health[0].sm_clock_mhz, DoubleNear(1980, 60)) << "weighted with busy time";
  EXPECT_DOUBLE_EQ(health[0].power_w, 650);
  EXPECT_DOUBLE_EQ(health[0].throttled.at("power_cap"), 0.25);
  EXPECT_DOUBLE_EQ(health[0].errors.at("ecc.corrected"), 2);
  EXPECT_LT(health[0].temperature_c, 0) << "not read";
}

TEST(Collectives, UseTheFactorsOfNcclTests) {
  EXPECT_DOUBLE_EQ(bus_factor("all_reduce", 8), 1.75);
  EXPECT_DOUBLE_EQ(bus_factor("all_gather", 8), 0.875);
  EXPECT_DOUBLE_EQ(bus_factor("broadcast", 8), 1);
  EXPECT_DOUBLE_EQ(bus_factor("all_reduce", 1), 0);
  EXPECT_DOUBLE_EQ(message_bytes("reduce_scatter", 4, 100), 400);
  EXPECT_DOUBLE_EQ(message_bytes("all_reduce", 4, 100), 100);
}

TEST_F(GpuActivityTest, GivesCollectivesTheirBandwidth) {
  const auto run = process("run", R"(
    lane 2 communicator "dp rank 0/8"
    collective lane=2 start_ns=1ms dur_ns=2ms op=AllReduce comm=1 bytes=1000000 ranks=8
    collective lane=2 start_ns=5ms dur_ns=2ms op=ncclAllReduce comm=1 bytes=1000000 ranks=8
    collective lane=2 start_ns=8ms dur_ns=1ms op=AllGather comm=1 bytes=1000000 ranks=8
    collective lane=2 start_ns=9ms dur_ns=1ms op=AllGather comm=1 bytes=1000000 ranks=8 flags=2   # captured
  )");
  const auto stats = collect_collectives(run, 0, everything(run)).value();
  ASSERT_EQ(stats.size(), 2U);
  EXPECT_EQ(stats[0].op, "all_reduce");
  EXPECT_EQ(stats[0].communicator, "dp rank 0/8");
  EXPECT_EQ(stats[0].count, 2U);
  EXPECT_EQ(stats[0].bytes, 2000000);
  EXPECT_DOUBLE_EQ(stats[0].algorithm_bandwidth, 0.5e9);
  EXPECT_DOUBLE_EQ(stats[0].bus_bandwidth, 0.875e9);
  EXPECT_EQ(stats[1].count, 1U);
  EXPECT_DOUBLE_EQ(stats[1].algorithm_bandwidth, 8e9);
}

TEST_F(GpuActivityTest, JoinsCollectivesThatOnlyTheHostSaw) {
  const std::string start = R"(
    lane 2 stream "GPU 0 stream 13"
    lane 3 stream "GPU 0 stream 14"
    lane 4 communicator "dp rank 0/8"
    lane 5 communicator "tp rank 0/2"
    collective lane=4 start_ns=1ms dur_ns=10us op=AllReduce comm=1 bytes=1000000 ranks=8 flags=8
    collective lane=4 start_ns=2ms dur_ns=10us op=AllGather comm=1 bytes=1000000 ranks=8 flags=8
    collective lane=5 start_ns=3ms dur_ns=10us op=AllReduce comm=2 bytes=1000000 ranks=2 flags=8 kernel=77
    kernel lane=3 start_ns=6ms dur_ns=4ms name=ncclDevKernel_AllReduce_Sum_f32_RING_LL correlation=77
  )";
  const std::string kernels = R"(
    kernel lane=2 start_ns=2ms dur_ns=1ms name=ncclDevKernel_AllReduce_Sum_f32_RING_LL correlation=5
    kernel lane=2 start_ns=4ms dur_ns=2ms name=ncclDevKernel_AllGather_RING_LL correlation=6
  )";
  const std::string by_copy_engines =
      "collective lane=4 start_ns=5ms dur_ns=10us op=AllGather comm=1 bytes=1 ranks=8 flags=8 algo=CE\n";
  const auto beside = process("beside", start + by_copy_engines + kernels);
  const auto of_beside =
      collect_collectives(beside, 0, everything(beside));  // outlives the loop over its value
  for (const CollectiveStats& one : of_beside.value()) {
    EXPECT_EQ(one.timed, 1U) << "what has no kernel is not in the order: " << one.communicator << " "
                             << one.op;
  }
  const auto joined = process("joined", start + kernels);
  const auto of_joined =
      collect_collectives(joined, 0, everything(joined));  // outlives the loop over its value
  for (const CollectiveStats& one : of_joined.value()) {
    EXPECT_EQ(one.timed, 1U) << one.communicator << " " << one.op;
    EXPECT_EQ(one.ns, one.ranks == 2 ? 4000000 : one.op == "all_reduce" ? 1000000 : 2000000);
  }
  const auto lost = process(
      "lost", start + kernels + "kernel lane=2 start_ns=9ms dur_ns=1ms name=ncclDevKernel_Broadcast\n");
  const auto of_lost = collect_collectives(lost, 0, everything(lost));  // outlives the loop over its value
  for (const CollectiveStats& one : of_lost.value()) {
    EXPECT_EQ(one.timed, one.ranks == 2 ? 1U : 0U) << "another order: nothing is guessed";
  }
}

}  // namespace
}  // namespace stepscope::analysis
