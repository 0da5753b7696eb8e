// SPDX-License-Identifier: Apache-2.0
//
// Steps that nobody marked, found in recordings: from kernels and from collectives.
#include "analyzer/motif_steps.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gpu_job.hpp"
#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

using ::testing::HasSubstr;

class MotifStepsTest : public RunTest {
 protected:
  static ProcessSteps steps_by(const analysis::Run& run, std::optional<StepMethod> method) {
    StepOptions options;
    options.only = method;
    Result<ProcessSteps> steps = find_process_steps(run, 0, options);
    ::stepscope::testing::require(steps.status());
    return std::move(steps).value();
  }

  analysis::Run gpu_job(const std::string& name, const std::string& text) {
    ::stepscope::testing::write_gpu_job(path(name), text);
    return open(name);
  }

  // Kernels one after the other on a stream, as text.
  class Gpu {
   public:
    explicit Gpu(uint32_t lane = 2, int64_t device = 0) : lane_(lane), device_(device) {}
    Gpu& kernels(std::string_view what, int count, int64_t ns = 10000) {
      for (int i = 0; i < count; ++i) {
        text += fmt::format("kernel lane={} device={} start_ns={} dur_ns={} name={}{} correlation={}\n",
                            lane_, device_, now, ns, what, i, ++correlation);
        now += ns + 1000;
      }
      return *this;
    }
    Gpu& copy() {
      text += fmt::format("memcpy lane={} start_ns={} dur_ns=5000 copy_kind=1 correlation={}\n", lane_, now,
                          ++correlation);
      now += 6000;
      return *this;
    }
    Gpu& step() { return copy().kernels("forward", 10).kernels("backward", 20).kernels("adam", 3); }
    Gpu& steps(int count) {
      for (int i = 0; i < count; ++i) {
        step();
      }
      return *this;
    }

    std::string text;
    int64_t now = 1000000;
    uint32_t correlation = 0;

   private:
    uint32_t lane_;
    int64_t device_;
  };

  static std::string classes(const ProcessSteps& steps) {
    std::string out;
    for (const Step& step : steps.steps) {
      out += "twcve"[static_cast<size_t>(step.step_class)];
    }
    return out;
  }

  static constexpr const char* kStreams =
      "lane 2 stream \"GPU 0 stream 7\"\nlane 3 stream \"GPU 0 stream 13\"\n"
      "lane 4 stream \"GPU 1 stream 7\"\n";
};

TEST_F(MotifStepsTest, KernelsTellWhatTheOptimizerTells) {
  const analysis::Run run = gpu_job("run", "steps=40 kernels=60");
  const ProcessSteps hooked = steps_by(run, std::nullopt);
  const ProcessSteps guessed = steps_by(run, StepMethod::kKernels);
  EXPECT_EQ(hooked.method, StepMethod::kOptimizer);
  ASSERT_EQ(guessed.method, StepMethod::kKernels);
  EXPECT_EQ(guessed.steps.size(), 40U);
  EXPECT_EQ(guessed.lane, hooked.lane);
  EXPECT_GE(guessed.confidence, 0.8);
  EXPECT_LT(guessed.confidence, hooked.confidence);
  EXPECT_THAT(guessed.detail, HasSubstr("from 61 kernels that repeat"));
  for (size_t i = 5; i < 35; ++i) {  // the GPU is the bottleneck: its steps take as long as the host's
    EXPECT_NEAR(static_cast<double>(guessed.steps[i].duration_ns()),
                static_cast<double>(hooked.steps[i].duration_ns()), 1e6);
    EXPECT_EQ(guessed.steps[i].begin_ns, guessed.steps[i - 1].end_ns);
  }
}

TEST_F(MotifStepsTest, AreFoundInGraphsThatRunAsAWhole) {
  const ProcessSteps steps = steps_by(gpu_job("run", "steps=40 graph=2 comm=0"), StepMethod::kKernels);
  EXPECT_EQ(steps.method, StepMethod::kKernels);
  EXPECT_GE(steps.steps.size(), 35U);
}

