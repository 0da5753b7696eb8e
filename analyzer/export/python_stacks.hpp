// SPDX-License-Identifier: Apache-2.0
//
// Sampled Python stacks, per process, each distinct stack once.
//
// The recording has a stack as one text, "file:function;file:function;...", outermost first. A sample stands for the time
// since the sample before it. Memory: one entry per distinct stack (the sampler keeps at most 16384 per process).
// For analyzer/export; frames_of() for the viewer as well.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "analyzer/export/exporter.hpp"

namespace stepscope::analysis::exporting {

struct StackCount {
  std::string_view stack;  // a name of the run
  uint64_t samples = 0;
  int64_t ns = 0;  // what its samples stand for
};

struct ProcessStacks {
  uint32_t process = 0;
  uint64_t samples = 0;
  std::vector<StackCount> stacks;  // ascending by text
};

// Processes without samples are left out.
[[nodiscard]] Result<std::vector<ProcessStacks>> collect_stacks(const ExportJob& job);

// The frames of a stack, outermost first; an empty stack has one frame "[no stack]".
[[nodiscard]] std::vector<std::string_view> frames_of(std::string_view stack);

}  // namespace stepscope::analysis::exporting
