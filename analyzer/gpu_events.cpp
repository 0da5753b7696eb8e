// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gpu_events.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

namespace stepscope::analysis {
namespace {

// Where a kind keeps what a GpuEvent holds: trace/kinds.cpp. -1: nowhere.
struct Columns {
  Kind kind;
  int name;
  int correlation;
  int graph;
  int signature;
};
constexpr std::array<Columns, 4> kColumns = {{{Kind::kKernel, 2, 5, 6, 9},
                                              {Kind::kMemcpy, 2, 6, 12, -1},
                                              {Kind::kMemset, -1, 5, 8, -1},
                                              {Kind::kGraphLaunch, -1, 5, 2, -1}}};

class Reader {
 public:
  Reader(const Run& run, uint32_t process, const Columns& columns, GpuScan scan)
      : run_(run),
        process_(process),
        columns_(columns),
        shift_(run.processes()[process].clock_shift_ns),
        shortest_(scan == GpuScan::kTimes ? 1 : 0) {
    if (scan == GpuScan::kTimes) {
      columns_.signature = -1;
    }
  }

  // Appends the events that touch [begin, end).
  Status read(int64_t begin, int64_t end, std::vector<GpuEvent>* out) const {
    trace::ScanFilter filter;
    filter.kind = columns_.kind;
    filter.begin_ns = begin - shift_;
    filter.end_ns = end - shift_;
    filter.columns = 0b11U;
    for (const int column : {columns_.name, columns_.correlation, columns_.graph, columns_.signature}) {
      filter.columns |= column < 0 ? 0U : 1U << static_cast<unsigned>(column);
    }
    return run_.scan(process_, filter, [&](const trace::SegmentView& view) {
      for (size_t row = 0; row < view.rows; ++row) {
        const int64_t from = view.columns[0][row] + shift_;
        const int64_t to = from + view.columns[1][row];
        if (from < end && std::max(to, from + 1) > begin && to - from >= shortest_) {
          out->push_back(make(view, row, from, to));
        }
      }
      return Status();
    });
  }

 private:
  [[nodiscard]] GpuEvent make(const trace::SegmentView& view, size_t row, int64_t from, int64_t to) const {
    GpuEvent event;
    event.begin_ns = from;
    event.end_ns = to;
    event.kind = columns_.kind;
    event.lane = view.lane;
    event.correlation = static_cast<uint32_t>(at(view, columns_.correlation, row));
    event.graph = static_cast<uint64_t>(at(view, columns_.graph, row));
    const int64_t name = at(view, columns_.name, row);
    event.name =
        columns_.kind == Kind::kKernel ? run_.global_name(process_, name) : static_cast<uint32_t>(name);
    const int64_t signature = at(view, columns_.signature, row);
    event.signature = signature == 0 ? 0 : run_.global_name(process_, signature);
    return event;
  }

  // An older recording lacks columns that were appended since.
  static int64_t at(const trace::SegmentView& view, int column, size_t row) {
    const auto index = static_cast<size_t>(column);
    return column < 0 || index >= view.columns.size() || view.columns[index].empty()
               ? 0
               : view.columns[index][row];
  }

  const Run& run_;
  uint32_t process_;
  Columns columns_;
  int64_t shift_;
  int64_t shortest_;  // duration, ns
};

bool earlier(const GpuEvent& a, const GpuEvent& b) {
  return std::tie(a.begin_ns, a.end_ns, a.lane, a.kind, a.name, a.correlation) <
         std::tie(b.begin_ns, b.end_ns, b.lane, b.kind, b.name, b.correlation);
}

}  // namespace

Status scan_gpu(const Run& run, uint32_t process, const TimeRange& span, const GpuWindowVisitor& visit,
                size_t events_per_window, GpuScan scan) {
  std::vector<Reader> every_window;
  std::vector<GpuEvent> kept;  // of kinds with few events, ascending
  uint64_t total = 0;
  for (const Columns& columns : kColumns) {
    const uint64_t events = run.kind_events(process, columns.kind);
    total += events;
    const Reader reader(run, process, columns, scan);
    if (events > events_per_window) {
      every_window.push_back(reader);
    } else if (events > 0) {
      if (Status status = reader.read(span.begin_ns, span.end_ns, &kept); !status.ok()) {
        return status;
      }
    }
  }
  std::sort(kept.begin(), kept.end(), earlier);
  const int64_t length = span.end_ns - span.begin_ns;
  const auto windows = static_cast<int64_t>(std::max<uint64_t>(1, total / events_per_window));
  const int64_t step = std::max<int64_t>(1, length / windows + 1);
  std::vector<GpuEvent> events;
  std::vector<GpuEvent> open;  // kept events that reach into the next window
  size_t next = 0;
  for (int64_t begin = span.begin_ns; begin < span.end_ns; begin += step) {
    const int64_t end = std::min(span.end_ns, begin + step);
    events.assign(open.begin(), open.end());
    for (; next < kept.size() && kept[next].begin_ns < end; ++next) {
      events.push_back(kept[next]);
    }
    open.clear();
    std::copy_if(events.begin(), events.end(), std::back_inserter(open),
                 [end](const GpuEvent& event) { return event.end_ns > end; });
    for (const Reader& reader : every_window) {
      if (Status status = reader.read(begin, end, &events); !status.ok()) {
        return status;
      }
    }
    std::sort(events.begin(), events.end(), earlier);
    if (Status status = visit(begin, end, events); !status.ok()) {
      return status;
    }
  }
  return {};
}

bool has_gpu_events(const Run& run, uint32_t process) {
  return std::any_of(kColumns.begin(), kColumns.end(),
                     [&](const Columns& columns) { return run.kind_events(process, columns.kind) > 0; });
}

std::string_view copy_kind_name(int64_t copy_kind) {
  switch (static_cast<trace::CopyKind>(copy_kind)) {
    case trace::CopyKind::kHostToDevice:
    case trace::CopyKind::kHostToArray:
      return "h2d";
    case trace::CopyKind::kDeviceToHost:
    case trace::CopyKind::kArrayToHost:
      return "d2h";
    case trace::CopyKind::kArrayToArray:
    case trace::CopyKind::kArrayToDevice:
    case trace::CopyKind::kDeviceToArray:
    case trace::CopyKind::kDeviceToDevice:
      return "d2d";
    case trace::CopyKind::kHostToHost:
      return "h2h";
    case trace::CopyKind::kPeerToPeer:
      return "p2p";
    case trace::CopyKind::kUnknown:
      break;
  }
  return "other";
}

}  // namespace stepscope::analysis
