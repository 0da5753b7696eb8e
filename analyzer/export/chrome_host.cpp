// SPDX-License-Identifier: Apache-2.0
//
// What happened on the host, counters, and every kind that has no words of Kineto's: such a kind is a complete event, or an
// instant if it has no duration, whose category is the kind and whose arguments are its columns.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <string>

#include "analyzer/cuda_calls.hpp"
#include "analyzer/export/chrome_rows.hpp"
#include "trace/kinds.hpp"

namespace stepscope::analysis::exporting {
namespace {

constexpr Kind kWrittenElsewhere[] = {Kind::kKernel, Kind::kMemcpy,    Kind::kMemset,    Kind::kGraphLaunch,
                                      Kind::kSync,   Kind::kCudaEvent, Kind::kCollective};
constexpr std::string_view kAnnotation = "user_annotation";
constexpr std::string_view kPhaseWords[] = {
    "phase",           "import",       "startup",      "backward",         "optimizer", "save checkpoint",
    "load checkpoint", "start loader", "reset loader", "shut down loader", "next()",    "eval",
    "forward"};
constexpr std::string_view kSourceWords[] = {"",       "api",        "nvtx", "python", "torch.profiler",
                                             "import", "nccl plugin"};
constexpr auto kImported = static_cast<int64_t>(trace::Source::kImport);

template <size_t N>
std::string_view word_at(const std::string_view (&words)[N], int64_t index) {
  return index >= 0 && index < static_cast<int64_t>(N) ? words[static_cast<size_t>(index)] : "";
}

// A thread of an importer's "GPU 0 stream 7 annotations" lane: the annotation lies over the stream's kernels.
bool is_stream_annotation(std::string_view lane, int* device, long long* stream) {
  const std::string text(lane);
  int end = 0;
  return std::sscanf(text.c_str(), "GPU %d stream %lld annotations%n", device, stream, &end) == 2 &&
         end == static_cast<int>(text.size());
}

class HostWriter {
 public:
  explicit HostWriter(const ChromeProcess& process) : process_(process), events_(process.events) {}

  Status run() {
    for (const trace::KindInfo* kind = trace::kinds_begin(); kind != trace::kinds_end(); ++kind) {
      if (std::find(std::begin(kWrittenElsewhere), std::end(kWrittenElsewhere), kind->id) !=
          std::end(kWrittenElsewhere)) {
        continue;
      }
      kind_ = kind;
      Status status = process_.each_segment(kind->id, [this](const trace::SegmentView& view) {
        track_ = track_of(view.lane);
        for (size_t i = 0; i < view.rows; ++i) {
          write(Row(view, i));
        }
      });
      if (!status.ok()) {
        return status;
      }
    }
    return {};
  }

 private:
  [[nodiscard]] Track track_of(uint32_t lane) {
    int device = 0;
    long long stream = 0;
    if (kind_->id == Kind::kRange && is_stream_annotation(process_.lane_name(lane), &device, &stream)) {
      return process_.tracks.annotations(process_.process, device, stream);
    }
    return process_.tracks.thread(process_.process, lane);
  }

  void write(const Row& row) {
    switch (kind_->id) {
      case Kind::kCudaApi:
        return call(row);
      case Kind::kRange:
        return range(row);
      case Kind::kPhase:
        return phase(row);
      case Kind::kBatch:
        return generic(row, kAnnotation, "enumerate(DataLoader)#__next__");
      case Kind::kBatchFetch:
        return generic(row, kAnnotation, "make batch");
      case Kind::kGc:
        return generic(row, "gc", "gc generation " + std::to_string(row[2]));
      case Kind::kPythonSample:
        return sample(row);
      case Kind::kInstant:
        return mark(row);
      case Kind::kCounter:
        return counter(row, track_, row[3]);
      case Kind::kHealth:
        return counter(row, process_.tracks.device(process_.process, row[3], row.lane()), 0);
      case Kind::kStep:
        return boundary(row);
      case Kind::kExit:
        return generic(row, kind_->name, "exit");
      case Kind::kMemory:
        return generic(row, kind_->name, row[1] == 1 ? "allocate" : row[1] == 2 ? "release" : "memory pool");
      default:
        return generic(row, kind_->name, "");
    }
  }

