// SPDX-License-Identifier: Apache-2.0
#include "analyzer/work.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "analyzer/batches.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/loader_config.hpp"
#include "analyzer/parallel_for.hpp"

namespace stepscope::analysis {

void WorkCounter::Amount::add(int64_t value) {
  if (value > 0) {
    sum += static_cast<double>(value);
    ++known;
  }
}

void WorkCounter::Amount::merge(const Amount& other) {
  sum += other.sum;
  known += other.known;
}

void WorkCounter::add_batches(const ProcessSteps& steps, const BatchTable& table) {
  for (const Step& step : steps.steps) {
    steps_ += step.step_class == StepClass::kTrain ? 1U : 0U;
  }
  for (const Batch& batch : table.batches) {
    const bool one = (batch.flags & trace::kBatchLast) == 0;
    if (!one || train_step_at(steps.steps, batch.end_ns - 1) == nullptr) {
      continue;
    }
    ++batches_;
    if (const Fetch* fetch = table.fetch_of(batch); fetch != nullptr) {
      items_.add(fetch->items);
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
      if (const Step* step = train_step_at(steps.steps, view.columns[0][i] + shift); step != nullptr) {
        auto& [samples, tokens] = by_step[static_cast<size_t>(step - steps.steps.data())];
        samples += std::max<int64_t>(0, view.columns[1][i]);
        tokens += std::max<int64_t>(0, view.columns[2][i]);
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

void WorkCounter::merge(const WorkCounter& other) {
  steps_ += other.steps_;
  batches_ += other.batches_;
  items_.merge(other.items_);
  tokens_.merge(other.tokens_);
  said_samples_.merge(other.said_samples_);
  said_tokens_.merge(other.said_tokens_);
}

Work WorkCounter::finish(bool items_are_samples) const {
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
  out.samples_per_step = items_are_samples ? delivered(items_, kMost) : -1;
  out.tokens_per_step = delivered(tokens_, kSampled);
  return out;
}

Result<Work> gather_work(const Run& run, const Ledger& ledger) {
  struct Part {
    Status status;
    LoaderConfig loader;
    WorkCounter work;
  };
  std::vector<Part> parts(ledger.processes.size());
  parallel_for(parts.size(), [&](size_t i) {
    const ProcessSteps& steps = ledger.processes[i].steps;
    Part& part = parts[i];
    if (steps.steps.empty()) {
      return;
    }
    const Result<BatchTable> table = load_batches(run, steps.process);
    part.status = table.ok() ? part.work.add_said(run, steps) : table.status();
    if (table.ok()) {
      part.loader = loader_config(run.processes()[steps.process], steps, table.value());
      part.work.add_batches(steps, table.value());
    }
  });
  WorkCounter all;
  LoaderConfig loader;
  for (const Part& part : parts) {
    if (!part.status.ok()) {
      return part.status;
    }
    all.merge(part.work);
    loader = loader.num_workers < 0 ? part.loader : loader;
  }
  return all.finish(loader.collates_samples);
}

}  // namespace stepscope::analysis
