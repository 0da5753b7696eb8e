// SPDX-License-Identifier: Apache-2.0
//
// LaunchPlaces: where in the program kernels were launched: by which operator, in which module, in which phase.
//
// A kernel carries the correlation id of the CUDA call that launched it; what was open on the calling thread at that moment is
// its place. Operators are the ranges that torch.profiler calls cpu_op, and the NVTX ranges of emit_nvtx ("aten::mm, op_id =
// 7, sizes = [[2,3]]"); modules are Python frames "nn.Module: Linear_3" and, where there are none, other ranges of the
// program (not those around a whole step). A launch that was not recorded has no place. Deterministic, one thread. Memory: what the span holds.
// Internal to the library.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

// Texts as numbers, shared by both sides of a comparison. 0 is "".
class TextPool {
 public:
  TextPool() { (void)id({}); }
  [[nodiscard]] uint32_t id(std::string_view text);
  [[nodiscard]] const std::string& text(uint32_t id) const { return texts_[id]; }

 private:
  std::vector<std::string> texts_;
  std::unordered_map<std::string, uint32_t> ids_;
};

// Ids of a TextPool; 0: not known.
struct LaunchPlace {
  uint32_t op = 0;               // the innermost operator: "aten::addmm"
  uint32_t op_shapes = 0;        // "[[768],[64,768],[768,768]]"
  uint32_t outer_op = 0;         // the outermost one, that the program called: "aten::linear"
  uint32_t outer_op_shapes = 0;  //
  uint32_t module = 0;           // innermost
  uint32_t phase = 0;            // "forward", "backward" or "optimizer"
  uint32_t op_call = 0;          // which call of the innermost operator; counts from 1
  uint32_t outer_op_call = 0;    //
};

class LaunchPlaces {
 public:
  // Launches with these correlation ids (ascending) that were made in `span` by any thread of the process.
  [[nodiscard]] static Result<LaunchPlaces> read(const Run& run, uint32_t process, const TimeRange& span,
                                                 std::span<const uint32_t> correlations, TextPool* pool);
  // nullptr: its launch was not recorded.
  [[nodiscard]] const LaunchPlace* of(uint32_t correlation) const;

 private:
  std::unordered_map<uint32_t, LaunchPlace> places_;
};

}  // namespace stepscope::analysis
