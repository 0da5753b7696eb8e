// SPDX-License-Identifier: Apache-2.0
//
// The ledger over GPU lanes: who names an instant, and that it adds up whatever the streams do.
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/gpu_events.hpp"
#include "analyzer/gpu_labels.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

constexpr const char* kGemm = "name=ampere_sgemm_128x64_nn";
constexpr const char* kNccl = "name=ncclDevKernel_AllReduce_Sum_f32_RING_LL";

class GpuLedgerTest : public RunTest {
 protected:
  // One train step [10 ms, 20 ms) of interest between two others, on a process with two streams.
  Ledger step_with(const std::string& events) {
    return ledger_of(process("run", std::string(R"(
      lane 2 stream "GPU 0 stream 7"
      lane 3 stream "GPU 0 stream 13"
      step start_ns=0ms index=0 source=1
      step start_ns=10ms index=1 source=1
      step start_ns=20ms index=2 source=1
    )") + events));
  }

  analysis::Run gpu_job(const std::string& name, const std::string& text) {
    ::stepscope::testing::write_gpu_job(path(name), text);
    return open(name);
  }
};

TEST_F(GpuLedgerTest, NamesTimeByWhatTheGpuDidFirstAndTheHostLast) {
  const Ledger ledger = step_with(std::string() + R"(
    kernel lane=2 start_ns=11ms dur_ns=3ms )" +
                                  kGemm + R"(
    kernel lane=3 start_ns=13ms dur_ns=3ms )" +
                                  kNccl + R"(
    memcpy lane=2 start_ns=15ms dur_ns=2ms copy_kind=1
    memset lane=2 start_ns=18ms dur_ns=1ms
    phase start_ns=10ms dur_ns=10ms op=3
  )");
  EXPECT_EQ(ledger.residual_ns(), 0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/gemm"), 3.0);  // 11..14
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "comm.exposed/all_reduce"),
                   2.0);                                       // 14..16, over the copy that began at 15
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "copy.exposed/h2d"), 1.0);  // 16..17
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "copy.exposed/memset"), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "idle.launch"), 3.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kBackward), 0.0);
}

// An imported trace has every operator and every Python frame as a range (source 5).
TEST_F(GpuLedgerTest, ImportedOperatorsAndFramesYieldToPhasesAndAnnotations) {
  const Ledger ledger = step_with(std::string() + R"(
    kernel lane=2 start_ns=19ms dur_ns=1ms )" +
                                  kGemm + R"(
    range start_ns=10ms dur_ns=9ms name="train.py(3): loop" category=python_function source=5
    phase start_ns=10ms dur_ns=2ms op=10
    range start_ns=11ms dur_ns=1ms name=aten::stack category=cpu_op source=5
    range start_ns=13ms dur_ns=2ms name=aten::mm category=cpu_op source=5
    range start_ns=15ms dur_ns=2ms name=mine category=user_annotation source=5
    range start_ns=16ms dur_ns=1ms name=aten::add category=cpu_op source=5
    range start_ns=17ms dur_ns=500us name=cpu_op category=cpu_op source=2
  )");
  EXPECT_EQ(ledger.residual_ns(), 0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "data.other"), 2.0)
      << "whatever operators run while a batch is waited for";
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "idle.launch"), 2.0) << "13..15";
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "idle.host/mine"), 2.0) << "15..17, the operator in it too";
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "idle.host/cpu_op"), 0.5) << "NVTX means what it says";
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "idle.host/train.py(3): loop"), 2.5) << "what is left";
}

TEST_F(GpuLedgerTest, NamesIdleTimeByTheDrivingThread) {
  const Ledger ledger = step_with(std::string() + R"(
    kernel lane=2 start_ns=10ms dur_ns=1ms )" +
                                  kGemm + R"(
    cuda_api start_ns=11ms dur_ns=1ms name=cudaStreamSynchronize_v3020
    cuda_api start_ns=12ms dur_ns=1ms name=cudaMalloc
    cuda_api start_ns=13ms dur_ns=1ms name=cuModuleLoadData
    gc start_ns=14ms dur_ns=1ms generation=2
    range start_ns=15ms dur_ns=1ms name=log_metrics source=2
    range start_ns=16ms dur_ns=500us name=compile_fx source=2
    batch start_ns=17ms dur_ns=1ms task=5 worker=0 workers=1
    phase start_ns=18ms dur_ns=1ms op=4
    cuda_api start_ns=19ms dur_ns=500us name=cudaLaunchKernel
  )");
  EXPECT_EQ(ledger.residual_ns(), 0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kIdleSync), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kIdleAlloc), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kIdleCompile), 1.5);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kGc), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "idle.host/log_metrics"), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kDataOther), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kIdleLaunch), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kIdleUnknown), 1.5);
}

