// SPDX-License-Identifier: Apache-2.0
#include "analyzer/step_window.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "analyzer/steps.hpp"
#include "trace/recording.hpp"
#include "trace/recording_builder.hpp"

namespace stepscope::analysis {
namespace {

using trace::Recording;
using trace::RecordingBuilder;

// The span of the window on the run's timeline, over all ranks.
TimeRange range_of(const Steps& steps, const StepWindow& window, size_t* count) {
  TimeRange range{std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()};
  for (const ProcessSteps& process : steps.processes) {
    for (const Step& step : process.steps) {
      if (step.number >= window.first && step.number <= window.last) {
        range.begin_ns = std::min(range.begin_ns, step.begin_ns);
        range.end_ns = std::max(range.end_ns, step.end_ns);
        ++*count;
      }
    }
  }
  return range;
}

bool always_kept(Kind kind) {
  constexpr std::array kWhole{Kind::kBatchFetch, Kind::kCounter, Kind::kHealth, Kind::kExit};
  return std::find(kWhole.begin(), kWhole.end(), kind) != kWhole.end();
}

bool in_window(const trace::KindInfo& kind, const TimeRange& range, std::span<const int64_t> row) {
  if (kind.id == Kind::kStep) {
    return row[0] >= range.begin_ns && row[0] <= range.end_ns;  // the last step needs the boundary at its end
  }
  const int64_t dur = kind.has_duration() ? row[1] : 0;
  return row[0] < range.end_ns && (row[0] >= range.begin_ns || row[0] + dur > range.begin_ns);
}

// Everything of a recording that is not an event.
void copy_tables(const Recording& from, RecordingBuilder& to) {
  for (size_t id = 1; id <= from.string_count(); ++id) {
    to.set_string(static_cast<uint32_t>(id), from.string(static_cast<int64_t>(id)));
  }
  for (const trace::LaneInfo& lane : from.lanes()) {
    to.add_lane(lane);
  }
  for (const auto& [key, value] : from.meta()) {
    to.set_meta(key, value);
  }
  for (const trace::ClockAnchor& anchor : from.anchors()) {
    to.add_anchor(anchor);
  }
  for (const trace::Loss& loss : from.losses()) {
    to.add_loss(loss.counter, loss.count);
  }
  for (const auto& [time_ns, text] : from.log()) {
    to.add_log(time_ns, text);
  }
}

Status copy_events(const Recording& from, const trace::KindInfo& kind, const TimeRange& range,
                   RecordingBuilder& to, uint64_t* dropped) {
  std::vector<int64_t> row(kind.column_count);
  trace::ScanFilter filter;
  filter.kind = kind.id;
  return from.scan(filter, [&](const trace::SegmentView& segment) {
    for (size_t r = 0; r < segment.rows; ++r) {
      for (size_t c = 0; c < row.size(); ++c) {
        row[c] = segment.columns[c].empty() ? 0 : segment.columns[c][r];
      }
      if (!always_kept(kind.id) && !in_window(kind, range, row)) {
        ++*dropped;
        continue;
      }
      if (const Status status = to.add(kind.id, segment.lane, row); !status.ok()) {
        return status;
      }
    }
    return Status();
  });
}

Status reduce(const Process& process, const TimeRange& range, uint64_t* dropped) {
  const Result<Recording> from = Recording::open(process.file);
  if (!from.ok()) {
    return from.status();
  }
  Result<RecordingBuilder> to = RecordingBuilder::create(process.file);
  if (!to.ok()) {
    return to.status();
  }
  copy_tables(from.value(), to.value());
  const TimeRange recorded{range.begin_ns - process.clock_shift_ns, range.end_ns - process.clock_shift_ns};
  for (const trace::KindInfo* kind = trace::kinds_begin(); kind != trace::kinds_end(); ++kind) {
    if (const Status status = copy_events(from.value(), *kind, recorded, to.value(), dropped); !status.ok()) {
      return status;
    }
  }
  return to.value().finish();
}

}  // namespace

Result<WindowResult> keep_step_window(const std::string& path, const StepWindow& window) {
  OpenOptions options;
  options.finalize = false;
  const Result<Run> run = Run::open(path, options);
  if (!run.ok()) {
    return run.status();
  }
  const Result<Steps> steps = find_steps(run.value(), {});
  if (!steps.ok()) {
    return steps.status();
  }
  WindowResult result;
  const TimeRange range = range_of(steps.value(), window, &result.steps);
  if (result.steps == 0) {
    return result;
  }
  for (const Process& process : run.value().processes()) {
    if (const Status status = reduce(process, range, &result.dropped); !status.ok()) {
      return status;
    }
  }
  return result;
}

}  // namespace stepscope::analysis
