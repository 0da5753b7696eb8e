// SPDX-License-Identifier: Apache-2.0
//
// What ran on GPUs, in Kineto's categories and words.
#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include "analyzer/export/chrome_collectives.hpp"
#include "analyzer/export/chrome_rows.hpp"
#include "analyzer/export/launch_arguments.hpp"

namespace stepscope::analysis::exporting {
namespace {

constexpr std::string_view kCopyWords[] = {"",     "HtoD", "DtoH", "HtoA", "AtoH", "AtoA",
                                           "AtoD", "DtoA", "DtoD", "HtoH", "PtoP"};
constexpr std::string_view kMemoryWords[] = {"Unknown", "Pageable", "Pinned",        "Device",
                                             "Array",   "Managed",  "Device Static", "Managed Static"};
constexpr std::string_view kSyncWords[] = {"Sync", "Event Sync", "Stream Wait Event", "Stream Sync",
                                           "Context Sync"};

template <size_t N>
std::string_view word_of(const std::string_view (&words)[N], int64_t index) {
  return words[index >= 0 && index < static_cast<int64_t>(N) ? static_cast<size_t>(index) : 0];
}

// Where the columns of a kind are that all work on streams has.
struct StreamColumns {
  Kind kind;
  size_t device, stream, correlation, context;
  size_t graph, graph_node;  // 0: there is none
};

constexpr StreamColumns kKernelColumns = {Kind::kKernel, 3, 4, 5, 8, 6, 7};
constexpr StreamColumns kCopyColumns = {Kind::kMemcpy, 4, 5, 6, 8, 12, 13};
constexpr StreamColumns kSetColumns = {Kind::kMemset, 3, 4, 5, 6, 8, 9};
constexpr StreamColumns kGraphColumns = {Kind::kGraphLaunch, 3, 4, 5, 6, 2, 0};

class GpuWriter {
 public:
  explicit GpuWriter(const ChromeProcess& process)
      : process_(process), events_(process.events), flows_(process.has(Kind::kCudaApi)) {}

  Status run() {
    if (Status status = collectives_.load(process_); !status.ok()) {
      return status;
    }
    for (const Status& status :
         {kernels(), copies(), sets(), graphs(), waits(), cuda_events(), collectives_.write_rest(process_)}) {
      if (!status.ok()) {
        return status;
      }
    }
    return {};
  }

 private:
  // Calls write(row) between open() and close() of each event of a kind that a stream ran.
  template <typename Name, typename Arguments>
  Status each_on_stream(const StreamColumns& columns, std::string_view category, const Name& name,
                        const Arguments& arguments) {
    return process_.each_segment(columns.kind, [&](const trace::SegmentView& view) {
      StreamTrack at;
      for (size_t i = 0; i < view.rows; ++i) {
        const Row row(view, i);
        const Track& track = track_of(at, columns, row);
        const int64_t start = process_.time(row[0]);
        events_.open('X', category, name(row), track, start);
        events_.duration(std::max<int64_t>(0, row[1]));
        events_.argument("device", row[columns.device]);
        events_.argument("context", row[columns.context]);
        events_.argument("stream", row[columns.stream]);
        events_.argument("correlation", row[columns.correlation]);
        number_if(row[columns.graph], "graph id");
        number_if(columns.graph_node == 0 ? 0 : row[columns.graph_node], "graph node id");
        arguments(row);
        events_.close();
        arrow(row[columns.correlation], track, start);
      }
    });
  }

  // A lane has one stream, so neighbours share their track.
  struct StreamTrack {
    int64_t device = -1, stream = -1;
    Track track;
  };
  const Track& track_of(StreamTrack& last, const StreamColumns& columns, const Row& row) {
    if (last.device != row[columns.device] || last.stream != row[columns.stream]) {
      last.device = row[columns.device];
      last.stream = row[columns.stream];
      last.track = process_.tracks.stream(process_.process, last.device, last.stream, row.lane());
    }
    return last.track;
  }

  void number_if(int64_t value, std::string_view key) {
    if (value != 0) {
      events_.unsigned_argument(key, static_cast<uint64_t>(value));
    }
  }

  // The end of the arrow from the call that launched it; it begins in chrome_host.cpp.
  void arrow(int64_t correlation, const Track& track, int64_t at_ns) {
    if (flows_ && correlation != 0) {
      events_.open('f', "ac2g", "ac2g", track, at_ns);
      events_.id(process_.tracks.flow_id(process_.process, correlation));
      events_.member("bp", "e");
      events_.close();
    }
  }