TEST_F(GpuLedgerTest, LetsTheKernelThatStartedLastNameTheInstant) {
  const Ledger ledger = step_with(std::string() + R"(
    kernel lane=2 start_ns=10ms dur_ns=8ms )" +
                                  kGemm + R"(
    kernel lane=3 start_ns=12ms dur_ns=2ms name=softmax_warp_forward
    kernel lane=3 start_ns=14ms dur_ns=0 name=vectorized_layer_norm_kernel
    kernel lane=3 start_ns=15ms dur_ns=-1ms name=vectorized_layer_norm_kernel
  )");
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/softmax"), 2.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/gemm"), 6.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/normalisation"), 0.0);
  EXPECT_EQ(ledger.residual_ns(), 0);
}

TEST_F(GpuLedgerTest, TakesACollectivesWordForAKernelThatDoesNotSay) {
  const Ledger ledger = step_with(R"(
    lane 4 communicator "world rank 0/8"
    kernel lane=2 start_ns=11ms dur_ns=2ms name=ncclDevKernel_Generic correlation=5
    kernel lane=2 start_ns=14ms dur_ns=2ms name=ncclDevKernel_Generic correlation=6
    collective lane=4 start_ns=11ms dur_ns=2ms op=ReduceScatter comm=1 kernel=5
  )");
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "comm.exposed/reduce_scatter"), 2.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "comm.exposed/other"), 2.0);
}

TEST_F(GpuLedgerTest, SharesAGraphByTheMixItsNodesWereMeasuredIn) {
  const Ledger ledger = step_with(std::string() + R"(
    kernel lane=2 start_ns=1ms dur_ns=3ms graph=9 )" +
                                  kGemm + R"(
    kernel lane=2 start_ns=4ms dur_ns=1ms graph=9 name=softmax_warp_forward
    graph_launch lane=2 start_ns=11ms dur_ns=4ms graph=9 nodes=2
    graph_launch lane=2 start_ns=16ms dur_ns=2ms graph=10 nodes=2
  )");
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/gemm"), 3.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/softmax"), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kGraph), 2.0);
  EXPECT_EQ(ledger.residual_ns(), 0);
}

// Two nodes with a gap of a millisecond between them, recorded one by one; then the graph as a whole, at 11 ms of the step.
std::string graph_of_two(const std::string& nodes_from, const std::string& whole) {
  return "kernel lane=2 start_ns=" + nodes_from + "ms dur_ns=2ms graph=9 correlation=4 " + kGemm +
         "\nkernel lane=2 start_ns=" + std::to_string(std::stoi(nodes_from) + 3) +
         "ms dur_ns=1ms graph=9 correlation=4 name=softmax_warp_forward\n" +
         "graph_launch lane=2 start_ns=11ms dur_ns=" + whole + " graph=9 correlation=8 nodes=2\n";
}

TEST_F(GpuLedgerTest, TakesWhatLiesBetweenNodesForIdleAndNotForWork) {
  const Ledger ledger = step_with(graph_of_two("1", "4ms"));
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/gemm"), 2.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/softmax"), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kIdleGraph), 1.0);
  EXPECT_EQ(ledger.residual_ns(), 0);
}

TEST_F(GpuLedgerTest, ScalesAGraphThatTakesLongerThanWhenItWasTakenApart) {
  const Ledger ledger = step_with(graph_of_two("1", "8ms"));
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/gemm"), 4.0) << "a lower clock, say";
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kIdleGraph), 2.0);
}

TEST_F(GpuLedgerTest, DoesNotTakeWhatRecordingNodesCostForTheGraphsOwn) {
  const Ledger ledger = step_with(graph_of_two("1", "3500us"));
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/gemm"), 2.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/softmax"), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kIdleGraph), 0.5);
  EXPECT_DOUBLE_EQ(leaf_ms(step_with(graph_of_two("1", "3ms")), leaf::kIdleGraph), 0.0);
}

TEST_F(GpuLedgerTest, LearnsNothingFromALaunchThatItSawAPartOf) {
  const Ledger ledger =
      step_with("kernel lane=2 start_ns=0ms dur_ns=900us graph=9 correlation=3 name=softmax_warp_forward\n" +
                graph_of_two("1", "4ms"));
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/softmax"), 1.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/gemm"), 2.0);
  const Ledger cut =
      step_with(graph_of_two("1", "4ms") +
                "kernel lane=2 start_ns=7ms dur_ns=1ms graph=9 correlation=5 name=softmax_warp_forward\n");
  EXPECT_DOUBLE_EQ(leaf_ms(cut, "compute/gemm"), 2.0) << "the end of which it did not see";
}

