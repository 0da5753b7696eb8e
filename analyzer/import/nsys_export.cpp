// SPDX-License-Identifier: Apache-2.0
//
// The importer of Nsight Systems exports (`nsys export --type sqlite`), schema 3.x. One recording per process that used a
// GPU; where none did, per process that marked with NVTX.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "analyzer/import/importer.hpp"
#include "analyzer/import/nsys_process.hpp"
#include "trace/foreign_database.hpp"

namespace stepscope::analysis::importing {
namespace {

using trace::Code;
using trace::ForeignDatabase;
using trace::ForeignRow;
using trace::RecordingBuilder;
using trace::Result;
using trace::Status;

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr size_t kApplicationIdAt = 68;

struct ProcessEntry {
  int64_t key = 0;  // globalPid / kNsysThreads
  int64_t device = 0;
};

Status nsys_error(const std::string& path, std::string_view cause, std::string_view remedy) {
  return {Code::kUnreadable, fmt::format("cannot import '{}': {}; {}", path, cause, remedy)};
}

// Processes by their lowest device, then by number: the order in which launchers number ranks.
Result<std::vector<ProcessEntry>> find_processes(const ForeignDatabase& database) {
  std::map<int64_t, int64_t> devices;
  const auto collect = [&](std::string_view table, std::string_view owner, std::string_view device) {
    if (!database.has_column(table, owner)) {
      return Status();
    }
    return database.scan(fmt::format("SELECT {0} / {1}, min({2}) FROM {3} WHERE {0} IS NOT NULL GROUP BY 1",
                                     owner, kNsysThreads, device, table),
                         [&](const ForeignRow& row) {
                           const auto [known, fresh] = devices.try_emplace(row.integer(0), row.integer(1));
                           known->second = std::min(known->second, row.integer(1));
                           return Status();
                         });
  };
  for (const std::string_view table :
       {"CUPTI_ACTIVITY_KIND_KERNEL", "CUPTI_ACTIVITY_KIND_MEMCPY", "CUPTI_ACTIVITY_KIND_GRAPH_TRACE"}) {
    if (Status status = collect(table, "globalPid", "deviceId"); !status.ok()) {
      return status;
    }
  }
  if (devices.empty()) {
    if (Status status = collect("NVTX_EVENTS", "globalTid", "0"); !status.ok()) {
      return status;
    }
  }
  std::vector<ProcessEntry> out;
  for (const auto& [key, device] : devices) {
    out.push_back({key, device});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const ProcessEntry& a, const ProcessEntry& b) { return a.device < b.device; });
  return out;
}

Result<NsysStrings> read_strings(const ForeignDatabase& database) {
  NsysStrings out;
  Status status = database.scan("SELECT id, value FROM StringIds", [&](const ForeignRow& row) {
    out.emplace(row.integer(0), row.text(1));
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  return out;
}

// Facts of the whole capture: where its times begin, the version, the GPUs.
Status add_facts(const ForeignDatabase& database, int64_t pid, RecordingBuilder& builder) {
  const auto each = [&](std::string_view table, std::string_view column, const std::string& sql,
                        const auto& visit) {
    return database.has_column(table, column) ? database.scan(sql,
                                                              [&](const ForeignRow& row) {
                                                                visit(row);
                                                                return Status();
                                                              })
                                              : Status();
  };
  Status status =
      each("TARGET_INFO_SESSION_START_TIME", "utcEpochNs",
           "SELECT utcEpochNs FROM TARGET_INFO_SESSION_START_TIME LIMIT 1", [&](const ForeignRow& row) {
             trace::ClockAnchor anchor;
             anchor.realtime_ns = row.integer(0);
             builder.add_anchor(anchor);
           });
  if (status.ok()) {
    status = each("META_DATA_EXPORT", "name",
                  "SELECT name, value FROM META_DATA_EXPORT WHERE name IN ('EXPORT_PRODUCT_VERSION', "
                  "'EXPORT_SCHEMA_VERSION')",
                  [&](const ForeignRow& row) {
                    builder.set_meta(
                        row.text(0) == "EXPORT_SCHEMA_VERSION" ? "import.schema" : "import.nsys_version",
                        row.text(1));
                  });
  }
  const auto name_device = [&](const ForeignRow& row) {
    builder.set_meta(fmt::format("device.{}.name", row.integer(0)), row.text(1));
  };
  if (status.ok() && database.has_column("TARGET_INFO_CUDA_DEVICE", "cudaId")) {
    status = each(
        "TARGET_INFO_GPU", "name",
        fmt::format("SELECT d.cudaId, g.name FROM TARGET_INFO_CUDA_DEVICE AS d JOIN TARGET_INFO_GPU AS g "
                    "ON g.id = d.gpuId WHERE d.pid = {} AND g.name IS NOT NULL",
                    pid),
        name_device);
  } else if (status.ok()) {
    status = each("TARGET_INFO_GPU", "name", "SELECT id, name FROM TARGET_INFO_GPU WHERE name IS NOT NULL",
                  name_device);
  }
  return status;
}

Status import_process(const ForeignDatabase& database, const NsysStrings& strings, const ProcessEntry& entry,
                      size_t processes, ImportOutput& output) {
  const int64_t pid = entry.key % kNsysThreads;
  Result<RecordingBuilder> builder = output.begin(processes > 1 ? fmt::format("pid{}", pid) : "");
  if (!builder.ok()) {
    return builder.status();
  }
  NsysProcess process(database, strings, entry.key, builder.value());
  if (Status status = process.run(); !status.ok()) {
    return status;
  }
  if (Status status = add_facts(database, pid, builder.value()); !status.ok()) {
    return status;
  }
  ImportFacts facts;
  facts.format = "nsys";
  facts.world_size = processes > 1 ? static_cast<int32_t>(processes) : -1;
  facts.events = process.rows();
  facts.rows = process.rows();
  return output.finish(builder.value(), facts);
}

}  // namespace

bool is_nsys_export(std::string_view head) {
  return head.starts_with(kMagic);
}

Status read_nsys_export(ByteSource& source, ImportOutput& output) {
  const std::string& path = source.path();
  if (source.compressed()) {
    return nsys_error(path, "it is a compressed database", "decompress it first: gzip -d");
  }
  if (source.head().find("STSC", kApplicationIdAt) == kApplicationIdAt) {
    return nsys_error(path, "it is a recording of stepscope already",
                      "give it to the other commands as it is");
  }
  Result<ForeignDatabase> opened = ForeignDatabase::open(path);
  if (!opened.ok()) {
    return opened.status();
  }
  const ForeignDatabase& database = opened.value();
  if (!database.has_column("StringIds", "value")) {
    return nsys_error(path, "it is an SQLite file, but no export of Nsight Systems",
                      "make one: nsys export --type sqlite REPORT.nsys-rep");
  }
  Result<NsysStrings> strings = read_strings(database);
  if (!strings.ok()) {
    return strings.status();
  }
  Result<std::vector<ProcessEntry>> processes = find_processes(database);
  if (!processes.ok()) {
    return processes.status();
  }
  if (processes.value().empty()) {
    return nsys_error(path, "it has no CUDA and no NVTX event",
                      "capture again: nsys profile --trace=cuda,nvtx");
  }
  for (const ProcessEntry& entry : processes.value()) {
    if (Status status = import_process(database, strings.value(), entry, processes.value().size(), output);
        !status.ok()) {
      return status;
    }
    output.progress();
  }
  return {};
}

}  // namespace stepscope::analysis::importing
