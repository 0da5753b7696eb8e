// SPDX-License-Identifier: Apache-2.0
//
// The environment a recorded command gets: every door of the collector, chained with what is already there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/run.hpp"
#include "analyzer/step_window.hpp"

namespace stepscope::analysis::cli {

struct RecordSettings {
  std::string directory;       // absolute
  std::string library;         // absolute path of libstepscope.so
  std::string level;           // "steps", "kernels", "api", "full"
  std::string window;          // "A:B", kCudaProfilerWindow or empty
  size_t python_samples = 0;   // per second, 0 = off
  std::string cupti = "hold";  // "hold", "yield", "off"
};

// The window that the program opens and closes itself, by cudaProfilerStart and cudaProfilerStop.
inline constexpr std::string_view kCudaProfilerWindow = "cuda-profiler";

struct RecordEnvironment {
  std::vector<std::string> variables;  // "NAME=value", what execve takes
  std::vector<std::string> notes;      // one sentence per door that was left to another tool
};

// LD_PRELOAD becomes "ours:theirs". NCCL_PROFILER_PLUGIN becomes ours, and a library that stood there goes to
// STEPSCOPE_CHAINED_NCCL_PROFILER_PLUGIN, from where the collector loads it and passes NCCL's calls on; "none" and forms of
// STATIC_PLUGIN are left alone. CUDA_INJECTION64_PATH and NVTX_INJECTION64_PATH are set only when they are not: whoever
// set them asked for another tool. `current` is a list like environ.
// Error kUsage: the library's path cannot stand in LD_PRELOAD (blanks and colons separate entries there).
[[nodiscard]] Result<RecordEnvironment> record_environment(const RecordSettings& settings,
                                                           const std::vector<std::string>& current);

// Reads "FIRST:LAST", either side may be empty. Error kUsage.
[[nodiscard]] Result<StepWindow> parse_window(std::string_view text);

}  // namespace stepscope::analysis::cli