  Status kernels() {
    constexpr size_t kName = 2, kSignature = 9;
    return each_on_stream(
        kKernelColumns, "kernel", [&](const Row& row) { return process_.name(row[kName]); },
        [&](const Row& row) {
          const auto [found, fresh] = launches_.try_emplace(row[kSignature]);
          if (fresh) {
            found->second = launch_arguments(process_.name(row[kSignature]));
          }
          events_.raw_arguments(found->second);
          collectives_.write_arguments(process_, row[kKernelColumns.correlation], row[0], row[1]);
        });
  }

  void moved(int64_t bytes, int64_t dur_ns) {
    events_.argument("bytes", bytes);
    if (dur_ns > 0) {
      events_.real_argument("memory bandwidth (GB/s)",
                            static_cast<double>(bytes) / static_cast<double>(dur_ns));
    }
  }

  Status copies() {
    constexpr size_t kCopyKind = 2, kBytes = 3, kPeer = 7, kSource = 9, kTarget = 10, kFlags = 11;
    return each_on_stream(
        kCopyColumns, "gpu_memcpy",
        [&](const Row& row) -> std::string_view {
          name_ = "Memcpy";
          if (const std::string_view kind = word_of(kCopyWords, row[kCopyKind]); !kind.empty()) {
            name_.append(" ").append(kind);
          }
          name_.append(" (").append(word_of(kMemoryWords, row[kSource])).append(" -> ");
          name_.append(word_of(kMemoryWords, row[kTarget])).append(")");
          return name_;
        },
        [&](const Row& row) {
          moved(row[kBytes], row[1]);
          number_if(row[kPeer], "peer device");
          number_if(row[kFlags], "flags");
        });
  }

  Status sets() {
    constexpr size_t kBytes = 2, kMemory = 7;
    return each_on_stream(
        kSetColumns, "gpu_memset",
        [&](const Row& row) -> std::string_view {
          name_ = "Memset (";
          name_.append(word_of(kMemoryWords, row[kMemory])).append(")");
          return name_;
        },
        [&](const Row& row) { moved(row[kBytes], row[1]); });
  }

  // A graph whose nodes were not recorded one by one keeps the GPU busy like a kernel, and readers count it so.
  Status graphs() {
    constexpr size_t kNodes = 7;
    return each_on_stream(
        kGraphColumns, "kernel",
        [&](const Row& row) -> std::string_view {
          name_ = "CUDA graph " + std::to_string(static_cast<uint64_t>(row[kGraphColumns.graph]));
          return name_;
        },
        [&](const Row& row) { events_.argument("graph nodes", row[kNodes]); });
  }

  Status waits() {
    constexpr size_t kType = 2, kDevice = 3, kStream = 4, kCorrelation = 5, kContext = 6, kEvent = 7;
    return process_.each_segment(Kind::kSync, [&](const trace::SegmentView& view) {
      for (size_t i = 0; i < view.rows; ++i) {
        const Row row(view, i);
        const std::string_view kind = word_of(kSyncWords, row[kType]);
        events_.open('X', "cuda_sync", kind,
                     process_.tracks.device(process_.process, row[kDevice], view.lane),
                     process_.time(row[0]));
        events_.duration(std::max<int64_t>(0, row[1]));
        events_.text_argument("cuda_sync_kind", kind);
        events_.argument("device", row[kDevice]);
        events_.argument("context", row[kContext]);
        events_.argument("stream", row[kStream]);
        events_.argument("correlation", row[kCorrelation]);
        events_.argument("wait_on_cuda_event_id", row[kEvent]);
        events_.close();
      }
    });
  }

  Status cuda_events() {
    constexpr size_t kEvent = 1, kDevice = 2, kStream = 3, kContext = 4, kCorrelation = 5;
    return process_.each_segment(Kind::kCudaEvent, [&](const trace::SegmentView& view) {
      for (size_t i = 0; i < view.rows; ++i) {
        const Row row(view, i);
        events_.open('X', "cuda_event", "Event Record",
                     process_.tracks.stream(process_.process, row[kDevice], row[kStream], view.lane),
                     process_.time(row[0]));
        events_.duration(0);
        events_.argument("event_id", row[kEvent]);
        events_.argument("device", row[kDevice]);
        events_.argument("context", row[kContext]);
        events_.argument("stream", row[kStream]);
        events_.argument("correlation", row[kCorrelation]);
        events_.close();
      }
    });
  }

  const ChromeProcess& process_;
  ChromeEvents& events_;
  bool flows_;
  CollectiveKernels collectives_;
  std::unordered_map<int64_t, std::string> launches_;  // by signature
  std::string name_;
};

}  // namespace

Status write_gpu(const ChromeProcess& process) {
  return GpuWriter(process).run();
}

}  // namespace stepscope::analysis::exporting
