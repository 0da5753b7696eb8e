// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gpu_events.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "analyzer/natural_merge_sort.hpp"

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

bool earlier(const GpuEvent& a, const GpuEvent& b) {
  return std::tie(a.begin_ns, a.end_ns, a.lane, a.kind, a.name, a.correlation) <
         std::tie(b.begin_ns, b.end_ns, b.lane, b.kind, b.name, b.correlation);
}

// The events of one kind, in windows that follow each other.
class Reader {
 public:
  Reader(const Run& run, uint32_t process, const Columns& columns, const GpuScan& scan, const TimeRange& span)
      : run_(run),
        process_(process),
        columns_(columns),
        shift_(run.processes()[process].clock_shift_ns),
        shortest_(scan.instants ? 0 : 1),
        span_(span) {
    columns_.correlation = scan.correlation ? columns.correlation : -1;
    columns_.signature = scan.signature ? columns.signature : -1;
    // A launch of a graph has no name but the graph's.
    columns_.graph = scan.graph || columns.kind == Kind::kGraphLaunch ? columns.graph : -1;
    filter_.kind = columns.kind;
    filter_.begin_ns = span.begin_ns - shift_;
    filter_.columns = 0b11U;
    for (const int column : {columns_.name, columns_.correlation, columns_.graph, columns_.signature}) {
      filter_.columns |= column < 0 ? 0U : 1U << static_cast<unsigned>(column);
    }
  }

  // Appends the events that begin before `end` and were not taken yet. `end` grows from call to call.
  Status take(int64_t end, std::vector<GpuEvent>* out) {
    for (Ahead& ahead : ahead_) {
      const auto from = ahead.events.begin() + static_cast<std::ptrdiff_t>(ahead.next);
      const auto until =
          std::lower_bound(from, ahead.events.end(), end,
                           [](const GpuEvent& event, int64_t value) { return event.begin_ns < value; });
      out->insert(out->end(), from, until);
      ahead.next = static_cast<size_t>(until - ahead.events.begin());
    }
    std::erase_if(ahead_, [](const Ahead& ahead) { return ahead.next == ahead.events.size(); });
    filter_.end_ns = end - shift_;
    Status status = run_.scan(process_, filter_, [&](const trace::SegmentView& view) {
      read(view, end, out);
      return Status();
    });
    filter_.first_from_ns = filter_.end_ns;
    return status;
  }

 private:
  // Decoded with a window, to be taken with a later one; ascending.
  struct Ahead {
    std::vector<GpuEvent> events;
    size_t next = 0;
  };

  void read(const trace::SegmentView& view, int64_t end, std::vector<GpuEvent>* out) {
    const int64_t* name = column(view, columns_.name);
    const int64_t* correlation = column(view, columns_.correlation);
    const int64_t* graph = column(view, columns_.graph);
    const int64_t* signature = column(view, columns_.signature);
    std::vector<GpuEvent>* to = out;
    GpuEvent event;
    event.kind = columns_.kind;
    event.lane = view.lane;
    for (size_t row = 0; row < view.rows; ++row) {
      event.begin_ns = view.columns[0][row] + shift_;
      event.end_ns = event.begin_ns + view.columns[1][row];
      if (event.end_ns - event.begin_ns < shortest_ || event.begin_ns >= span_.end_ns ||
          std::max(event.end_ns, event.begin_ns + 1) <= span_.begin_ns) {
        continue;
      }
      if (to == out && event.begin_ns >= end) {
        to = &ahead_.emplace_back().events;
        to->reserve(view.rows - row);
      }
      if (name != nullptr) {
        event.name = columns_.kind == Kind::kKernel ? run_.global_name(process_, name[row])
                                                    : static_cast<uint32_t>(name[row]);
      }
      event.correlation = correlation == nullptr ? 0 : static_cast<uint32_t>(correlation[row]);
      event.graph = graph == nullptr ? 0 : static_cast<uint64_t>(graph[row]);
      event.signature = signature == nullptr ? 0 : run_.global_name(process_, signature[row]);
      to->push_back(event);
    }
  }

  // Null when it is not read. An older recording lacks columns that were appended since.
  static const int64_t* column(const trace::SegmentView& view, int column) {
    const auto index = static_cast<size_t>(column);
    return column < 0 || index >= view.columns.size() || view.columns[index].empty()
               ? nullptr
               : view.columns[index].data();
  }

  const Run& run_;
  uint32_t process_;
  Columns columns_;
  int64_t shift_;
  int64_t shortest_;  // duration, ns
  TimeRange span_;
  trace::ScanFilter filter_;
  std::vector<Ahead> ahead_;
};

}  // namespace

Status scan_gpu(const Run& run, uint32_t process, const TimeRange& span, const GpuScan& scan,
                const GpuWindowVisitor& visit) {
  std::vector<Reader> readers;
  uint64_t total = 0;
  for (const Columns& columns : kColumns) {
    if (const uint64_t events = run.kind_events(process, columns.kind); events > 0) {
      total += events;
      readers.emplace_back(run, process, columns, scan, span);
    }
  }
  const int64_t length = span.end_ns - span.begin_ns;
  const auto windows = static_cast<int64_t>(std::max<uint64_t>(1, total / scan.events_per_window));
  const int64_t step = std::max<int64_t>(1, length / windows + 1);
  std::vector<GpuEvent> events;
  std::vector<GpuEvent> open;  // events that reach into the next window
  for (int64_t begin = span.begin_ns; begin < span.end_ns; begin += step) {
    const int64_t end = std::min(span.end_ns, begin + step);
    events.assign(open.begin(), open.end());
    for (Reader& reader : readers) {
      if (Status status = reader.take(end, &events); !status.ok()) {
        return status;
      }
    }
    natural_merge_sort(
        events, [](const GpuEvent& event) { return event.begin_ns; }, earlier);
    open.clear();
    std::copy_if(events.begin(), events.end(), std::back_inserter(open),
                 [end](const GpuEvent& event) { return event.end_ns > end; });
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
