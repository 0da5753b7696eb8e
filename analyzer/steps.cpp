// SPDX-License-Identifier: Apache-2.0
#include "analyzer/steps.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "analyzer/step_boundaries.hpp"

namespace stepscope::analysis {
namespace {

using trace::PhaseOp;

constexpr std::array<std::string_view, kStepClassCount> kClassNames = {"train", "warmup", "checkpoint",
                                                                       "eval", "epoch_start"};
constexpr std::array<std::string_view, kStepMethodCount> kMethodNames = {
    "none", "api", "nvtx", "profiler", "optimizer", "collective", "kernels"};

// What happened in a step that can make it another class.
struct Traits {
  bool checkpoint = false;
  bool eval = false;
  bool epoch_start = false;
  uint32_t batches = 0;
};

// The steps that [begin, end) touches: half-open index range. Steps are ascending and contiguous.
std::pair<size_t, size_t> touched(const std::vector<Step>& steps, int64_t begin, int64_t end) {
  const auto first = std::upper_bound(steps.begin(), steps.end(), begin,
                                      [](int64_t value, const Step& step) { return value < step.end_ns; });
  auto last = first;
  while (last != steps.end() && (last->begin_ns < end || last->begin_ns == begin)) {
    ++last;
  }
  return {static_cast<size_t>(first - steps.begin()), static_cast<size_t>(last - steps.begin())};
}

trace::ScanFilter on_lane(const Run& run, uint32_t lane, Kind kind) {
  trace::ScanFilter filter;
  filter.kind = kind;
  filter.lane = run.lanes()[lane].trace_id;
  return filter;
}

Status mark_phases(const Run& run, const ProcessSteps& process, std::vector<Traits>* traits) {
  const int64_t shift = run.processes()[process.process].clock_shift_ns;
  trace::ScanFilter filter = on_lane(run, process.lane, Kind::kPhase);
  filter.columns = 0b1011U;
  return run.scan(process.process, filter, [&](const trace::SegmentView& view) {
    for (size_t i = 0; i < view.rows; ++i) {
      const auto op = static_cast<PhaseOp>(view.columns[3][i]);
      const bool checkpoint = op == PhaseOp::kCheckpointSave || op == PhaseOp::kCheckpointLoad;
      const bool eval = op == PhaseOp::kEval;
      const bool loader = op == PhaseOp::kLoaderStart || op == PhaseOp::kLoaderReset;
      if (!checkpoint && !eval && !loader) {
        continue;
      }
      const int64_t begin = view.columns[0][i] + shift;
      const auto [first, last] = touched(process.steps, begin, begin + view.columns[1][i]);
      for (size_t s = first; s < last; ++s) {
        (*traits)[s].checkpoint |= checkpoint;
        (*traits)[s].eval |= eval;
        (*traits)[s].epoch_start |= loader;
      }
    }
    return Status();
  });
}

Status mark_batches(const Run& run, const ProcessSteps& process, std::vector<Traits>* traits) {
  const int64_t shift = run.processes()[process.process].clock_shift_ns;
  trace::ScanFilter filter = on_lane(run, process.lane, Kind::kBatch);
  filter.columns = (1U << 0U) | (1U << 1U) | (1U << 4U) | (1U << 14U);
  return run.scan(process.process, filter, [&](const trace::SegmentView& view) {
    for (size_t i = 0; i < view.rows; ++i) {
      if ((view.columns[14][i] & trace::kBatchLast) != 0) {
        continue;
      }
      const int64_t begin = view.columns[0][i] + shift;
      const auto [first, last] =
          touched(process.steps, begin, begin + std::max<int64_t>(1, view.columns[1][i]));
      for (size_t s = first; s < last; ++s) {
        (*traits)[s].epoch_start |= view.columns[4][i] == 0;
        (*traits)[s].batches += s == first ? 1U : 0U;
      }
    }
    return Status();
  });
}

// NVTX or API ranges that say in plain words that this is evaluation.
Status mark_eval_ranges(const Run& run, const ProcessSteps& process, std::vector<Traits>* traits) {
  static constexpr std::string_view kWords[] = {"eval", "evaluate", "evaluation", "validate", "validation"};
  std::vector<uint32_t> names;
  for (const std::string_view word : kWords) {
    if (const uint32_t id = run.find_name(word); id != 0) {
      names.push_back(id);
    }
  }
  if (run.kind_events(process.process, Kind::kRange) == 0 || names.empty()) {
    return {};
  }
  const int64_t shift = run.processes()[process.process].clock_shift_ns;
  trace::ScanFilter filter = on_lane(run, process.lane, Kind::kRange);
  filter.columns = 0b111U;
  return run.scan(process.process, filter, [&](const trace::SegmentView& view) {
    for (size_t i = 0; i < view.rows; ++i) {
      const uint32_t name = run.global_name(process.process, view.columns[2][i]);
      if (name == 0 || std::find(names.begin(), names.end(), name) == names.end()) {
        continue;
      }
      const int64_t begin = view.columns[0][i] + shift;
      const auto [first, last] = touched(process.steps, begin, begin + view.columns[1][i]);
      for (size_t s = first; s < last; ++s) {
        (*traits)[s].eval = true;
      }
    }
    return Status();
  });
}

template <typename T>
T median(std::vector<T> values) {
  assert(!values.empty());
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// A loop over another loader inside a step: many more batches than a step of this job consumes.
void mark_eval_loops(std::vector<Traits>* traits) {
  std::vector<uint32_t> counts;
  for (const Traits& one : *traits) {
    counts.push_back(one.batches);
  }
  if (counts.empty()) {
    return;
  }
  const uint32_t usual = median(counts);
  for (Traits& one : *traits) {
    one.eval |= one.batches > 3 * usual + 2;
  }
}

// A trait that most steps have is what training looks like in this job, not an exception.
void drop_common(std::vector<Traits>* traits, bool Traits::*trait) {
  const auto count =
      std::count_if(traits->begin(), traits->end(), [&](const Traits& one) { return one.*trait; });
  if (2 * static_cast<size_t>(count) > traits->size()) {
    for (Traits& one : *traits) {
      one.*trait = false;
    }
  }
}

size_t count_warmup(const std::vector<Step>& steps) {
  std::vector<size_t> regular;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].step_class == StepClass::kTrain) {
      regular.push_back(i);
    }
  }
  if (regular.empty()) {
    return steps.empty() ? 0 : 1;
  }
  std::vector<int64_t> later;
  for (size_t i = regular.size() / 2; i < regular.size(); ++i) {
    later.push_back(steps[regular[i]].duration_ns());
  }
  const int64_t middle = median(later);
  std::vector<int64_t> off;
  for (const int64_t value : later) {
    off.push_back(std::abs(value - middle));
  }
  const double limit = static_cast<double>(middle) +
                       std::max(0.2 * static_cast<double>(middle), 4.5 * static_cast<double>(median(off)));
  size_t warm = 1;  // at least the first step, whatever its class
  for (size_t i = 0; i < regular.size() / 2; ++i) {
    if (regular[i] > 0 && static_cast<double>(steps[regular[i]].duration_ns()) <= limit) {
      break;
    }
    warm = regular[i] + 1;
  }
  return warm;
}

