// SPDX-License-Identifier: Apache-2.0
#include "analyzer/flows.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <tuple>

namespace stepscope::analysis {
namespace {

using trace::KindInfo;

// How far apart in time they can be. What is dense is looked for near by: a click must not decode a whole run.
constexpr int64_t kLaunchNear = 100'000'000;  // tried first: few launches wait longer
constexpr int64_t kLaunchReach = 10'000'000'000;
constexpr int64_t kRankReach = 30'000'000'000;
constexpr int64_t kBatchReach = 120'000'000'000;

constexpr std::array kCalls = {Kind::kCudaApi};
constexpr std::array kActivities = {Kind::kKernel, Kind::kMemcpy, Kind::kMemset, Kind::kGraphLaunch};

struct FoundEvent {
  uint32_t process = 0;
  uint32_t lane = kNoLane;
  int64_t start_ns = 0;
  int64_t dur_ns = 0;
};

std::optional<size_t> column_of(const KindInfo& info, std::string_view name) {
  for (size_t c = 0; c < info.column_count; ++c) {
    if (name == info.columns[c].name) {
      return c;
    }
  }
  return std::nullopt;
}

// The values of these columns, which the kind has.
using FlowKey = std::vector<int64_t>;

class EventFinder {
 public:
  EventFinder(const Run& run, Kind kind, std::initializer_list<std::string_view> columns)
      : run_(run), kind_(kind) {
    const KindInfo* info = trace::find_kind(static_cast<uint16_t>(kind));
    for (const std::string_view name : columns) {
      const std::optional<size_t> column = column_of(*info, name);
      columns_.push_back(column.value_or(0));
    }
  }

  // Events of one process in a span of time of the run: visit(event, key).
  template <typename Visit>
  Status each(uint32_t process, const TimeRange& span, std::optional<uint32_t> trace_lane,
              const Visit& visit) const {
    if (run_.kind_events(process, kind_) == 0) {
      return {};
    }
    const int64_t shift = run_.processes()[process].clock_shift_ns;
    trace::ScanFilter filter;
    filter.kind = kind_;
    filter.lane = trace_lane;
    filter.begin_ns = span.begin_ns - shift;
    filter.end_ns = span.end_ns - shift;
    filter.columns = 0b11U;
    for (const size_t column : columns_) {
      filter.columns |= 1U << column;
    }
    return run_.scan(process, filter, [&](const trace::SegmentView& view) {
      FlowKey key(columns_.size());
      for (size_t row = 0; row < view.rows; ++row) {
        for (size_t c = 0; c < columns_.size(); ++c) {
          key[c] = view.columns[columns_[c]][row];
        }
        visit(FoundEvent{process, run_.global_lane(process, view.lane), view.columns[0][row] + shift,
                         view.columns[1][row]},
              key);
      }
      return Status();
    });
  }

  // What the event that was asked about has in these columns.
  Result<std::optional<FlowKey>> key_of(uint32_t lane, int64_t start_ns, int64_t dur_ns) const {
    const Lane& info = run_.lanes()[lane];
    std::optional<FlowKey> found;
    const Status status = each(info.process, {start_ns, start_ns + 1}, info.trace_id,
                               [&](const FoundEvent& event, const FlowKey& key) {
                                 if (event.start_ns == start_ns && event.dur_ns == dur_ns) {
                                   found = key;
                                 }
                               });
    if (!status.ok()) {
      return status;
    }
    return found;
  }

