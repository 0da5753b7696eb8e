// SPDX-License-Identifier: Apache-2.0
#include "analyzer/findings/step_events.hpp"

#include <algorithm>

#include "analyzer/gpu_evidence.hpp"

namespace stepscope::analysis::finding {
namespace {

bool in_train_step(const std::vector<Step>& steps, int64_t at) {
  const auto after = std::upper_bound(steps.begin(), steps.end(), at,
                                      [](int64_t value, const Step& step) { return value < step.end_ns; });
  return after != steps.end() && at >= after->begin_ns && after->step_class == StepClass::kTrain;
}

}  // namespace

bool each_train_event(const AnalyzedRun& run, Kind kind, uint32_t columns, const RowVisitor& visit) {
  return std::all_of(
      run.ledger->processes.begin(), run.ledger->processes.end(), [&](const ProcessLedger& one) {
        const uint32_t process = one.steps.process;
        const int64_t shift = run.run->processes()[process].clock_shift_ns;
        const TimeRange window = train_window(one.steps);
        trace::ScanFilter filter;
        filter.kind = kind;
        filter.begin_ns = window.begin_ns - shift;
        filter.end_ns = window.end_ns - shift;
        filter.columns = columns | 0b11U;
        const Status status = run.run->scan(process, filter, [&](const trace::SegmentView& view) {
          for (size_t row = 0; row < view.rows; ++row) {
            if (in_train_step(one.steps.steps, view.columns[0][row] + shift)) {
              visit(process, view, row);
            }
          }
          return Status();
        });
        return status.ok();
      });
}

double train_steps(const AnalyzedRun& run) {
  double count = 0;
  for (const ProcessLedger& process : run.ledger->processes) {
    count += static_cast<double>(
        std::count_if(process.steps.steps.begin(), process.steps.steps.end(),
                      [](const Step& step) { return step.step_class == StepClass::kTrain; }));
  }
  return count;
}

}  // namespace stepscope::analysis::finding
