// SPDX-License-Identifier: Apache-2.0
//
// Noise: how much longer or shorter than usual one piece of a simulated run takes.
//
// Every draw is a pure function of (seed, rank, step, key): a piece of work that two simulations share is disturbed in the
// same way in both, whatever else they do. So the difference between a run with an injected cause and the same run without
// it is the cause and nothing else.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace stepscope::scenarios {

// Relative standard deviations, unless said otherwise.
struct NoiseLevels {
  double gpu_run = 0.0015;   // of a whole run, all GPUs of the job together
  double gpu_rank = 0.0015;  // of one GPU in one run
  double gpu_step = 0.004;   // of a step, AR(1)
  double gpu_memory = 0.5;   // what of a step's deviation the next one inherits
  double kernel = 0.01;      // of one kernel
  double host_run = 0.02;    // of everything that threads do in a run
  double host_step = 0.02;   // of a step, AR(1)
  double host_memory = 0.7;
  double call = 0.15;         // of a piece of host work of 10 us; longer ones are made of such pieces
  double batch = 0.08;        // of making one batch
  double hiccups = 0.0004;    // share of host pieces that the scheduler interrupts
  double hiccup_ns = 120000;  // ns, for how long on average
  double wire_run = 0.01;     // of all transfers of a run
  double wire = 0.03;         // of one transfer
};

// A stable number for a name.
[[nodiscard]] uint64_t identity(std::string_view text);
[[nodiscard]] uint64_t identity(uint64_t one, uint64_t other);

class Noise {
 public:
  Noise(uint64_t seed, int64_t rank, int64_t steps, const NoiseLevels& levels);

  // Durations with their noise, ns.
  [[nodiscard]] int64_t gpu(int64_t ns, int64_t step, uint64_t key) const;
  [[nodiscard]] int64_t host(int64_t ns, int64_t step, uint64_t key) const;
  [[nodiscard]] int64_t batch(int64_t ns, int64_t step, uint64_t key) const;
  [[nodiscard]] int64_t wire(int64_t ns, int64_t step, uint64_t key) const;  // the same on all ranks

 private:
  enum class Draw : uint64_t {
    kRun = 1,
    kRank,
    kHostRun,
    kWireRun,
    kGpuStep,
    kHostStep,
    kKernel,
    kCall,
    kHiccup,
    kWire,
    kBatch
  };
  [[nodiscard]] static std::vector<double> drift(uint64_t seed, Draw draw, int64_t steps, double deviation,
                                                 double memory);

  uint64_t job_;   // seed of what all ranks share
  uint64_t rank_;  // seed of what is this rank's own
  NoiseLevels levels_;
  double gpu_run_ = 1, host_run_ = 1, wire_run_ = 1;
  std::vector<double> gpu_step_, host_step_;
};

}  // namespace stepscope::scenarios
