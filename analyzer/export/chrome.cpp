// SPDX-License-Identifier: Apache-2.0
//
// The exporter of Chrome traces: the document around the events, as Kineto writes it.
//
// ts 0 is 0 of the run's timeline, so that ts * 1000 is start_ns of every other output; baseTimeNanoseconds says where that is
// on the wall clock. The one process of a file of one rank also says which rank it is (distributedInfo).
#include <algorithm>
#include <string>

#include "analyzer/export/chrome_events.hpp"
#include "analyzer/export/chrome_rows.hpp"
#include "analyzer/export/chrome_tracks.hpp"
#include "analyzer/export/exporter.hpp"
#include "analyzer/export/text.hpp"

namespace stepscope::analysis::exporting {
namespace {

struct HeadFact {
  std::string_view meta;    // of a recording
  std::string_view member;  // of the trace
};

constexpr HeadFact kHeadFacts[] = {
    {"process.host", "host_name"},
    {"cupti.version", "cupti_version"},
    {"import.cuda_runtime", "cuda_runtime_version"},
    {"import.cuda_driver", "cuda_driver_version"},
    {"import.roctracer", "roctracer_version"},
    {"import.hip_runtime", "hip_runtime_version"},
    {"import.hip_driver", "hip_driver_version"},
    {"import.record_shapes", "record_shapes"},
    {"import.profile_memory", "profile_memory"},
    {"import.with_stack", "with_stack"},
    {"import.with_flops", "with_flops"},
    {"import.with_modules", "with_modules"},
    {"import.trace_id", "trace_id"},
};

std::string_view meta_of(const Process& process, std::string_view key) {
  const auto found = process.meta.find(std::string(key));
  return found == process.meta.end() ? std::string_view() : found->second;
}

// Whole numbers as numbers: that is how Kineto has them.
void append_fact(std::string& out, std::string_view text) {
  const bool number = text.size() < 18 && text.find_first_not_of("0123456789") == std::string_view::npos &&
                      (text.size() == 1 || text[0] != '0');
  if (number && !text.empty()) {
    out += text;
  } else {
    append_json(out, text);
  }
}

class Head {
 public:
  Head(const ExportJob& job, std::string& out) : job_(job), out_(out) {}

  void write() {
    out_ += "{\n\"schemaVersion\": 1";
    devices();
    const Process& first = job_.run.processes()[job_.processes.front()];
    if (one_rank()) {
      distributed(first);
    }
    for (const HeadFact& fact : kHeadFacts) {
      if (const std::string_view text = meta_of(first, fact.meta); !text.empty()) {
        member(fact.member);
        append_fact(out_, text);
      }
    }
    member("displayTimeUnit");
    out_ += "\"ms\"";
    member("traceName");
    append_json(out_, job_.run.label());
    base_time();
    member("traceEvents");
    out_ += '[';
  }

 private:
  void member(std::string_view key) {
    out_ += ",\n\"";
    out_ += key;
    out_ += "\": ";
  }

  [[nodiscard]] bool one_rank() const {
    const auto processes = job_.run.processes();
    return std::all_of(job_.processes.begin(), job_.processes.end(), [&](uint32_t process) {
      return processes[process].rank == processes[job_.processes.front()].rank;
    });
  }

  // "device.0.name" of the processes' facts.
  void devices() {
    constexpr std::string_view kPrefix = "device.";
    constexpr std::string_view kSuffix = ".name";
    std::map<std::string, std::string_view> names;  // by number
    for (const uint32_t process : job_.processes) {
      for (const auto& [key, value] : job_.run.processes()[process].meta) {
        const std::string_view text = key;
        if (text.size() > kPrefix.size() + kSuffix.size() && text.starts_with(kPrefix) &&
            text.ends_with(kSuffix)) {
          const std::string_view number =
              text.substr(kPrefix.size(), text.size() - kPrefix.size() - kSuffix.size());
          if (number.find_first_not_of("0123456789") == std::string_view::npos) {
            names.try_emplace(std::string(number), value);
          }
        }
      }
    }
    member("deviceProperties");
    out_ += '[';
    for (const auto& [number, name] : names) {
      out_ += out_.back() == '[' ? "" : ", ";
      out_ += "{\"id\": ";
      append_fact(out_, number);
      out_ += ", \"name\": ";
      append_json(out_, name);
      out_ += '}';
    }
    out_ += ']';
  }

  void distributed(const Process& process) {
    member("distributedInfo");
    out_ += "{\"rank\": ";
    append_integer(out_, process.rank);
    out_ += ", \"world_size\": ";
    append_integer(out_, process.world_size);
    for (const HeadFact& fact : {HeadFact{"import.backend", "backend"}, {"nccl.version", "nccl_version"}}) {
      if (const std::string_view text = meta_of(process, fact.meta); !text.empty()) {
        out_ += ", \"";
        out_ += fact.member;
        out_ += "\": ";
        append_json(out_, text);
      }
    }
    out_ += '}';
  }

  // Taken at the run's begin: clocks drift.
  void base_time() {
    const int64_t begin = job_.run.time_range().begin_ns;
    const int64_t wall = job_.run.wall_ns(job_.processes.front(), begin);
    if (wall != 0 && wall != begin) {  // equal: the times of the run are those of the wall clock already
      member("baseTimeNanoseconds");
      append_integer(out_, wall - begin);
    }
  }

  const ExportJob& job_;
  std::string& out_;
};

}  // namespace

std::string_view ChromeProcess::lane_name(uint32_t trace_lane) const {
  const uint32_t lane = job.run.global_lane(process, trace_lane);
  return lane == kNoLane ? std::string_view() : std::string_view(job.run.lanes()[lane].name);
}

Status ChromeProcess::each_segment(Kind kind,
                                   const std::function<void(const trace::SegmentView&)>& visit) const {
  trace::ScanFilter filter;
  filter.kind = kind;
  return job.run.scan(process, filter, [&](const trace::SegmentView& view) {
    visit(view);
    job.progress(view.rows);
    return events.status();
  });
}

Result<uint64_t> write_chrome(const ExportJob& job, ByteSink& out) {
  const Result<Ledger> ledger = build_ledger(job.run, {});
  if (!ledger.ok()) {
    return ledger.status();
  }
  Head(job, out.buffer()).write();
  ChromeEvents events(out);
  ChromeTracks tracks(job);
  for (const uint32_t index : job.processes) {
    const ChromeProcess process{job, events, tracks, index};
    for (const auto& part : {write_gpu, write_host}) {
      if (Status status = part(process); !status.ok()) {
        return status;
      }
    }
    if (Status status = write_steps(process, ledger.value()); !status.ok()) {
      return status;
    }
  }
  const uint64_t written = events.count();
  tracks.write_names(events);
  out.buffer() += "\n]\n}\n";
  return written;
}

}  // namespace stepscope::analysis::exporting
