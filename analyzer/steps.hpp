// SPDX-License-Identifier: Apache-2.0
//
// find_steps: where the training steps of a run begin and end, and what kind of step each one is.
//
// Boundaries, in order of trust; the first source with at least two boundaries on one thread wins:
//   1. C API        step records of source api
//   2. NVTX         step records of source nvtx, else ranges (then instants) whose name is step-like: "step",
//   "iteration",
//                   "train_step", "ProfilerStep#12", "step 12" (see is_step_name); a step runs from start to
//                   start, the last one to the end of its range
//   3. profiler     step records of source torch.profiler
//   4. optimizer    step records of source python: the end of the outermost Optimizer.step
//   5. collective   what the collectives of the communicator with most ranks repeat (operation and size, as enqueued); a step
//                   begins where the first collective behind a host-to-device copy, else the longest gap, is enqueued
//   6. kernels      what the kernels of the device with most of them repeat, in the order of launch; a step begins with the
//                   first kernel behind a host-to-device copy, else the longest idle gap, else the optimizer
// The last two are guesses from what repeats (rules and thresholds: motif.hpp). They need three periods, four fifths of each
// alike, half of everything in such steps, and a host copy, an optimizer's kernel or a towering gap in each; else they
// abstain, and `detail` says why. What does not repeat between two steps becomes a step of class eval.
// A step runs from one boundary to the next; time before the first and after the last boundary is in no step.
// With several optimizers of different class per iteration, the one that steps least often (at least three
// times) marks the boundary.
//
// Classes. Only `train` reaches a diff's headline or a gate:
//   warmup       the leading steps until step time is stable: at least the first; then while a step is longer
//   than
//                m + max(20 % of m, 4.5 MAD), m and MAD of the later half of the run; never more than half of
//                the steps. Not the only step of a recording, where torch.profiler's number of it says that its schedule skipped
//                steps before: that is a step like any other as far as one can tell, at less confidence
//   checkpoint   a checkpoint is saved or loaded in it    } unless more than half of the steps do so: then
//   that is what eval         an evaluation phase or loop lies in it   } training looks like here, and they
//   are train epoch_start  a loader starts or resets, or the first batch of an epoch is waited for in it
//   (same rule) train        the rest. Garbage collection does not make a class: it is a cost of training.
//
// Reads step, phase, batch and, when needed, range and instant events of training processes. Deterministic;
// one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

enum class StepClass : uint8_t { kTrain = 0, kWarmup, kCheckpoint, kEval, kEpochStart };
inline constexpr size_t kStepClassCount = 5;
[[nodiscard]] std::string_view step_class_name(StepClass step_class);  // "train", "warmup", ...
[[nodiscard]] bool parse_step_class(std::string_view text, StepClass* out);

enum class StepMethod : uint8_t { kNone = 0, kApi, kNvtx, kProfiler, kOptimizer, kCollective, kKernels };
inline constexpr size_t kStepMethodCount = 7;
[[nodiscard]] std::string_view step_method_name(StepMethod method);  // "none", "api", ...
[[nodiscard]] bool parse_step_method(std::string_view text, StepMethod* out);

struct Step {
  int64_t index = 0;   // 0, 1, ... in this process
  int64_t number = 0;  // the program's own number for it when it gave one (API, ProfilerStep#N), else index
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  StepClass step_class = StepClass::kTrain;
  uint32_t micro_steps = 0;  // backwards inside it (gradient accumulation), 0 when unknown

  [[nodiscard]] int64_t duration_ns() const { return end_ns - begin_ns; }
};

// The steps of one training process.
struct ProcessSteps {
  uint32_t process = 0;     // index into Run::processes()
  uint32_t lane = kNoLane;  // global lane of the thread that drives the steps
  StepMethod method = StepMethod::kNone;
  double confidence = 0;  // 0..1; see detail
  std::string detail;     // one sentence: how they were found, and why the confidence is not 1
  std::vector<Step> steps;
};

struct Steps {
  std::vector<ProcessSteps>
      processes;  // one per process that is not a worker, in the order of Run::processes()

  [[nodiscard]] size_t total() const;
};

struct StepOptions {
  double min_confidence = 0.5;                    // below it a process gets no steps, and `detail` says why
  std::optional<StepMethod> only = std::nullopt;  // this method alone, as if nothing else were there

  [[nodiscard]] bool allows(StepMethod method) const { return !only.has_value() || *only == method; }
};

[[nodiscard]] Result<Steps> find_steps(const Run& run, const StepOptions& options);
// The same for one process, whatever its role.
[[nodiscard]] Result<ProcessSteps> find_process_steps(const Run& run, uint32_t process,
                                                      const StepOptions& options);

// The step of class train that goes on at this moment; null where there is none. `steps` ascend.
[[nodiscard]] const Step* train_step_at(std::span<const Step> steps, int64_t at);

// True for a range or mark name that announces a step; *number is the number it carries, or -1.
[[nodiscard]] bool is_step_name(std::string_view name, int64_t* number);

}  // namespace stepscope::analysis