// Node by node the names are the same, whatever the host does meanwhile.
TEST_F(GpuLedgerTest, NamesGapsBetweenNodesAlikeHoweverTheGraphIsRecorded) {
  for (const char* const told : {"graph_launch lane=2 start_ns=21ms dur_ns=4ms graph=9 correlation=8\n",
                                 "cuda_api start_ns=1ms dur_ns=1us name=cudaGraphLaunch_v10000\n"}) {
    const Ledger ledger = step_with(std::string(told) + R"(
      phase start_ns=10ms dur_ns=10ms op=3
      cuda_api start_ns=13ms dur_ns=7ms name=cudaStreamSynchronize
      kernel lane=2 start_ns=12ms dur_ns=2ms graph=9 correlation=4 )" +
                                    kGemm + R"(
      memcpy lane=3 start_ns=14500us dur_ns=200us copy_kind=1
      kernel lane=2 start_ns=15ms dur_ns=1ms graph=9 correlation=4 name=softmax_warp_forward
    )");
    EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kIdleGraph), 0.8) << "a copy ran meanwhile";
    EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kIdleLaunch), 2.0);
    EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kIdleSync), 4.0);
    EXPECT_EQ(ledger.residual_ns(), 0);
  }
}

TEST_F(GpuLedgerTest, CommunicationInsideAGraphIsExposedOnlyWhereNothingComputes) {
  const Ledger ledger = step_with(std::string() + R"(
    kernel lane=2 start_ns=1ms dur_ns=3ms graph=9 correlation=4 )" +
                                  kGemm + R"(
    kernel lane=3 start_ns=2ms dur_ns=3ms graph=9 correlation=4 )" +
                                  kNccl + R"(
    graph_launch lane=2 start_ns=11ms dur_ns=4ms graph=9 correlation=8 nodes=2
  )");
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/gemm"), 3.0);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "comm.exposed/all_reduce"), 1.0);
}

TEST_F(GpuLedgerTest, CutsEventsAtTheBoundariesOfSteps) {
  const Ledger ledger = step_with(std::string("kernel lane=2 start_ns=-5ms dur_ns=50ms ") + kGemm);
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, "compute/gemm"), 10.0);
  EXPECT_EQ(ledger.residual_ns(), 0);
}

TEST_F(GpuLedgerTest, LeavesAHostOnlyRunAlone) {
  const Ledger ledger = step_with(R"(
    cuda_api start_ns=11ms dur_ns=1ms name=cudaStreamSynchronize
    jit start_ns=12ms dur_ns=1ms
    phase start_ns=10ms dur_ns=10ms op=3
  )");
  EXPECT_DOUBLE_EQ(leaf_ms(ledger, leaf::kBackward), 10.0);
}

TEST_F(GpuLedgerTest, KeepsTheLargestFusionsApart) {
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += "kernel lane=2 start_ns=" + std::to_string(11000 + 100 * i) +
            "us dur_ns=" + std::to_string(10 + i) + "us name=triton_poi_fused_op" + std::to_string(i) +
            "x_3\n";
  }
  const Ledger ledger = step_with(text);
  EXPECT_GT(leaf_ms(ledger, "compute/triton/op49x"), 0.05);
  EXPECT_GT(leaf_ms(ledger, "compute/triton/(other fusions)"), 0.1);
  EXPECT_EQ(
      std::count_if(ledger.leaves.begin(), ledger.leaves.end(),
                    [](const std::string& leaf_name) { return leaf_name.starts_with(leaf::kTritonPrefix); }),
      33);
}

TEST_F(GpuLedgerTest, ExplainsATrainingStep) {
  const Ledger ledger = ledger_of(gpu_job("run", "steps=20"));
  EXPECT_EQ(ledger.residual_ns(), 0);
  EXPECT_NEAR(step_ms(ledger), 16.3, 0.3);  // 60 x 200 us + copy + data
  EXPECT_NEAR(leaf_ms(ledger, "copy.exposed/h2d"), 4.0, 0.1);
  EXPECT_NEAR(leaf_ms(ledger, "compute/optimizer"), 2.0, 0.1);
  EXPECT_NEAR(leaf_ms(ledger, "comm.exposed/all_reduce"), 0.2, 0.1);  // hidden behind the backward
  const Ledger late = ledger_of(gpu_job("late", "steps=20 comm=8ms"));
  EXPECT_NEAR(leaf_ms(late, "comm.exposed/all_reduce"), 5.0, 0.3);
}

TEST_F(GpuLedgerTest, IsTheSameFromItsCache) {
  const Ledger cold = ledger_of(gpu_job("run", "steps=20 graph=2"), Cache::kReadWrite);
  const Ledger warm = ledger_of(open("run"), Cache::kReadWrite);
  EXPECT_TRUE(warm.processes[0].from_cache);
  EXPECT_EQ(cold.leaves, warm.leaves);
  EXPECT_EQ(cold.processes[0].ns, warm.processes[0].ns);
}