  void open(const Row& row, std::string_view category, std::string_view name) {
    const bool lasts = kind_->has_duration();
    events_.open(lasts ? 'X' : 'i', category, name, track_, process_.time(row[0]));
    if (lasts) {
      events_.duration(std::max<int64_t>(0, row[1]));
    } else {
      events_.member("s", "t");
    }
  }

  // Without a name given it is the first text of the row, or the kind's.
  void generic(const Row& row, std::string_view category, std::string_view name) {
    std::string_view shown = name;
    for (size_t c = 1; c < kind_->column_count && shown.empty(); ++c) {
      shown = kind_->columns[c].type == trace::ColumnType::kString ? process_.name(row[c]) : "";
    }
    open(row, category, shown.empty() ? kind_->name : shown);
    for (size_t c = kind_->has_duration() ? 2 : 1; c < kind_->column_count; ++c) {
      argument(kind_->columns[c], row[c]);
    }
    events_.close();
  }

  void argument(const trace::Column& column, int64_t value) {
    switch (column.type) {
      case trace::ColumnType::kString:
        if (value != 0) {
          events_.text_argument(column.name, process_.name(value));
        }
        return;
      case trace::ColumnType::kTime:
        if (value != 0) {  // 0: not known
          events_.argument(column.name, process_.time(value));
        }
        return;
      case trace::ColumnType::kReal:
        return events_.real_argument(column.name, std::bit_cast<double>(value));
      case trace::ColumnType::kUint:
        return events_.unsigned_argument(column.name, static_cast<uint64_t>(value));
      case trace::ColumnType::kInt:
      case trace::ColumnType::kDuration:
      case trace::ColumnType::kBytes:
        return events_.argument(column.name, value);
    }
  }

  void call(const Row& row) {
    constexpr size_t kName = 2, kCorrelation = 3, kResult = 4;
    const std::string_view name = process_.name(row[kName]);
    const bool driver = name.starts_with("cu") && !name.starts_with("cuda");
    open(row, driver ? "cuda_driver" : "cuda_runtime", name);
    events_.argument("correlation", row[kCorrelation]);
    if (row[kResult] != 0) {
      events_.argument("result", row[kResult]);
    }
    events_.close();
    if (row[kCorrelation] != 0 && starts_work(name)) {
      events_.open('s', "ac2g", "ac2g", track_, process_.time(row[0]));
      events_.id(process_.tracks.flow_id(process_.process, row[kCorrelation]));
      events_.close();
    }
  }

  static bool starts_work(std::string_view name) {
    return classify_call(name) == CallClass::kLaunch || name.find("emcpy") != std::string_view::npos ||
           name.find("emset") != std::string_view::npos;
  }

  // Where a range, a mark or a phase came from, as far as it says.
  void origin(const Row& row, size_t domain, size_t category, size_t source) {
    for (const auto& [key, column] : {std::pair("domain", domain), {"category", category}}) {
      if (column != 0 && row[column] != 0) {
        events_.text_argument(key, process_.name(row[column]));
      }
    }
    if (const std::string_view word = word_at(kSourceWords, row[source]); !word.empty()) {
      events_.text_argument("source", word);
    }
  }

  void payload(const Row& row, size_t type) {
    if (row[type] == trace::kPayloadShapes) {
      events_.text_argument("Input Dims", process_.name(row[type + 1]));
    } else if (row[type] != 0) {
      events_.argument("payload_type", row[type]);
      events_.argument("payload", row[type + 1]);
    }
  }

  void range(const Row& row) {
    constexpr size_t kName = 2, kDomain = 3, kCategory = 4, kSource = 5, kFlags = 6, kPayload = 7;
    const bool imported = row[kSource] == kImported;
    const std::string_view category = imported ? process_.name(row[kCategory]) : kAnnotation;
    if (is_derived(category)) {
      return;
    }
    const bool process_wide = (row[kFlags] & trace::kFlagProcessRange) != 0;
    const std::string_view name = process_.name(row[kName]);
    if (process_wide) {
      // Ranges that are ended by handle may overlap each other.
      events_.open('b', category, name, track_, process_.time(row[0]));
      events_.id(process_.tracks.flow_id(process_.process, ++asynchronous_));
    } else {
      open(row, category, name);
    }
    if (!imported) {
      origin(row, kDomain, kCategory, kSource);
    }
    payload(row, kPayload);
    if ((row[kFlags] & trace::kFlagUnfinished) != 0) {
      events_.flag_argument("unfinished");
    }
    events_.close();
    if (process_wide) {
      events_.open('e', category, name, track_, process_.time(row[0]) + std::max<int64_t>(0, row[1]));
      events_.id(process_.tracks.flow_id(process_.process, asynchronous_));
      events_.close();
    }
  }

