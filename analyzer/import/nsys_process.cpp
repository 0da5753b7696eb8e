// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/nsys_process.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace stepscope::analysis::importing {
namespace {

using trace::ForeignRow;
using trace::Kind;
using trace::Status;

constexpr auto kNsysSource = static_cast<int64_t>(trace::Source::kImport);
constexpr int64_t kLatestNsys = int64_t{1} << 62U;

// Column eventType of NVTX_EVENTS.
enum NvtxEvent : int64_t { kMark = 34, kPushPop = 59, kStartEnd = 60, kDomain = 75 };

// torch.autograd.profiler.emit_nvtx: "aten::view, op_id = 314290", "aten::mm, seq = 12, op_id = 3, sizes = [[2, 3]]".
constexpr std::string_view kOperatorMarks[] = {", op_id = ", ", seq = ", ", sizes = "};

// An export counts memory kinds from 0, pageable; CUPTI and we from 1. Most of its unknowns are NULL.
int64_t nsys_memory_kind(const ForeignRow& row, int column) {
  const bool known = !row.null(column) && row.integer(column) >= 0 &&
                     row.integer(column) < static_cast<int64_t>(trace::MemoryKind::kManagedStatic);
  return known ? row.integer(column) + 1 : 0;
}

// An export has numbers of its own for copies that unified memory makes; the others are CUPTI's.
int64_t nsys_copy_kind(int64_t kind) {
  using trace::CopyKind;
  switch (kind) {
    case 11:
      return static_cast<int64_t>(CopyKind::kHostToDevice);
    case 12:
      return static_cast<int64_t>(CopyKind::kDeviceToHost);
    case 13:
      return static_cast<int64_t>(CopyKind::kDeviceToDevice);
    default:
      return kind > static_cast<int64_t>(CopyKind::kPeerToPeer) ? 0 : kind;
  }
}

// The operator's name, or "" when the range is none.
std::string_view operator_of(std::string_view text) {
  size_t end = std::string_view::npos;
  for (const std::string_view mark : kOperatorMarks) {
    end = std::min(end, text.find(mark));
  }
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

}  // namespace

// Rows of `table` that belong to this process; the columns in the order given, NULL where the export does not have one.
template <typename Visit>
Status NsysProcess::each(std::string_view table, std::string_view owner,
                         std::initializer_list<std::string_view> columns, const Visit& visit) {
  if (!database_.has_column(table, owner)) {
    return {};
  }
  std::string list;
  for (const std::string_view column : columns) {
    list +=
        fmt::format("{}{}", list.empty() ? "" : ", ", database_.has_column(table, column) ? column : "NULL");
  }
  return database_.scan(
      fmt::format("SELECT {} FROM {} WHERE {} / {} = {}", list, table, owner, kNsysThreads, key_), visit);
}

template <size_t N>
Status NsysProcess::add(Kind kind, uint32_t lane, const std::array<int64_t, N>& row) {
  if (lane == 0) {
    ++losses_.too_many_lanes;
    return {};
  }
  ++rows_;
  return builder_.add(kind, lane, row);
}

// Columns 0 and 1 are start and end. False: there is no usable time, and the row is counted.
bool NsysProcess::read_span(const Row& row, Span* out) {
  const int64_t start = row.integer(0);
  const int64_t end = row.null(1) ? start : row.integer(1);
  if (row.null(0) || std::max(start, end) >= kLatestNsys || std::min(start, end) <= -kLatestNsys) {
    ++losses_.bad_time;
    return false;
  }
  losses_.negative_duration += end < start ? 1U : 0U;
  *out = {start, std::max<int64_t>(0, end - start)};
  last_end_ns_ = std::max({last_end_ns_, start, end});
  return true;
}

int64_t NsysProcess::text(const Row& row, int column) {
  if (row.null(column)) {
    return 0;
  }
  const auto [known, fresh] = texts_.try_emplace(row.integer(column), 0);
  if (fresh) {
    const auto found = strings_.find(row.integer(column));
    known->second = found == strings_.end() ? 0 : builder_.intern(found->second);
  }
  return known->second;
}

uint32_t NsysProcess::thread(const Row& row, int column) {
  const uint32_t lane = lanes_.thread(pid(), row.integer(column) % kNsysThreads);
  lanes_.count_event(lane);
  return lane;
}

// From column `first`: registers, grid, block, static and dynamic shared memory.
int64_t NsysProcess::signature(const Row& row, int first) {
  const auto number = [&](int column) { return row.null(column) ? -1 : row.integer(column); };
  LaunchShape shape;
  shape.registers = number(first);
  for (int i = 0; i < 3; ++i) {
    shape.grid[static_cast<size_t>(i)] = number(first + 1 + i);
    shape.block[static_cast<size_t>(i)] = number(first + 4 + i);
  }
  shape.shared_bytes = number(first + 7);
  shape.dynamic_shared_bytes = number(first + 8);
  const auto [known, fresh] = signatures_.try_emplace(shape, 0);
  if (fresh) {
    known->second = builder_.intern(launch_text(shape));
  }
  return known->second;
}

Status NsysProcess::kernels() {
  return each("CUPTI_ACTIVITY_KIND_KERNEL", "globalPid",
              {"start",
               "end",
               "deviceId",
               "contextId",
               "streamId",
               "correlationId",
               "mangledName",
               "demangledName",
               "shortName",
               "graphId",
               "graphNodeId",
               "registersPerThread",
               "gridX",
               "gridY",
               "gridZ",
               "blockX",
               "blockY",
               "blockZ",
               "staticSharedMemory",
               "dynamicSharedMemory"},
              [&](const Row& row) {
                Span span;
                if (!read_span(row, &span)) {
                  return Status();
                }
                // Mangled, as CUPTI gives it to our own recordings; older exports lack it.
                const int64_t mangled = text(row, 6);
                const int64_t demangled = text(row, 7) != 0 ? text(row, 7) : text(row, 8);
                const int64_t name = mangled != 0 ? mangled : demangled;
                return add(Kind::kKernel, lanes_.stream(row.integer(2), row.integer(3), row.integer(4)),
                           std::array<int64_t, 10>{span.start_ns, span.dur_ns, name, row.integer(2),
                                                   row.integer(4), row.integer(5), row.integer(9),
                                                   row.integer(10), row.integer(3), signature(row, 11)});
              });
}

Status NsysProcess::copies() {
  return each("CUPTI_ACTIVITY_KIND_MEMCPY", "globalPid",
              {"start", "end", "deviceId", "contextId", "streamId", "correlationId", "copyKind", "bytes",
               "dstDeviceId", "srcKind", "dstKind", "graphNodeId"},
              [&](const Row& row) {
                Span span;
                if (!read_span(row, &span)) {
                  return Status();
                }
                return add(Kind::kMemcpy, lanes_.stream(row.integer(2), row.integer(3), row.integer(4)),
                           std::array<int64_t, 14>{
                               span.start_ns, span.dur_ns, nsys_copy_kind(row.integer(6)), row.integer(7),
                               row.integer(2), row.integer(4), row.integer(5), row.integer(8), row.integer(3),
                               nsys_memory_kind(row, 9), nsys_memory_kind(row, 10), 0, 0, row.integer(11)});
              });
}

Status NsysProcess::sets() {
  return each("CUPTI_ACTIVITY_KIND_MEMSET", "globalPid",
              {"start", "end", "deviceId", "contextId", "streamId", "correlationId", "bytes", "memKind",
               "graphNodeId"},
              [&](const Row& row) {
                Span span;
                if (!read_span(row, &span)) {
                  return Status();
                }
                return add(Kind::kMemset, lanes_.stream(row.integer(2), row.integer(3), row.integer(4)),
                           std::array<int64_t, 10>{span.start_ns, span.dur_ns, row.integer(6), row.integer(2),
                                                   row.integer(4), row.integer(5), row.integer(3),
                                                   nsys_memory_kind(row, 7), 0, row.integer(8)});
              });
}

Status NsysProcess::graphs() {
  return each("CUPTI_ACTIVITY_KIND_GRAPH_TRACE", "globalPid",
              {"start", "end", "deviceId", "contextId", "streamId", "correlationId", "graphId"},
              [&](const Row& row) {
                Span span;
                if (!read_span(row, &span)) {
                  return Status();
                }
                return add(Kind::kGraphLaunch, lanes_.stream(row.integer(2), row.integer(3), row.integer(4)),
                           std::array<int64_t, 8>{span.start_ns, span.dur_ns, row.integer(6), row.integer(2),
                                                  row.integer(4), row.integer(5), row.integer(3), 0});
              });
}

Status NsysProcess::calls() {
  return each("CUPTI_ACTIVITY_KIND_RUNTIME", "globalTid",
              {"start", "end", "globalTid", "nameId", "correlationId", "returnValue"}, [&](const Row& row) {
                Span span;
                if (!read_span(row, &span)) {
                  return Status();
                }
                return add(Kind::kCudaApi, thread(row, 2),
                           std::array<int64_t, 5>{span.start_ns, span.dur_ns, text(row, 3), row.integer(4),
                                                  row.integer(5)});
              });
}

Status NsysProcess::syncs() {
  return each("CUPTI_ACTIVITY_KIND_SYNCHRONIZATION", "globalPid",
              {"start", "end", "deviceId", "contextId", "streamId", "correlationId", "syncType", "eventId"},
              [&](const Row& row) {
                Span span;
                if (!read_span(row, &span)) {
                  return Status();
                }
                return add(
                    Kind::kSync, lanes_.sync(row.integer(3)),
                    std::array<int64_t, 8>{span.start_ns, span.dur_ns, row.integer(6), row.integer(2),
                                           row.integer(4), row.integer(5), row.integer(3), row.integer(7)});
              });
}

Status NsysProcess::cuda_events() {
  const bool timed = database_.has_column("CUPTI_ACTIVITY_KIND_CUDA_EVENT", "timestamp");
  return each(
      "CUPTI_ACTIVITY_KIND_CUDA_EVENT", "globalPid",
      {timed ? "timestamp" : "start", "end", "eventId", "deviceId", "streamId", "contextId", "correlationId"},
      [&](const Row& row) {
        Span span;
        if (!read_span(row, &span)) {
          return Status();
        }
        return add(Kind::kCudaEvent, lanes_.stream(row.integer(3), row.integer(5), row.integer(4)),
                   std::array<int64_t, 6>{span.start_ns, row.integer(2), row.integer(3), row.integer(4),
                                          row.integer(5), row.integer(6)});
      });
}

Status NsysProcess::overheads() {
  for (const std::string_view table : {"CUPTI_ACTIVITY_KIND_OVERHEAD", "PROFILER_OVERHEAD"}) {
    Status status = each(table, "globalTid", {"start", "end", "nameId"}, [&](const Row& row) {
      Span span;
      return read_span(row, &span) ? add(Kind::kOverhead, lanes_.overhead(),
                                         std::array<int64_t, 3>{span.start_ns, span.dur_ns, text(row, 2)})
                                   : Status();
    });
    if (!status.ok()) {
      return status;
    }
  }
  return {};
}

Status NsysProcess::nvtx_domains() {
  return each("NVTX_EVENTS", "globalTid", {"eventType", "domainId", "text", "textId"}, [&](const Row& row) {
    if (row.integer(0) == kDomain && !row.null(1)) {
      domains_[row.integer(1)] = row.null(2) ? text(row, 3) : int64_t{builder_.intern(row.text(2))};
    }
    return Status();
  });
}

Status NsysProcess::nvtx_row(const Row& row) {
  const int64_t type = row.integer(2);
  Span span;
  if ((type != kMark && type != kPushPop && type != kStartEnd) || !read_span(row, &span)) {
    return {};
  }
  const uint32_t lane = thread(row, 3);
  const auto stored = strings_.find(row.integer(5));
  const std::string_view name = !row.null(4)               ? row.text(4)
                                : stored != strings_.end() ? std::string_view(stored->second)
                                                           : std::string_view();
  const auto domain = domains_.find(row.integer(6));
  const int64_t domain_text = domain == domains_.end() ? 0 : domain->second;
  if (type == kMark) {
    return add(
        Kind::kInstant, lane,
        std::array<int64_t, 7>{span.start_ns, builder_.intern(name), domain_text, 0, kNsysSource, 0, 0});
  }
  int64_t flags = type == kStartEnd ? trace::kFlagProcessRange : 0;
  if (row.null(1)) {  // still open when the capture ended
    ++losses_.unended_begin;
    flags |= trace::kFlagUnfinished;
    span.dur_ns = std::max<int64_t>(0, last_end_ns_ - span.start_ns);
  }
  const std::string_view op = operator_of(name);
  const std::string_view plain = op.empty() ? name : op;
  if (type == kPushPop && lane != 0 && annotations_.take(plain, lane, span.start_ns, span.dur_ns)) {
    return annotations_.status();
  }
  return add(
      Kind::kRange, lane,
      std::array<int64_t, 9>{span.start_ns, span.dur_ns, builder_.intern(plain), domain_text,
                             op.empty() ? 0 : int64_t{builder_.intern("cpu_op")}, kNsysSource, flags, 0, 0});
}

Status NsysProcess::nvtx() {
  return each("NVTX_EVENTS", "globalTid",
              {"start", "end", "eventType", "globalTid", "text", "textId", "domainId"},
              [&](const Row& row) { return nvtx_row(row); });
}

Status NsysProcess::thread_names() {
  return each("ThreadNames", "globalTid", {"globalTid", "nameId"}, [&](const Row& row) {
    const auto name = strings_.find(row.integer(1));
    if (name != strings_.end()) {
      lanes_.name_thread(pid(), row.integer(0) % kNsysThreads, name->second);
    }
    return Status();
  });
}

Status NsysProcess::run() {
  for (const auto step :
       {&NsysProcess::kernels, &NsysProcess::copies, &NsysProcess::sets, &NsysProcess::graphs,
        &NsysProcess::calls, &NsysProcess::syncs, &NsysProcess::cuda_events, &NsysProcess::overheads,
        &NsysProcess::nvtx_domains, &NsysProcess::nvtx, &NsysProcess::thread_names}) {
    if (Status status = (this->*step)(); !status.ok()) {
      return status;
    }
  }
  if (Status status = annotations_.write(lanes_.main_thread()); !status.ok()) {
    return status;
  }
  lanes_.declare(builder_);
  losses_.store(builder_);
  builder_.set_meta("process.pid", std::to_string(pid()));
  return {};
}

}  // namespace stepscope::analysis::importing
