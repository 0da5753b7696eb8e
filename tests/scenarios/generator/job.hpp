// SPDX-License-Identifier: Apache-2.0
//
// Job: what a simulated training job is: model, machine, loader, habits. An injected cause is a change of these numbers.
// Times are ns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/scenarios/generator/noise.hpp"

namespace stepscope::scenarios {

enum class Model : uint8_t { kTransformer, kResnet };

// How the element-wise operations behind the first matrix product of a transformer's MLP are written.
enum class Fusion : uint8_t { kSeparate, kFused };

// A kernel that became another, or slower. `kernel` is the beginning of its id (kernels.hpp), "" is all that compute.
struct KernelChange {
  std::string kernel;
  double factor = 1;
  std::string name;   // what it is called now; empty: as before
  int64_t rank = -1;  // on this rank only; -1: on all
};

struct LoaderHabits {
  int64_t workers = 2;   // 0: the training thread fetches itself
  int64_t prefetch = 2;  // batches per worker
  int64_t cpu = 4000000, sleep = 0, collate = 800000, hand_over = 150000;  // per batch
  int64_t batch_size = 32;
  int64_t sequence_length = 0;  // tokens per sample, which batches say by their shape; 0: they do not
  bool counted = true;          // how many samples and tokens a batch has was recorded
};

struct Job {
  Model model = Model::kTransformer;
  int64_t layers = 6;
  int64_t steps = 30;
  double kernel_scale = 1;  // of all kernels: smaller models have shorter ones
  // What computes on the batch takes longer by this, since batches are larger or sequences longer; attention on longer sequences by
  // the square of it. Optimizers work on parameters.
  double batch_scale = 1, length_scale = 1;
  Fusion fusion = Fusion::kSeparate;
  std::vector<KernelChange> kernels;

  int64_t ranks = 2;
  int64_t ranks_per_host = 2;
  int64_t micro_batches = 0;      // of a pipeline with a stage per rank; 0: data parallel
  double wire_bytes_per_ns = 62;  // of an all-reduce or a send, as seen by the message (algorithm bandwidth)
  int64_t gradient_bytes = 50000000;    // of a layer
  int64_t teacher_layers = 0;           // of a second model, run while the last gradients are reduced
  int64_t host_clock_offset = 1000000;  // between the wall clocks of two hosts, times a number in [-1, 1]
  double host_clock_drift = 20e-6;      // of a host's clock, times a number in [-1, 1]

  LoaderHabits loader;
  int64_t copy_bytes = 400000;
  bool pageable = false;  // the batch is copied from memory that is not pinned
  double pinned_bytes_per_ns = 25, pageable_bytes_per_ns = 6;

  int64_t launch_python = 8500;        // on the host before each launch in forward and optimizer
  int64_t launch_autograd = 4000;      // in backward
  int64_t launch_call = 4500;          // the call itself
  int64_t optimizer_python = 2500000;  // until the optimizer launches its first kernel
  int64_t tiny_kernels = 0;            // the optimizer is a loop over this many small kernels
  bool graphs = false;                 // forward and backward are one CUDA graph
  bool extra_synchronize = false;      // cudaDeviceSynchronize between backward and optimizer

  int64_t slow_clock_from = -1;  // from this step on the GPU's clock is lower; -1: never
  double slow_clock = 1;         // and what computes takes longer by this factor
  int64_t gc_every = 0, gc = 0;  // pause of Python's garbage collector in the forward of every n-th step
  int64_t checkpoint_every = 0, checkpoint = 0;
  bool calls = true;  // CUDA calls are recorded: level `api`; else `kernels`
  bool marks = true;  // ranges, phases, batches and step marks are recorded: Python hooks are at work

  NoiseLevels noise;
};

}  // namespace stepscope::scenarios
