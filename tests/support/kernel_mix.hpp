// SPDX-License-Identifier: Apache-2.0
//
// KernelMix: an endless, repeatable stream of kernel events like those of a training job, for benches and tests.
//
// A step is a fixed sequence of 400 launches of about 150 distinct kernels on one device: most on stream 7, every eighth
// on stream 20. Durations vary by a few percent around a per-launch mean (1 to 400 us), gaps are short with now and then
// a long one; correlation ids grow by small steps. Same seed, same events, on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace stepscope::testing {

class KernelMix {
 public:
  static constexpr size_t kLaunchesPerStep = 400;
  static constexpr size_t kNames = 150;
  static constexpr size_t kSignatures = 220;  // a kernel is launched with more than one shape
  static constexpr size_t kColumns = 10;
  using Row = std::array<int64_t, kColumns>;  // the columns of kind kernel

  explicit KernelMix(uint64_t seed = 1) : state_(seed * 0x9e3779b97f4a7c15U + 1) {
    for (Launch& launch : step_) {
      launch.name = static_cast<int64_t>(1 + random() % kNames);
      launch.signature = static_cast<int64_t>(kNames + 1 + random() % kSignatures);
      launch.mean_ns = static_cast<int64_t>(1000 + random() % 20000);
      if (random() % 10 == 0) {
        launch.mean_ns *= 20;
      }
    }
  }

  // The texts of the events in the order of their ids: kNames names, then kSignatures launch signatures.
  [[nodiscard]] static std::vector<std::string> names() {
    std::vector<std::string> result;
    for (size_t i = 1; i <= kNames; ++i) {
      result.push_back("void cutlass_80_tensorop_s16816gemm_bf16_" + std::to_string(64 * (i % 5 + 1)) + "x" +
                       std::to_string(i) + "_32x6_nn_align8<float, " + std::to_string(i * 7919) +
                       ">(Params)");
    }
    for (size_t i = 0; i < kSignatures; ++i) {
      result.push_back("grid " + std::to_string(i * 31 % 977 + 1) + "x" + std::to_string(i % 7 + 1) +
                       "x1 block " + std::to_string(32 * (i % 8 + 1)) + "x1x1 registers " +
                       std::to_string(32 + i % 200) + " shared " + std::to_string(1024 * (i % 48)));
    }
    return result;
  }

  [[nodiscard]] Row next() {
    const size_t index = launched_ % kLaunchesPerStep;
    const Launch& launch = step_[index];
    const int64_t jitter = launch.mean_ns / 16;
    const auto spread = static_cast<int64_t>(random() % static_cast<uint64_t>(2 * jitter + 1));
    const int64_t dur = launch.mean_ns - jitter + spread;
    const int64_t stream = index % 8 == 7 ? 20 : 7;
    constexpr int64_t kContext = 1;
    const Row row = {now_ns_, dur, launch.name, 0, stream, correlation_, 0, 0, kContext, launch.signature};
    now_ns_ += dur + 400 + static_cast<int64_t>(random() % 1200);
    if (random() % 64 == 0) {
      now_ns_ += 20000;
    }
    correlation_ += 1 + static_cast<int64_t>(random() % 4);
    ++launched_;
    return row;
  }

 private:
  struct Launch {
    int64_t name = 0;
    int64_t signature = 0;
    int64_t mean_ns = 0;
  };

  // splitmix64 (Steele, Lea, Flood): the same numbers everywhere, unlike <random>'s distributions.
  uint64_t random() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  uint64_t state_;
  std::array<Launch, kLaunchesPerStep> step_ = {};
  size_t launched_ = 0;
  int64_t now_ns_ = 1'000'000'000'000;
  int64_t correlation_ = 1000;
};

}  // namespace stepscope::testing