  // Names as torch.profiler has them, so that readers of its traces see steps of the optimizer and waits for data.
  void phase(const Row& row) {
    constexpr size_t kName = 2, kOp = 3, kSource = 4, kFlags = 5;
    const auto op = static_cast<trace::PhaseOp>(row[kOp]);
    if (row[kSource] == kImported && op == trace::PhaseOp::kBackward) {
      return;  // the importer derived it from autograd's operators, which are here themselves
    }
    const std::string_view said = process_.name(row[kName]);
    const std::string_view word = word_at(kPhaseWords, row[kOp]);
    std::string name(said.empty() ? word : said);
    if (op == trace::PhaseOp::kOptimizer) {
      name = "Optimizer.step#" + std::string(said.empty() ? "Optimizer" : said) + ".step";
    } else if (op == trace::PhaseOp::kDataNext) {
      name = "enumerate(DataLoader)#" + std::string(said.empty() ? "__next__" : said);
    } else if (!said.empty() && op != trace::PhaseOp::kOther) {
      name = std::string(word) + " " + std::string(said);
    }
    open(row, kAnnotation, name);
    events_.text_argument("phase", word);
    events_.text_argument("name", said);
    origin(row, 0, 0, kSource);
    if ((row[kFlags] & trace::kFlagUnfinished) != 0) {
      events_.flag_argument("unfinished");
    }
    events_.close();
  }

  // A moment: samples stand for the time before them, and would overlap as slices.
  void sample(const Row& row) {
    const std::string_view stack = process_.name(row[2]);
    const size_t last = stack.rfind(';');
    events_.open('i', kind_->name, last == std::string_view::npos ? stack : stack.substr(last + 1), track_,
                 process_.time(row[0]));
    events_.member("s", "t");
    events_.text_argument("stack", stack);
    events_.argument("dur_ns", row[1]);
    events_.close();
  }

  void mark(const Row& row) {
    constexpr size_t kName = 1, kDomain = 2, kCategory = 3, kSource = 4, kPayload = 5;
    const bool imported = row[kSource] == kImported;
    const std::string_view category = imported ? process_.name(row[kCategory]) : kAnnotation;
    if (is_derived(category)) {
      return;
    }
    open(row, category, process_.name(row[kName]));
    if (!imported) {
      origin(row, kDomain, kCategory, kSource);
    }
    payload(row, kPayload);
    events_.close();
  }

  void counter(const Row& row, const Track& track, int64_t subject) {
    events_.open('C', "", process_.name(row[1]), track, process_.time(row[0]));
    if (subject != 0) {
      events_.id(static_cast<uint64_t>(subject));  // another counter of the same name
    }
    events_.real_argument("value", std::bit_cast<double>(row[2]));
    events_.close();
  }

  void boundary(const Row& row) {
    constexpr size_t kIndex = 1, kSource = 2, kName = 3, kMicroSteps = 4;
    const std::string_view said = process_.name(row[kName]);
    open(row, kBoundaryCategory, said.empty() ? "step boundary" : said);
    events_.argument("index", row[kIndex]);
    origin(row, 0, 0, kSource);
    events_.argument("micro_steps", row[kMicroSteps]);
    events_.close();
  }

  const ChromeProcess& process_;
  ChromeEvents& events_;
  const trace::KindInfo* kind_ = nullptr;
  Track track_;
  int64_t asynchronous_ = 0;  // ids of asynchronous events
};

}  // namespace

Status write_host(const ChromeProcess& process) {
  return HostWriter(process).run();
}

}  // namespace stepscope::analysis::exporting