TEST_F(MotifStepsTest, SetAnEvaluationApartAndTheLedgerCloses) {
  Gpu gpu;
  gpu.steps(6);
  for (int i = 0; i < 8; ++i) {
    gpu.copy().kernels("forward", 10);
  }
  gpu.steps(5);
  const analysis::Run run = process("run", kStreams + gpu.text);
  const ProcessSteps steps = steps_by(run, std::nullopt);
  EXPECT_EQ(steps.method, StepMethod::kKernels);
  EXPECT_EQ(classes(steps), "wtttttvttttt");
  EXPECT_THAT(steps.detail, HasSubstr("an optimizer's kernels in each"));
  const Ledger ledger = ledger_of(run);
  EXPECT_EQ(ledger.residual_ns(), 0);
  EXPECT_EQ(ledger.processes.at(0).steps.method, StepMethod::kKernels);
}

TEST_F(MotifStepsTest, FollowTheOrderOfLaunchWhateverRanFirst) {
  // Two streams race: what the second runs lies now before, now after what the first runs. Correlations wrap on the way.
  std::string text = kStreams;
  uint32_t correlation = 0xFFFFFF00U;
  int64_t at = 1000000;
  for (int step = 0; step < 12; ++step) {
    for (int i = 0; i < 30; ++i) {
      const bool second = i % 3 == 2;
      const int64_t shift = second ? (step * 7919 + i * 104729) % 90000 - 45000 : 0;
      correlation += correlation == 0xFFFFFFFFU ? 2 : 1;  // 0 is "unknown"
      text += fmt::format("kernel lane={} start_ns={} dur_ns=5000 name={}{} correlation={}\n", second ? 3 : 2,
                          at + shift, i < 27 ? "work" : "adam", i, correlation);
      at += 10000;
    }
  }
  const ProcessSteps steps = steps_by(process("run", text), StepMethod::kKernels);
  EXPECT_EQ(steps.method, StepMethod::kKernels);
  EXPECT_THAT(steps.detail, HasSubstr("from 30 kernels that repeat, 100.0 % of them alike"));
}

TEST_F(MotifStepsTest, LookAtTheBusierOfTwoDevices) {
  Gpu train;
  train.steps(8);
  Gpu noise(4, 1);
  noise.correlation = 100000;
  for (int i = 0; i < 40; ++i) {
    noise.kernels(i % 3 == 0 ? "a" : "b", 1 + i % 5, 3000);
  }
  const ProcessSteps steps =
      steps_by(process("run", kStreams + train.text + noise.text), StepMethod::kKernels);
  EXPECT_EQ(steps.steps.size(), 8U);
  EXPECT_THAT(steps.detail, HasSubstr("100 % of all kernels"));
}

TEST_F(MotifStepsTest, BearLaunchConfigurationsThatVary) {
  std::string text = kStreams;
  for (int64_t i = 0; i < 200; ++i) {  // 10 kernels a step, each with another grid each time
    const int64_t in_step = i % 10;
    text += fmt::format("kernel lane=2 start_ns={} dur_ns=5000 name={}{} signature=grid{} correlation={}\n",
                        i * 10000, in_step < 8 ? "k" : "adam", in_step, i, i + 1);
  }
  const ProcessSteps steps = steps_by(process("run", text), StepMethod::kKernels);
  EXPECT_EQ(steps.method, StepMethod::kKernels);
  EXPECT_THAT(steps.detail, HasSubstr("alike by name, with"));
}

TEST_F(MotifStepsTest, TellStepsByGridsWhereNamesAreAlike) {
  std::string text = kStreams;
  for (int64_t i = 0; i < 200; ++i) {  // one kernel, on grids that repeat every 10
    text += fmt::format("kernel lane=2 start_ns={} dur_ns=5000 name=k signature=grid{} correlation={}\n",
                        i * 10000 + i / 10 * 200000, i % 10, i + 1);
  }
  const ProcessSteps steps = steps_by(process("run", text), StepMethod::kKernels);
  EXPECT_EQ(steps.steps.size(), 20U);
  EXPECT_THAT(steps.detail, HasSubstr("one long idle gap"));
}