// Streams, copies, graphs and host activity in any disorder.
std::string random_gpu_timeline(uint32_t seed) {
  std::mt19937 random(seed);
  const auto number = [&random](uint32_t below) { return static_cast<int64_t>(random() % below); };
  static constexpr const char* kNames[] = {"ampere_sgemm_128x64_nn", "ncclDevKernel_AllGather_RING_LL",
                                           "triton_poi_fused_add_1", "softmax_warp_forward",
                                           "ncclDevKernel_Generic"};
  std::string text =
      "lane 2 stream \"GPU 0 stream 7\"\nlane 3 stream \"GPU 0 stream 13\"\nlane 4 stream \"GPU 1 stream "
      "7\"\n";
  const int64_t events = 20 + number(500);
  for (int64_t i = 0; i < events; ++i) {
    const std::string at =
        " start_ns=" + std::to_string(number(10000)) + " dur_ns=" + std::to_string(number(900) - 60);
    const std::string on = " lane=" + std::to_string(2 + number(3)) + at;
    switch (random() % 8) {
      case 0:
      case 1:
        text += "kernel" + on + " name=" + kNames[random() % 5] + " graph=" + std::to_string(number(3)) +
                " correlation=" + std::to_string(number(50)) + "\n";
        break;
      case 2:
        text += "memcpy" + on + " copy_kind=" + std::to_string(number(14)) + "\n";
        break;
      case 3:
        text += "memset" + on + "\n";
        break;
      case 4:
        text += "graph_launch" + on + " graph=" + std::to_string(number(4)) + "\n";
        break;
      case 5:
        text += "cuda_api" + at + " name=" + (number(2) == 0 ? "cudaStreamSynchronize" : "cudaLaunchKernel") +
                "\n";
        break;
      case 6:
        text += "phase" + at + " op=" + std::to_string(number(13)) + " name=p\n";
        break;
      default:
        text +=
            "step start_ns=" + std::to_string(number(10000)) + " index=" + std::to_string(i) + " source=1\n";
        break;
    }
  }
  return text;
}

TEST_F(GpuLedgerTest, AddsUpToTheNanosecondOnRandomStreams) {
  size_t steps = 0;
  for (uint32_t seed = 0; seed < 60; ++seed) {
    const Ledger ledger = ledger_of(process("run", random_gpu_timeline(seed)));
    ASSERT_EQ(ledger.residual_ns(), 0) << "seed " << seed;
    for (const ProcessLedger& process : ledger.processes) {
      steps += process.steps.steps.size();
      ASSERT_TRUE(std::all_of(process.ns.begin(), process.ns.end(), [](int64_t ns) { return ns >= 0; }));
    }
  }
  EXPECT_GT(steps, 1000U);
}

// However the time is cut into windows, every piece is the same.
TEST_F(GpuLedgerTest, DoesNotDependOnHowItReadsTheEvents) {
  for (uint32_t seed = 100; seed < 130; ++seed) {
    const auto run = process("run", random_gpu_timeline(seed));
    const ProcessSteps steps = find_process_steps(run, 0, {}).value();
    if (steps.steps.empty()) {
      continue;  // disorder without two boundaries
    }
    const BatchTable batches = load_batches(run, 0).value();
    std::vector<std::string> pictures;
    for (const size_t events_per_window : {size_t{1} << 20U, size_t{17}, size_t{1}}) {
      Labels labels;
      LabelContext context{run, steps, batches, labels, {}, {}, {}, {}, {}, 0, 0};
      ASSERT_TRUE(name_host(context).ok());
      const uint32_t background = labels.leaf(leaf::kHostOther);
      const Result<GpuLabels> gpu = GpuLabels::prepare(context);
      ASSERT_TRUE(gpu.ok());
      std::vector<uint32_t> picture;  // the label of every nanosecond
      int64_t expected = steps.steps.front().begin_ns;
      ASSERT_TRUE(gpu.value()
                      .partition(
                          context, background,
                          [&](int64_t begin, int64_t end, uint32_t label) {
                            EXPECT_EQ(begin, expected);
                            expected = end;
                            picture.insert(picture.end(), static_cast<size_t>(end - begin), label);
                          },
                          events_per_window)
                      .ok());
      EXPECT_EQ(expected, steps.steps.back().end_ns);
      pictures.emplace_back(reinterpret_cast<const char*>(picture.data()), picture.size() * sizeof(uint32_t));
    }
    ASSERT_EQ(pictures[0], pictures[1]) << "seed " << seed;
    ASSERT_EQ(pictures[0], pictures[2]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace stepscope::analysis
