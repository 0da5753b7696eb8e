// SPDX-License-Identifier: Apache-2.0
//
// What a CUDA runtime or driver call does to the thread that makes it, from its name ("cudaStreamSynchronize_v3020",
// "cuMemAlloc_v2", ROCm's "hipLaunchKernel"). Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace stepscope::analysis {

enum class CallClass : uint8_t {
  kOther = 0,
  kLaunch,   // puts a kernel or a graph into a stream
  kSync,     // returns when the GPU is done: synchronise calls, copies that are not Async
  kAlloc,    // allocates, frees or maps memory: may wait for the device
  kCompile,  // loads a module: compiles or copies code
};

[[nodiscard]] CallClass classify_call(std::string_view name);

// True for the name of a range or phase in which a framework compiles ("compile_fx.<locals>", "autotuning", "TorchDynamo"),
// false for one that runs what was compiled ("Torch-Compiled Region").
[[nodiscard]] bool says_compile(std::string_view range_name);

}  // namespace stepscope::analysis