TEST_F(MotifStepsTest, CountMicroBatches) {
  Gpu gpu;
  for (int step = 0; step < 6; ++step) {
    for (int micro = 0; micro < 4; ++micro) {
      gpu.copy().kernels("forward", 10).kernels("backward", 20);
    }
    gpu.kernels("adam", 3);
  }
  const ProcessSteps steps = steps_by(process("run", kStreams + gpu.text), std::nullopt);
  ASSERT_EQ(steps.steps.size(), 6U);
  EXPECT_EQ(steps.steps[3].micro_steps, 4U);
  EXPECT_THAT(steps.detail, HasSubstr("from 123 kernels"));
}

TEST_F(MotifStepsTest, SayWhyThereAreNone) {
  const ProcessSteps bare =
      steps_by(process("bare", "range start_ns=1ms dur_ns=1ms name=work"), std::nullopt);
  EXPECT_THAT(bare.detail, HasSubstr("no collectives were recorded; no kernels were recorded"));
  Gpu layers;
  layers.kernels("embed", 2);
  for (int i = 0; i < 24; ++i) {
    layers.kernels("layer", 12);
  }
  const ProcessSteps inference = steps_by(process("layers", kStreams + layers.text), std::nullopt);
  EXPECT_EQ(inference.method, StepMethod::kNone);
  EXPECT_TRUE(inference.steps.empty());
  EXPECT_THAT(inference.detail, HasSubstr("kernels repeat every 12"));
  const ProcessSteps two = steps_by(process("two", kStreams + Gpu().steps(2).text), StepMethod::kKernels);
  EXPECT_EQ(two.detail, "no steps by kernels; no sequence of kernels repeats at least three times");
}

TEST_F(MotifStepsTest, CollectivesOfTheLargestCommunicatorTellThem) {
  std::string text = kStreams;
  text += "lane 5 communicator \"dp rank 0/8\"\nlane 6 communicator \"tp rank 0/2\"\n";
  int64_t at = 1000000;
  for (int step = 0; step < 10; ++step) {
    text += fmt::format("memcpy lane=2 start_ns={} dur_ns=1000 copy_kind=1 correlation={}\n", at, step + 1);
    for (int layer = 0; layer < 24; ++layer) {
      text += fmt::format("collective lane=6 start_ns={} dur_ns=100 op=AllReduce bytes=4096 ranks=2\n",
                          at + 1000 * layer);
    }
    for (const int bytes : {25, 25, 25, 7}) {
      at += 100000;
      text +=
          fmt::format("collective lane=5 start_ns={} dur_ns=100 op=AllReduce bytes={} ranks=8\n", at, bytes);
    }
    at += 900000;
  }
  const analysis::Run run = process("run", text);
  const ProcessSteps steps = steps_by(run, std::nullopt);
  ASSERT_EQ(steps.method, StepMethod::kCollective);
  EXPECT_THAT(steps.detail,
              HasSubstr("from 4 collectives that repeat on communicator dp rank 0/8 of 8 ranks"));
  ASSERT_EQ(steps.steps.size(), 10U);
  EXPECT_EQ(steps.steps[0].begin_ns, 1100000);  // the first collective behind the batch
  EXPECT_EQ(steps.steps[4].duration_ns(), 1300000);
  const ProcessSteps hidden = steps_by(run, StepMethod::kOptimizer);
  EXPECT_TRUE(hidden.steps.empty());
  EXPECT_EQ(hidden.detail, "no steps by optimizer");
}

TEST_F(MotifStepsTest, CollectivesWithoutCopiesNeedAGap) {
  const auto job = [&](const std::string& name, int64_t gap) {
    std::string text = "lane 5 communicator \"dp rank 0/8\"\n";
    int64_t at = 1000000;
    for (int step = 0; step < 10; ++step) {
      for (const int bytes : {25, 24, 23, 7}) {
        text += fmt::format("collective lane=5 start_ns={} dur_ns=100 op=AllReduce bytes={} ranks=8\n", at,
                            bytes);
        at += 100000;
      }
      at += gap;
    }
    return steps_by(process(name, text), std::nullopt);
  };
  EXPECT_EQ(job("wide", 900000).method, StepMethod::kCollective);
  const ProcessSteps narrow = job("narrow", 100000);  // layers look like this too
  EXPECT_EQ(narrow.method, StepMethod::kNone);
  EXPECT_THAT(narrow.detail, HasSubstr("collectives repeat every 4"));
}

}  // namespace
}  // namespace stepscope::analysis
