// SPDX-License-Identifier: Apache-2.0
#include "analyzer/label_sources.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>

#include "analyzer/gpu_events.hpp"
#include "analyzer/gpu_labels.hpp"
#include "analyzer/wait_chain.hpp"

namespace stepscope::analysis {
namespace {

using trace::PhaseOp;

TimeRange span_of(const LabelContext& context) {
  const std::vector<Step>& steps = context.steps.steps;
  return {steps.front().begin_ns, steps.back().end_ns};
}

// Visits the events of a kind on the driving thread that touch the steps: row, begin, end.
template <typename Visit>
Status each_event(const LabelContext& context, Kind kind, uint32_t columns, const Visit& visit) {
  const Lane& lane = context.run.lanes()[context.steps.lane];
  const int64_t shift = context.run.processes()[lane.process].clock_shift_ns;
  const TimeRange span = span_of(context);
  trace::ScanFilter filter;
  filter.kind = kind;
  filter.lane = lane.trace_id;
  filter.begin_ns = span.begin_ns - shift;
  filter.end_ns = span.end_ns - shift;
  filter.columns = columns | 0b11U;
  return context.run.scan(lane.process, filter, [&](const trace::SegmentView& view) {
    for (size_t row = 0; row < view.rows; ++row) {
      const int64_t begin = view.columns[0][row] + shift;
      const int64_t end = begin + view.columns[1][row];
      if (end > span.begin_ns && begin < span.end_ns && end > begin) {
        visit(view, row, begin, end);
      }
    }
    return Status();
  });
}

void add(LabelContext& context, int64_t begin, int64_t end, std::string_view leaf_name, LabelTier tier) {
  context.intervals.push_back({begin, end, begin, context.labels.leaf(leaf_name), tier});
}

Status collect_gc(LabelContext& context) {
  return each_event(context, Kind::kGc, 0,
                    [&](const trace::SegmentView&, size_t, int64_t begin, int64_t end) {
                      add(context, begin, end, leaf::kGc, kTierHost);
                    });
}

std::string phase_leaf(PhaseOp op, std::string_view name) {
  switch (op) {
    case PhaseOp::kBackward:
      return std::string(leaf::kBackward);
    case PhaseOp::kOptimizer:
      return std::string(leaf::kOptimizer);
    case PhaseOp::kCheckpointSave:
    case PhaseOp::kCheckpointLoad:
      return std::string(leaf::kCheckpoint);
    case PhaseOp::kLoaderStart:
    case PhaseOp::kLoaderReset:
    case PhaseOp::kLoaderShutdown:
      return std::string(leaf::kWorkerStart);
    case PhaseOp::kDataNext:
      return std::string(leaf::kDataOther);
    case PhaseOp::kForward:
      return std::string(leaf::kForward);
    case PhaseOp::kEval:
      return "host/eval";
    case PhaseOp::kImport:
      return "host/import";
    case PhaseOp::kStartup:
      return "host/startup";
    case PhaseOp::kOther:
      break;
  }
  return std::string(leaf::kHostPrefix) + (name.empty() ? "phase" : std::string(name));
}

Status collect_phases(LabelContext& context) {
  const uint32_t process = context.steps.process;
  return each_event(
      context, Kind::kPhase, 0b1100U,
      [&](const trace::SegmentView& view, size_t row, int64_t begin, int64_t end) {
        const auto op = static_cast<PhaseOp>(view.columns[3][row]);
        add(context, begin, end,
            phase_leaf(op, context.run.name(context.run.global_name(process, view.columns[2][row]))),
            op == PhaseOp::kForward ? kTierForward : kTierHost);
        if (op == PhaseOp::kForward) {
          context.forwards.push_back({begin, end});
        } else if (op == PhaseOp::kBackward) {
          context.backwards.push_back({begin, end});
        } else if (op == PhaseOp::kOptimizer) {
          context.optimizers.push_back({begin, end});
        } else if (op == PhaseOp::kDataNext) {
          context.waits.push_back({begin, end});
        }
      });
}

Status collect_waits(LabelContext& context) {
  const TimeRange span = span_of(context);
  for (const Batch& batch : context.batches.batches) {
    if (batch.lane != context.steps.lane || batch.end_ns <= span.begin_ns || batch.begin_ns >= span.end_ns) {
      continue;
    }
    const size_t before = context.intervals.size();
    explain_wait(context.batches, batch, kTierHost, context.labels, &context.intervals);
    // It goes back in time; sorting what ascends is cheap.
    std::reverse(context.intervals.begin() + static_cast<std::ptrdiff_t>(before), context.intervals.end());
    context.waits.push_back({batch.begin_ns, batch.end_ns});
    if ((batch.flags & trace::kBatchLast) == 0) {
      ++context.waits_in_steps;
      context.unjoined += batch.joined() ? 0U : 1U;
    }
  }
  return {};
}

void sort_ranges(std::vector<TimeRange>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const TimeRange& a, const TimeRange& b) {
    return a.begin_ns != b.begin_ns ? a.begin_ns < b.begin_ns : a.end_ns < b.end_ns;
  });
}

