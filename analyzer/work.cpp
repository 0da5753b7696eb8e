// SPDX-License-Identifier: Apache-2.0
#include "analyzer/work.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "analyzer/batches.hpp"

namespace stepscope::analysis {
namespace {

constexpr size_t kNoStep = SIZE_MAX;

// Index of the train step at this moment.
size_t train_step_of(const std::vector<Step>& steps, int64_t at) {
  const auto after = std::upper_bound(steps.begin(), steps.end(), at,
                                      [](int64_t value, const Step& step) { return value < step.end_ns; });
  const bool inside = after != steps.end() && at >= after->begin_ns && after->step_class == StepClass::kTrain;
  return inside ? static_cast<size_t>(after - steps.begin()) : kNoStep;
}

}  // namespace

void WorkCounter::Amount::add(int64_t value) {
  if (value > 0) {
    sum += static_cast<double>(value);
    ++known;
  }
}

void WorkCounter::add_batches(const ProcessSteps& steps, const BatchTable& table, bool items_are_samples) {
  for (const Step& step : steps.steps) {
    steps_ += step.step_class == StepClass::kTrain ? 1U : 0U;
  }
  for (const Batch& batch : table.batches) {
    const bool one = (batch.flags & trace::kBatchLast) == 0;
    if (!one || train_step_of(steps.steps, batch.end_ns - 1) == kNoStep) {
      continue;
    }
    ++batches_;
    if (const Fetch* fetch = table.fetch_of(batch); fetch != nullptr) {
      samples_.add(items_are_samples ? fetch->items : 0);
      tokens_.add(fetch->tokens);
    }
  }
}

Status WorkCounter::add_said(const Run& run, const ProcessSteps& steps) {
  if (run.kind_events(steps.process, Kind::kStepWork) == 0) {
    return {};
  }
  const int64_t shift = run.processes()[steps.process].clock_shift_ns;
  std::vector<std::pair<int64_t, int64_t>> by_step(steps.steps.size());
  trace::ScanFilter filter;
  filter.kind = Kind::kStepWork;
  filter.columns = 0b111U;
  Status status = run.scan(steps.process, filter, [&](const trace::SegmentView& view) {
    for (size_t i = 0; i < view.rows; ++i) {
      if (const size_t step = train_step_of(steps.steps, view.columns[0][i] + shift); step != kNoStep) {
        by_step[step].first += std::max<int64_t>(0, view.columns[1][i]);
        by_step[step].second += std::max<int64_t>(0, view.columns[2][i]);
      }
    }
    return Status();
  });
  for (const auto& [samples, tokens] : by_step) {
    said_samples_.add(samples);
    said_tokens_.add(tokens);
  }
  return status;
}

Work WorkCounter::finish() const {
  Work out;
  if (steps_ == 0) {
    return out;
  }
  constexpr double kNearlyAll = 0.9;
  constexpr double kMost = 0.5;
  constexpr double kSampled = 0.15;  // one batch in five is asked for its tokens
  const auto steps = static_cast<double>(steps_);
  const auto said = [steps](const Amount& amount) {
    return static_cast<double>(amount.known) >= kNearlyAll * steps
               ? amount.sum / static_cast<double>(amount.known)
               : -1;
  };
  out.samples_per_step = said(said_samples_);
  out.tokens_per_step = said(said_tokens_);
  out.said = out.samples_per_step > 0 || out.tokens_per_step > 0;
  if (out.said) {
    return out;
  }
  // Rounded, as where a batch is compared: one more or less at an end of the run is no difference.
  const double batches_per_step = std::round(4 * static_cast<double>(batches_) / steps) / 4;
  const auto delivered = [&](const Amount& amount, double least) {
    const bool known =
        batches_per_step > 0 && static_cast<double>(amount.known) >= least * static_cast<double>(batches_);
    return known && amount.known > 0 ? amount.sum / static_cast<double>(amount.known) * batches_per_step : -1;
  };
  out.samples_per_step = delivered(samples_, kMost);
  out.tokens_per_step = delivered(tokens_, kSampled);
  return out;
}

}  // namespace stepscope::analysis
