// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/annotations.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "analyzer/import/decimal.hpp"
#include "trace/kinds.hpp"

namespace stepscope::analysis::importing {
namespace {

using trace::Kind;
using trace::PhaseOp;
using trace::Status;

constexpr std::string_view kStepPrefix = "ProfilerStep#";
constexpr std::string_view kLoaderPrefix = "enumerate(DataLoader)#";
constexpr std::string_view kOptimizerPrefix = "Optimizer.step#";
constexpr std::string_view kAutogradPrefix = "autograd::engine::evaluate_function";
constexpr int64_t kBackwardGap = 1000 * 1000;
constexpr size_t kMaxRows = size_t{1} << 20U;  // steps, or backwards, in one trace
constexpr auto kAnnotationSource = static_cast<int64_t>(trace::Source::kImport);
constexpr int64_t kProfilerStepSource = 4;  // column `source` of kind step: torch.profiler

}  // namespace

template <size_t N>
Status Annotations::add(Kind kind, uint32_t lane, const std::array<int64_t, N>& row) {
  ++rows_;
  return builder_.add(kind, lane, row);
}

bool Annotations::take(std::string_view name, uint32_t lane, int64_t start_ns, int64_t dur_ns) {
  if (name.starts_with(kAutogradPrefix)) {
    add_backward(lane, start_ns, start_ns + dur_ns);
    return false;
  }
  if (name.starts_with(kStepPrefix)) {
    const std::optional<int64_t> number = parse_integer(name.substr(kStepPrefix.size()));
    if (number.has_value() && steps_.size() < kMaxRows) {
      steps_.push_back({*number, lane, start_ns, start_ns + dur_ns});
      return true;
    }
  } else if (name.starts_with(kLoaderPrefix)) {
    phase(name.substr(kLoaderPrefix.size()), static_cast<int64_t>(PhaseOp::kDataNext), lane, start_ns,
          dur_ns);
    return true;
  } else if (name.starts_with(kOptimizerPrefix)) {
    const std::string_view method = name.substr(kOptimizerPrefix.size());
    phase(method.substr(0, method.rfind('.')), static_cast<int64_t>(PhaseOp::kOptimizer), lane, start_ns,
          dur_ns);
    return true;
  }
  return false;
}

void Annotations::phase(std::string_view name, int64_t op, uint32_t lane, int64_t start_ns, int64_t dur_ns) {
  const std::array<int64_t, 6> row = {start_ns, dur_ns, builder_.intern(name), op, kAnnotationSource, 0};
  if (Status status = add(Kind::kPhase, lane, row); !status.ok() && status_.ok()) {
    status_ = std::move(status);
  }
}

void Annotations::add_backward(uint32_t lane, int64_t begin_ns, int64_t end_ns) {
  const auto known = last_backward_.find(lane);
  if (known != last_backward_.end()) {
    Span& last = backwards_[known->second];
    if (begin_ns <= last.end_ns + kBackwardGap && end_ns >= last.begin_ns - kBackwardGap) {
      last.begin_ns = std::min(last.begin_ns, begin_ns);
      last.end_ns = std::max(last.end_ns, end_ns);
      return;
    }
  }
  if (backwards_.size() < kMaxRows) {
    last_backward_[lane] = backwards_.size();
    backwards_.push_back({lane, begin_ns, end_ns});
  }
}

// The thread with most steps; of equals the first.
uint32_t Annotations::step_lane() const {
  std::map<uint32_t, size_t> counts;
  for (const ProfilerStep& step : steps_) {
    ++counts[step.lane];
  }
  uint32_t best = 0;
  for (const auto& [lane, count] : counts) {
    best = best == 0 || count > counts[best] ? lane : best;
  }
  return best;
}

// One boundary at the begin of each step and one at the end of the last; a boundary carries the number of the step that
// ends there. The few microseconds between two annotations belong to the earlier step.
Status Annotations::write_steps(uint32_t lane) {
  std::vector<ProfilerStep> own;
  std::copy_if(steps_.begin(), steps_.end(), std::back_inserter(own),
               [lane](const ProfilerStep& step) { return step.lane == lane; });
  std::stable_sort(own.begin(), own.end(),
                   [](const ProfilerStep& a, const ProfilerStep& b) { return a.begin_ns < b.begin_ns; });
  const auto boundary = [&](int64_t at_ns, int64_t number) {
    const int64_t name = builder_.intern(std::string(kStepPrefix) + std::to_string(number));
    const std::array<int64_t, 5> row = {at_ns, number, kProfilerStepSource, name, 0};
    return add(Kind::kStep, lane, row);
  };
  int64_t end_ns = 0;
  for (size_t i = 0; i < own.size(); ++i) {
    if (Status status = boundary(own[i].begin_ns, i == 0 ? own[i].number - 1 : own[i - 1].number);
        !status.ok()) {
      return status;
    }
    end_ns = i == 0 ? own[i].end_ns : std::max(end_ns, own[i].end_ns);
  }
  return own.empty() ? Status() : boundary(end_ns, own.back().number);
}

Status Annotations::write_backwards(uint32_t lane) {
  for (const Span& span : backwards_) {
    phase("autograd", static_cast<int64_t>(PhaseOp::kBackward), lane, span.begin_ns,
          span.end_ns - span.begin_ns);
  }
  return status_;
}

Status Annotations::write(uint32_t main_lane) {
  const uint32_t lane = step_lane();
  if (lane != 0) {
    if (Status status = write_steps(lane); !status.ok()) {
      return status;
    }
  }
  const uint32_t driver = lane != 0 ? lane : main_lane;
  return driver == 0 ? status_ : write_backwards(driver);
}

}  // namespace stepscope::analysis::importing