// Whether one of `spans` (ascending by begin) lies wholly inside [begin, end). Asked in ascending order, as events of a
// segment come, it looks at few: it goes on from where it was.
template <typename Span>
class Inside {
 public:
  explicit Inside(const std::vector<Span>& spans) : spans_(spans) {}

  bool contains_one(int64_t begin, int64_t end) {
    if (at_ > 0 && spans_[at_ - 1].begin_ns >= begin) {
      const auto here = spans_.begin() + static_cast<std::ptrdiff_t>(at_);
      at_ = static_cast<size_t>(
          std::lower_bound(spans_.begin(), here, begin,
                           [](const Span& span, int64_t value) { return span.begin_ns < value; }) -
          spans_.begin());
    }
    while (at_ < spans_.size() && spans_[at_].begin_ns < begin) {
      ++at_;
    }
    return at_ < spans_.size() && spans_[at_].end_ns <= end;
  }

 private:
  const std::vector<Span>& spans_;
  size_t at_ = 0;  // all before it begin before the begin asked for last
};

// What the ranges of an imported trace are, by column `category`. Profilers record every operator and every Python frame:
// these do not outrank what a phase or the user's own annotation says about the same instant.
class RangeOrigin {
 public:
  explicit RangeOrigin(const LabelContext& context)
      : run_(context.run),
        process_(context.steps.process),
        operator_(run_.find_name("cpu_op")),
        frame_(run_.find_name("python_function")) {}

  // Columns to read besides the name: none unless something was imported.
  [[nodiscard]] uint32_t columns() const {
    return operator_ == 0 && frame_ == 0 ? 0U : 1U << kCategory | 1U << kSource;
  }
  [[nodiscard]] bool is_operator(const trace::SegmentView& view, size_t row) const {
    return operator_ != 0 && category(view, row) == operator_;
  }
  [[nodiscard]] bool is_frame(const trace::SegmentView& view, size_t row) const {
    return frame_ != 0 && category(view, row) == frame_;
  }

 private:
  static constexpr size_t kCategory = 4;
  static constexpr size_t kSource = 5;

  [[nodiscard]] uint32_t category(const trace::SegmentView& view, size_t row) const {
    const bool imported = !view.columns[kSource].empty() &&
                          view.columns[kSource][row] == static_cast<int64_t>(trace::Source::kImport);
    return imported ? run_.global_name(process_, view.columns[kCategory][row]) : 0;
  }

  const Run& run_;
  uint32_t process_;
  uint32_t operator_;
  uint32_t frame_;
};

Status collect_ranges(LabelContext& context) {
  sort_ranges(context.waits);
  sort_ranges(context.backwards);
  sort_ranges(context.optimizers);
  const uint32_t process = context.steps.process;
  const RangeOrigin origin(context);
  // An operator of a program with a GPU does one thing there: it launches.
  const bool launches = has_gpu_events(context.run, process);
  const uint32_t launch = context.labels.leaf(leaf::kForward);
  // Per run-global name: its label, or "no": a step marker. Looked up once per range.
  constexpr uint32_t kNo = 0xFFFFFFFFU;
  constexpr uint32_t kUnseen = 0xFFFFFFFEU;
  std::vector<uint32_t> labels(context.run.name_count(), kUnseen);
  const auto label_of = [&](int64_t local) {
    const uint32_t name = context.run.global_name(process, local);
    uint32_t& label = labels[name];
    if (label == kUnseen) {
      int64_t number = 0;
      const std::string_view text = context.run.name(name);
      label = text.empty() || is_step_name(text, &number)
                  ? kNo
                  : context.labels.leaf(std::string(leaf::kHostPrefix) + std::string(text));
    }
    return label;
  };
  Inside<Step> steps(context.steps.steps);
  Inside<TimeRange> backwards(context.backwards);
  Inside<TimeRange> optimizers(context.optimizers);
  Inside<TimeRange> waits(context.waits);
  return each_event(
      context, Kind::kRange, 0b100U | origin.columns(),
      [&](const trace::SegmentView& view, size_t row, int64_t begin, int64_t end) {
        const bool is_operator = origin.is_operator(view, row);
        const uint32_t label = is_operator && launches ? launch : label_of(view.columns[2][row]);
        if (label == kNo || steps.contains_one(begin, end)) {
          return;
        }
        const bool container = backwards.contains_one(begin, end) || optimizers.contains_one(begin, end) ||
                               waits.contains_one(begin, end);
        const LabelTier tier = container || origin.is_frame(view, row) ? kTierContainer
                               : is_operator                           ? kTierForward
                                                                       : kTierHost;
        context.intervals.push_back({begin, end, begin, label, tier});
      });
}

