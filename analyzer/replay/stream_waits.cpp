// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/stream_waits.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace stepscope::analysis {
namespace {

// Columns: trace/kinds.cpp.
enum SyncColumn : uint32_t {
  kSyncType = 2,
  kSyncStream = 4,
  kSyncCorrelation = 5,
  kSyncContext = 6,
  kSyncEvent = 7
};
enum EventColumn : uint32_t { kEvent = 1, kEventContext = 4, kEventCorrelation = 5 };

using StreamId = std::pair<int64_t, int64_t>;  // context, stream

// A scan of what touches the window.
trace::ScanFilter filter_of(const ProcessContext& context, Kind kind, uint32_t columns) {
  const int64_t shift = context.run().processes()[context.process()].clock_shift_ns;
  trace::ScanFilter filter;
  filter.kind = kind;
  filter.begin_ns = context.window().begin_ns - shift;
  filter.end_ns = context.window().end_ns - shift;
  filter.columns = columns;
  return filter;
}

struct Wait {
  StreamId stream;
  std::pair<int64_t, int64_t> event;  // context, id
  uint32_t correlation = 0;
};

Result<std::vector<Wait>> read_waits(const ProcessContext& context) {
  std::vector<Wait> out;
  constexpr uint32_t kColumns =
      1U << kSyncType | 1U << kSyncStream | 1U << kSyncCorrelation | 1U << kSyncContext | 1U << kSyncEvent;
  const Status status = context.run().scan(
      context.process(), filter_of(context, Kind::kSync, kColumns), [&](const trace::SegmentView& view) {
        const auto at = [&view](size_t column, size_t row) {
          return column < view.columns.size() && !view.columns[column].empty() ? view.columns[column][row]
                                                                               : 0;
        };
        for (size_t row = 0; row < view.rows; ++row) {
          if (at(kSyncType, row) == static_cast<int64_t>(trace::SyncType::kStreamWait)) {
            out.push_back({{at(kSyncContext, row), at(kSyncStream, row)},
                           {at(kSyncContext, row), at(kSyncEvent, row)},
                           static_cast<uint32_t>(at(kSyncCorrelation, row))});
          }
        }
        return Status();
      });
  if (!status.ok()) {
    return status;
  }
  std::sort(out.begin(), out.end(),
            [](const Wait& a, const Wait& b) { return a.correlation < b.correlation; });
  return out;
}

// Which lane the work of a stream is on. A segment is of one lane.
Result<std::map<StreamId, uint32_t>> read_lanes(const ProcessContext& context) {
  struct Row {
    Kind kind;
    uint32_t stream, context;  // columns
  };
  constexpr Row kRows[] = {
      {Kind::kKernel, 4, 8}, {Kind::kMemcpy, 5, 8}, {Kind::kMemset, 4, 6}, {Kind::kGraphLaunch, 4, 6}};
  std::map<StreamId, uint32_t> out;
  for (const Row& kind : kRows) {
    const Status status = context.run().scan(
        context.process(), filter_of(context, kind.kind, 1U << kind.stream | 1U << kind.context),
        [&](const trace::SegmentView& view) {
          if (view.rows > 0 && kind.context < view.columns.size() && !view.columns[kind.stream].empty()) {
            const auto& contexts = view.columns[kind.context];
            out.try_emplace({contexts.empty() ? 0 : contexts[0], view.columns[kind.stream][0]}, view.lane);
          }
          return Status();
        });
    if (!status.ok()) {
      return status;
    }
  }
  return out;
}

struct Record {
  uint32_t correlation = 0, lane = 0;
};

}  // namespace

Result<std::vector<StreamWait>> read_stream_waits(const ProcessContext& context) {
  std::vector<StreamWait> out;
  if (context.run().kind_events(context.process(), Kind::kSync) == 0 ||
      context.run().kind_events(context.process(), Kind::kCudaEvent) == 0) {
    return out;
  }
  const Result<std::vector<Wait>> waits = read_waits(context);
  if (!waits.ok() || waits.value().empty()) {
    return waits.ok() ? Result<std::vector<StreamWait>>(std::move(out)) : waits.status();
  }
  std::map<std::pair<int64_t, int64_t>, std::vector<Record>> records;
  constexpr uint32_t kColumns = 1U << kEvent | 1U << kEventContext | 1U << kEventCorrelation;
  const Status status = context.run().scan(
      context.process(), filter_of(context, Kind::kCudaEvent, kColumns), [&](const trace::SegmentView& view) {
        for (size_t row = 0; row < view.rows && view.columns.size() > kEventCorrelation; ++row) {
          const auto& contexts = view.columns[kEventContext];
          records[{contexts.empty() ? 0 : contexts[row], view.columns[kEvent][row]}].push_back(
              {static_cast<uint32_t>(view.columns[kEventCorrelation][row]), view.lane});
        }
        return Status();
      });
  const Result<std::map<StreamId, uint32_t>> lanes = read_lanes(context);
  if (!status.ok() || !lanes.ok()) {
    return status.ok() ? lanes.status() : status;
  }
  for (auto& [event, all] : records) {
    std::sort(all.begin(), all.end(),
              [](const Record& a, const Record& b) { return a.correlation < b.correlation; });
  }
  for (const Wait& wait : waits.value()) {
    const auto lane = lanes.value().find(wait.stream);
    const auto event = records.find(wait.event);
    if (lane == lanes.value().end() || event == records.end()) {
      continue;
    }
    const std::vector<Record>& all = event->second;
    const auto after = std::lower_bound(
        all.begin(), all.end(), wait.correlation,
        [](const Record& record, uint32_t correlation) { return record.correlation < correlation; });
    if (after != all.begin() && std::prev(after)->lane != lane->second) {
      out.push_back({std::prev(after)->lane, lane->second, std::prev(after)->correlation, wait.correlation});
    }
  }
  return out;
}

}  // namespace stepscope::analysis
