// SPDX-License-Identifier: Apache-2.0
#include "analyzer/motif_steps.hpp"

#include <tuple>
#include <vector>

#include <fmt/format.h>

namespace stepscope::analysis {

std::string why_no_motif(const Motif& motif, std::string_view things) {
  switch (motif.verdict) {
    case MotifVerdict::kTooFewItems:
      return fmt::format("there are too few {}", things);
    case MotifVerdict::kOneSymbol:
      return fmt::format("all {} are the same", things);
    case MotifVerdict::kNoPeriod:
      return fmt::format("no sequence of {} repeats at least three times", things);
    case MotifVerdict::kUnmarked:
      return fmt::format(
          "{} repeat every {}, but no copy, optimizer or idle gap shows that this is a step and not a "
          "part of one",
          things, motif.period);
    case MotifVerdict::kFound:
      break;
  }
  return "";
}

void make_motif_steps(const Motif& motif, const std::vector<int64_t>& begins, int64_t end_ns,
                      ProcessSteps* out) {
  for (size_t i = 0; i < motif.parts.size(); ++i) {
    Step step;
    step.begin_ns = out->steps.empty() ? begins[i] : out->steps.back().end_ns;
    step.end_ns = i + 1 < begins.size() ? begins[i + 1] : end_ns;
    if (step.end_ns <= step.begin_ns) {
      continue;
    }
    step.index = static_cast<int64_t>(out->steps.size());
    step.number = step.index;
    step.micro_steps = motif.parts[i].sub_periods;
    step.step_class = motif.parts[i].step ? StepClass::kTrain : StepClass::kEval;
    out->steps.push_back(step);
  }
}

double motif_confidence(const Motif& motif) {
  constexpr double kWeights[] = {0, 0.7, 0.85, 0.85};  // by MotifEvidence
  return kWeights[static_cast<size_t>(motif.evidence)] * motif.ratio;
}

uint32_t driving_lane(const Run& run, uint32_t process) {
  if (run.processes()[process].main_lane != kNoLane) {
    return run.processes()[process].main_lane;
  }
  std::vector<uint64_t> calls(run.lanes().size(), 0);
  if (run.kind_events(process, Kind::kCudaApi) > 0) {
    trace::ScanFilter filter;
    filter.kind = Kind::kCudaApi;
    filter.columns = 1U;
    const Status scanned = run.scan(process, filter, [&](const trace::SegmentView& view) {
      const uint32_t lane = run.global_lane(process, view.lane);
      if (lane != kNoLane) {
        calls[lane] += view.rows;
      }
      return Status();
    });
    static_cast<void>(scanned);  // a lane is a preference: damaged calls are another reader's error
  }
  uint32_t best = kNoLane;
  const auto rank = [&](uint32_t lane) {
    return std::tuple(run.lanes()[lane].type == "thread", calls[lane], run.lanes()[lane].events);
  };
  for (uint32_t lane = 0; lane < run.lanes().size(); ++lane) {
    if (run.lanes()[lane].process == process && (best == kNoLane || rank(lane) > rank(best))) {
      best = lane;
    }
  }
  return best;
}

}  // namespace stepscope::analysis
