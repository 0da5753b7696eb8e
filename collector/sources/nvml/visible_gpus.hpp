// SPDX-License-Identifier: Apache-2.0
//
// Which of NVML's devices the process uses, and CUDA's numbers of them. On the thread that reads NVML.
#pragma once

#include <limits.h>
#include <stdint.h>

#include "collector/gpu_table.hpp"
#include "collector/sources/nvml/library.hpp"
#include "collector/text.hpp"

namespace stepscope::collector::nvml {

struct VisibleGpu {
  Device device = nullptr;  // of a GPU or a MIG slice
  uint32_t ordinal = 0;
};

struct VisibleGpus {
  VisibleGpu gpus[kMaxGpus];
  int count = 0;
  int left_out = 0;        // beyond kMaxGpus, or unknown to NVML
  const char* order = "";  // see nvml.order in source.hpp
};

// What CUDA was told of GPUs by the environment. All zero: nothing.
struct CudaEnvironment {
  bool lists = false;  // CUDA_VISIBLE_DEVICES is set
  TextBuffer<1024> list{kZeroed};
  bool by_bus = false;  // CUDA_DEVICE_ORDER
  TextBuffer<PATH_MAX> mps_directory{kZeroed};

  // On a thread of the program that is in cuInit, which reads the same now: elsewhere it could be in the middle of a setenv().
  void read() noexcept;
};

// From gpu_table.hpp when it has any, else from CUDA_VISIBLE_DEVICES, else all.
void find_visible_gpus(const Functions& functions, const CudaEnvironment& environment,
                       VisibleGpus& found) noexcept;

}  // namespace stepscope::collector::nvml