// From the forward to the backward; where no forward was recorded, from the data (or the end of what came before).
Status collect_forward(LabelContext& context) {
  const uint32_t label = context.labels.leaf(leaf::kForward);
  sort_ranges(context.forwards);
  std::vector<TimeRange> before(context.backwards);
  before.insert(before.end(), context.optimizers.begin(), context.optimizers.end());
  sort_ranges(before);
  size_t done = 0;  // of `before`: those that ended by the backward at hand
  size_t wait = 0;
  size_t forward = 0;
  int64_t previous_end = span_of(context).begin_ns;
  for (const TimeRange& backward : context.backwards) {
    for (; done < before.size() && before[done].begin_ns < backward.begin_ns; ++done) {
      previous_end = std::max(previous_end, before[done].end_ns);
    }
    while (wait < context.waits.size() && context.waits[wait].end_ns <= previous_end) {
      ++wait;
    }
    const bool fed = wait < context.waits.size() && context.waits[wait].end_ns <= backward.begin_ns;
    int64_t begin = fed ? context.waits[wait].end_ns : previous_end;
    while (forward < context.forwards.size() && context.forwards[forward].begin_ns < begin) {
      ++forward;
    }
    if (forward < context.forwards.size() && context.forwards[forward].begin_ns < backward.begin_ns) {
      begin = context.forwards[forward].begin_ns;  // what was before it may be an iterator that no hook knows
    }
    if (begin < backward.begin_ns) {
      context.intervals.push_back({begin, backward.begin_ns, begin, label, kTierForward});
    }
  }
  return {};
}

constexpr LabelSource kSources[] = {
    {"gc", &collect_gc},
    {"phase", &collect_phases},
    {"batch", &collect_waits},
    {"range", &collect_ranges},     // needs phases and waits
    {"forward", &collect_forward},  // needs phases and waits, sorted by ranges
    {"gpu wait", &collect_gpu_waits},
};

// Programs that put a counter into range names make a new name per step. So many leaves help nobody: the largest stay.
constexpr size_t kMaxHostLeaves = 64;
constexpr std::string_view kOtherRanges = "host/(other ranges)";

void fold_rare_ranges(LabelContext& context) {
  std::vector<std::pair<int64_t, uint32_t>> totals;
  for (uint32_t label = 0; label < context.labels.leaves().size(); ++label) {
    if (context.labels.leaves()[label].starts_with(leaf::kHostPrefix)) {
      totals.emplace_back(0, label);
    }
  }
  if (totals.size() <= kMaxHostLeaves) {
    return;
  }
  std::vector<int64_t> spent(context.labels.leaves().size(), 0);
  for (const LabelInterval& interval : context.intervals) {
    if (!Labels::is_mix(interval.label)) {
      spent[interval.label] += interval.end_ns - interval.begin_ns;
    }
  }
  for (auto& [total, label] : totals) {
    total = -spent[label];
  }
  std::sort(totals.begin(), totals.end());
  const uint32_t other = context.labels.leaf(kOtherRanges);
  std::vector<uint32_t> mapped(context.labels.leaves().size());
  std::iota(mapped.begin(), mapped.end(), 0U);
  for (size_t i = kMaxHostLeaves; i < totals.size(); ++i) {
    mapped[totals[i].second] = other;
  }
  for (LabelInterval& interval : context.intervals) {
    interval.label = Labels::is_mix(interval.label) ? interval.label : mapped[interval.label];
  }
}

}  // namespace

Status name_host(LabelContext& context) {
  for (const LabelSource& source : kSources) {
    if (Status status = source.collect(context); !status.ok()) {
      return status;
    }
  }
  fold_rare_ranges(context);
  return {};
}

}  // namespace stepscope::analysis
