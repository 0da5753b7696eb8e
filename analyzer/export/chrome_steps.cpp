// SPDX-License-Identifier: Apache-2.0
//
// Steps and their ledger as tracks of a Chrome trace.
#include <algorithm>
#include <string>

#include "analyzer/export/chrome_rows.hpp"

namespace stepscope::analysis::exporting {
namespace {

// True when no event of the thread reaches over the boundary of a step: slices of one track may only nest, and Perfetto
// drops what does not.
Result<bool> steps_enclose(const Run& run, const ProcessSteps& steps) {
  bool enclose = true;
  const std::vector<Step>& all = steps.steps;
  Status status = run.scan_lane(steps.lane, {}, [&](const EventBlock& block) {
    for (size_t i = 0; i < block.start_ns.size(); ++i) {
      const int64_t begin = block.start_ns[i];
      const int64_t end = begin + block.dur_ns[i];
      const auto after = std::upper_bound(all.begin(), all.end(), begin,
                                          [](int64_t ns, const Step& step) { return ns < step.begin_ns; });
      // Cut by the end of the step it starts in, or by the begin of a later one that it does not hold whole.
      if (after != all.begin() && begin > (after - 1)->begin_ns && begin < (after - 1)->end_ns) {
        enclose &= end <= (after - 1)->end_ns;
      }
      const auto last = std::lower_bound(all.begin(), all.end(), end,
                                         [](const Step& step, int64_t ns) { return step.begin_ns < ns; });
      if (last != all.begin() && (last - 1)->begin_ns > begin) {
        enclose &= (last - 1)->end_ns <= end;
      }
    }
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  return enclose;
}

void write_step(ChromeEvents& events, std::string_view category, const std::string& name, const Track& track,
                const Step& step) {
  events.open('X', category, name, track, step.begin_ns);
  events.duration(step.duration_ns());
  events.argument("step", step.number);
  events.argument("index", step.index);
  events.text_argument("class", step_class_name(step.step_class));
  events.argument("micro_steps", step.micro_steps);
  events.close();
}

// Leaves are sums over a step: as slices they stand side by side, in the order of their names, and fill it exactly.
void write_leaves(ChromeEvents& events, const Ledger& ledger, std::span<const int64_t> leaves,
                  const Track& track, const Step& step) {
  int64_t at_ns = step.begin_ns;
  for (size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    if (leaves[leaf] == 0) {
      continue;
    }
    events.open('X', kLedgerCategory, ledger.leaves[leaf], track, at_ns);
    events.duration(leaves[leaf]);
    events.argument("step", step.number);
    events.argument("exclusive_ns", leaves[leaf]);
    events.close();
    at_ns += leaves[leaf];
  }
}

}  // namespace

Status write_steps(const ChromeProcess& process, const Ledger& ledger) {
  const auto found =
      std::find_if(ledger.processes.begin(), ledger.processes.end(),
                   [&](const ProcessLedger& one) { return one.steps.process == process.process; });
  if (found == ledger.processes.end() || found->steps.steps.empty()) {
    return {};
  }
  const ProcessSteps& steps = found->steps;
  bool on_thread = false;
  if (steps.lane != kNoLane) {
    const Result<bool> enclose = steps_enclose(process.job.run, steps);
    if (!enclose.ok()) {
      return enclose.status();
    }
    on_thread = enclose.value();
  }
  const Track step_track = process.tracks.steps(process.process);
  const Track ledger_track = process.tracks.ledger(process.process);
  const Track thread =
      on_thread ? process.tracks.thread(process.process, process.job.run.lanes()[steps.lane].trace_id)
                : Track();
  for (size_t i = 0; i < steps.steps.size(); ++i) {
    const Step& step = steps.steps[i];
    const std::string number = std::to_string(step.number);
    if (on_thread) {
      write_step(process.events, "user_annotation", "ProfilerStep#" + number, thread, step);
    }
    write_step(process.events, kStepCategory, std::string(step_class_name(step.step_class)) + " " + number,
               step_track, step);
    write_leaves(process.events, ledger, ledger.row(*found, i), ledger_track, step);
  }
  return process.events.status();
}

}  // namespace stepscope::analysis::exporting