 private:
  const Run& run_;
  Kind kind_;
  std::vector<size_t> columns_;
};

Status add_correlated(const Run& run, uint32_t lane, int64_t correlation, const TimeRange& span,
                      std::span<const Kind> kinds, bool later, std::vector<FlowEnd>* ends) {
  for (const Kind kind : kinds) {
    const Status status =
        EventFinder(run, kind, {"correlation"})
            .each(run.lanes()[lane].process, span, std::nullopt,
                  [&](const FoundEvent& event, const FlowKey& key) {
                    if (key[0] == correlation) {
                      ends->push_back({FlowKind::kLaunch, later, event.lane, event.start_ns, event.dur_ns});
                    }
                  });
    if (!status.ok()) {
      return status;
    }
  }
  return {};
}

Status add_launches(const Run& run, uint32_t lane, Kind kind, int64_t start_ns, int64_t dur_ns,
                    std::vector<FlowEnd>* ends) {
  const Result<std::optional<FlowKey>> key =
      EventFinder(run, kind, {"correlation"}).key_of(lane, start_ns, dur_ns);
  if (!key.ok()) {
    return key.status();
  }
  if (!key.value() || key.value()->front() == 0) {
    return {};
  }
  const bool call = kind == Kind::kCudaApi;
  for (const int64_t reach : {kLaunchNear, kLaunchReach}) {
    const Status status = call ? add_correlated(run, lane, key.value()->front(), {start_ns, start_ns + reach},
                                                kActivities, true, ends)
                               : add_correlated(run, lane, key.value()->front(),
                                                {start_ns - reach, start_ns + 1}, kCalls, false, ends);
    if (!status.ok() || !ends->empty()) {
      return status;
    }
  }
  return {};
}

// How likely a process is the counterpart of another one of the same loader, epoch and task: the lower the better.
int kinship(const Run& run, uint32_t process, uint32_t other) {
  const Process& one = run.processes()[process];
  const Process& two = run.processes()[other];
  const bool family = one.parent == static_cast<int32_t>(other) ||
                      two.parent == static_cast<int32_t>(process) || process == other;
  return family ? 0 : one.rank == two.rank ? 1 : 2;
}

Status add_batch(const Run& run, uint32_t lane, Kind kind, int64_t start_ns, int64_t dur_ns,
                 std::vector<FlowEnd>* ends) {
  const std::initializer_list<std::string_view> columns = {"loader", "epoch", "task"};
  const Result<std::optional<FlowKey>> key = EventFinder(run, kind, columns).key_of(lane, start_ns, dur_ns);
  if (!key.ok()) {
    return key.status();
  }
  if (!key.value()) {
    return {};
  }
  const bool made = kind == Kind::kBatchFetch;
  const uint32_t process = run.lanes()[lane].process;
  const EventFinder finder(run, made ? Kind::kBatch : Kind::kBatchFetch, columns);
  std::optional<FlowEnd> best;
  int best_kinship = 3;
  for (uint32_t other = 0; other < run.processes().size(); ++other) {
    const int kin = kinship(run, process, other);
    if (kin >= best_kinship) {
      continue;
    }
    const Status status =
        finder.each(other, {start_ns - kBatchReach, start_ns + kBatchReach}, std::nullopt,
                    [&](const FoundEvent& event, const FlowKey& found) {
                      if (found == *key.value()) {
                        best = FlowEnd{FlowKind::kBatch, made, event.lane, event.start_ns, event.dur_ns};
                        best_kinship = kin;
                      }
                    });
    if (!status.ok()) {
      return status;
    }
  }
  if (best) {
    ends->push_back(*best);
  }
  return {};
}

// The names of operations are numbers of their recording: the run's are compared.
Status add_last_to_arrive(const Run& run, uint32_t lane, int64_t start_ns, int64_t dur_ns,
                          std::vector<FlowEnd>* ends) {
  const EventFinder finder(run, Kind::kCollective, {"comm", "op", "seq"});
  Result<std::optional<FlowKey>> own = finder.key_of(lane, start_ns, dur_ns);
  if (!own.ok()) {
    return own.status();
  }
  if (!own.value()) {
    return {};
  }
  const FlowKey& key = *own.value();
  const uint32_t process = run.lanes()[lane].process;
  const uint32_t op = run.global_name(process, key[1]);
  std::vector<FoundEvent> others;
  for (uint32_t other = 0; other < run.processes().size(); ++other) {
    const Status status = finder.each(other, {start_ns - kRankReach, start_ns + kRankReach}, std::nullopt,
                                      [&](const FoundEvent& event, const FlowKey& found) {
                                        if (other != process && found[0] == key[0] && found[2] == key[2] &&
                                            run.global_name(other, found[1]) == op) {
                                          others.push_back(event);
                                        }
                                      });
    if (!status.ok()) {
      return status;
    }
  }
  const auto last =
      std::max_element(others.begin(), others.end(),
                       [](const FoundEvent& x, const FoundEvent& y) { return x.start_ns < y.start_ns; });
  if (last == others.end()) {
    return {};
  }
  if (last->start_ns > start_ns) {
    ends->push_back({FlowKind::kLateRank, false, last->lane, last->start_ns, last->dur_ns});
    return {};
  }
  for (const FoundEvent& event : others) {
    ends->push_back({FlowKind::kLateRank, true, event.lane, event.start_ns, event.dur_ns});
  }
  return {};
}

// A kernel that communicates is named by the record of its collective, which knows the other ranks.
Status add_ranks_of_kernel(const Run& run, uint32_t lane, int64_t start_ns, int64_t dur_ns,
                           std::vector<FlowEnd>* ends) {
  const Result<std::optional<FlowKey>> key =
      EventFinder(run, Kind::kKernel, {"correlation"}).key_of(lane, start_ns, dur_ns);
  if (!key.ok()) {
    return key.status();
  }
  if (!key.value() || key.value()->front() == 0) {
    return {};
  }
  std::optional<FoundEvent> collective;
  const Status status =
      EventFinder(run, Kind::kCollective, {"kernel"})
          .each(run.lanes()[lane].process, {start_ns - kLaunchReach, start_ns + kLaunchReach}, std::nullopt,
                [&](const FoundEvent& event, const FlowKey& found) {
                  if (found == *key.value()) {
                    collective = event;
                  }
                });
  return status.ok() && collective
             ? add_last_to_arrive(run, collective->lane, collective->start_ns, collective->dur_ns, ends)
             : status;
}

}  // namespace

std::string_view flow_name(FlowKind kind) {
  switch (kind) {
    case FlowKind::kLaunch:
      return "launch";
    case FlowKind::kBatch:
      return "batch";
    case FlowKind::kLateRank:
      break;
  }
  return "last to arrive";
}

Result<std::vector<FlowEnd>> find_flows(const Run& run, uint32_t lane, Kind kind, int64_t start_ns,
                                        int64_t dur_ns) {
  std::vector<FlowEnd> ends;
  if (lane >= run.lanes().size()) {
    return ends;
  }
  Status status;
  switch (kind) {
    case Kind::kKernel:
      status = add_launches(run, lane, kind, start_ns, dur_ns, &ends);
      if (status.ok()) {
        status = add_ranks_of_kernel(run, lane, start_ns, dur_ns, &ends);
      }
      break;
    case Kind::kCudaApi:
    case Kind::kMemcpy:
    case Kind::kMemset:
    case Kind::kGraphLaunch:
      status = add_launches(run, lane, kind, start_ns, dur_ns, &ends);
      break;
    case Kind::kBatch:
    case Kind::kBatchFetch:
      status = add_batch(run, lane, kind, start_ns, dur_ns, &ends);
      break;
    case Kind::kCollective:
      status = add_last_to_arrive(run, lane, start_ns, dur_ns, &ends);
      break;
    default:
      break;
  }
  if (!status.ok()) {
    return status;
  }
  std::erase_if(ends, [](const FlowEnd& end) { return end.lane == kNoLane; });
  std::sort(ends.begin(), ends.end(), [](const FlowEnd& x, const FlowEnd& y) {
    return std::tie(x.start_ns, x.lane) < std::tie(y.start_ns, y.lane);
  });
  return ends;
}

}  // namespace stepscope::analysis