// torch.profiler numbers the steps from its own start: a recording of step 6 alone was told to skip the six before it, and the
// first step there is not the first one that ran.
bool is_one_scheduled_step(const ProcessSteps& process) {
  return process.steps.size() == 1 && process.method == StepMethod::kProfiler &&
         process.steps.front().number > 0;
}

Status classify(const Run& run, ProcessSteps* process) {
  std::vector<Step>& steps = process->steps;
  if (steps.empty()) {
    return {};
  }
  std::vector<Traits> traits(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    traits[i].eval = steps[i].step_class == StepClass::kEval;
  }
  for (const auto mark : {&mark_phases, &mark_batches, &mark_eval_ranges}) {
    if (Status status = mark(run, *process, &traits); !status.ok()) {
      return status;
    }
  }
  mark_eval_loops(&traits);
  for (bool Traits::*trait : {&Traits::checkpoint, &Traits::eval, &Traits::epoch_start}) {
    drop_common(&traits, trait);
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    steps[i].step_class = traits[i].checkpoint    ? StepClass::kCheckpoint
                          : traits[i].eval        ? StepClass::kEval
                          : traits[i].epoch_start ? StepClass::kEpochStart
                                                  : StepClass::kTrain;
  }
  if (is_one_scheduled_step(*process)) {
    constexpr double kNothingToCompareWith = 0.8;
    process->confidence *= kNothingToCompareWith;
    process->detail +=
        fmt::format("; the only step, taken for an ordinary one since the profiler had skipped {} before it",
                    steps.front().number);
    return {};
  }
  const size_t warmup = count_warmup(steps);
  for (size_t i = 0; i < warmup; ++i) {
    steps[i].step_class = StepClass::kWarmup;
  }
  return {};
}

}  // namespace

std::string_view step_class_name(StepClass step_class) {
  return kClassNames[static_cast<size_t>(step_class)];
}

bool parse_step_class(std::string_view text, StepClass* out) {
  const auto found = std::find(kClassNames.begin(), kClassNames.end(), text);
  if (found == kClassNames.end()) {
    return false;
  }
  *out = static_cast<StepClass>(found - kClassNames.begin());
  return true;
}

std::string_view step_method_name(StepMethod method) {
  return kMethodNames[static_cast<size_t>(method)];
}

bool parse_step_method(std::string_view text, StepMethod* out) {
  const auto found = std::find(kMethodNames.begin(), kMethodNames.end(), text);
  if (found == kMethodNames.end()) {
    return false;
  }
  *out = static_cast<StepMethod>(found - kMethodNames.begin());
  return true;
}

size_t Steps::total() const {
  size_t sum = 0;
  for (const ProcessSteps& process : processes) {
    sum += process.steps.size();
  }
  return sum;
}

Result<ProcessSteps> find_process_steps(const Run& run, uint32_t process, const StepOptions& options) {
  Result<ProcessSteps> found = find_boundaries(run, process, options);
  if (!found.ok()) {
    return found;
  }
  ProcessSteps& steps = found.value();
  if (steps.steps.size() < 2) {
    steps.confidence *= 0.8;
  }
  if (steps.confidence < options.min_confidence && !steps.steps.empty()) {
    steps.detail = fmt::format("steps {} are not trusted: confidence {:.2f} is below {:.2f}", steps.detail,
                               steps.confidence, options.min_confidence);
    steps.steps.clear();
  }
  if (Status status = classify(run, &steps); !status.ok()) {
    return status;
  }
  return found;
}

const Step* train_step_at(std::span<const Step> steps, int64_t at) {
  const auto after = std::upper_bound(steps.begin(), steps.end(), at,
                                      [](int64_t value, const Step& step) { return value < step.end_ns; });
  const bool inside = after != steps.end() && at >= after->begin_ns && after->step_class == StepClass::kTrain;
  return inside ? &*after : nullptr;
}

Result<Steps> find_steps(const Run& run, const StepOptions& options) {
  Steps out;
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    if (run.processes()[p].role == "worker") {
      continue;
    }
    Result<ProcessSteps> found = find_process_steps(run, p, options);
    if (!found.ok()) {
      return found.status();
    }
    out.processes.push_back(std::move(found).value());
  }
  return out;
}

}  // namespace stepscope::analysis
