// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/export_run.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "analyzer/export/exporter.hpp"
#include "analyzer/export/table.hpp"

namespace stepscope::analysis {
namespace {

using exporting::ByteSink;
using exporting::Exporter;
using exporting::ExportJob;

constexpr std::string_view kNoSteps =
    "no training steps found; mark them with stepscope_step() or NVTX ranges named \"step\"";

Status check_table(const Exporter& exporter, const std::string& table) {
  if (table.empty()) {
    return {};
  }
  if (!exporter.tables) {
    return {Code::kUsage, fmt::format("format {} has no tables; leave --kind out", exporter.name)};
  }
  const std::vector<std::string> names = exporting::table_names();
  if (std::find(names.begin(), names.end(), table) == names.end()) {
    return {Code::kUsage, fmt::format("there is no kind {}; it is one of {}", table, fmt::join(names, ", "))};
  }
  return {};
}

// A recording is never the place for what is made of it.
Status check_output(const Run& run, const std::string& output) {
  const auto is_output = [&](const Process& process) {
    std::error_code error;
    return std::filesystem::equivalent(process.file, output, error);
  };
  const auto processes = run.processes();
  if (output != "-" && std::any_of(processes.begin(), processes.end(), is_output)) {
    return {Code::kUsage, fmt::format("'{}' is a recording of the run; name another file", output)};
  }
  return {};
}

}  // namespace

std::vector<ExportFormat> export_formats() {
  std::vector<ExportFormat> out;
  for (const Exporter& one : exporting::exporters()) {
    out.push_back({one.name, one.summary, one.tables, one.binary});
  }
  return out;
}

std::vector<std::string> export_tables() {
  return exporting::table_names();
}

Result<Exported> export_run(const Run& run, const ExportOptions& options) {
  const auto formats = exporting::exporters();
  const auto exporter = std::find_if(formats.begin(), formats.end(),
                                     [&](const Exporter& one) { return one.name == options.format; });
  if (exporter == formats.end()) {
    return Status(Code::kUsage, fmt::format("there is no format {}", options.format));
  }
  ExportJob job{run, {}, options.table, nullptr};
  for (const Status& status : {check_table(*exporter, options.table), check_output(run, options.output)}) {
    if (!status.ok()) {
      return status;
    }
  }
  job.table = job.table.empty() ? exporting::table_names().front() : job.table;
  uint64_t total = 0;
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    if (!options.rank.has_value() || run.processes()[p].rank == *options.rank) {
      job.processes.push_back(p);
      total += run.processes()[p].events;
    }
  }
  if (job.processes.empty()) {
    return Status(Code::kUsage, options.rank.has_value()
                                    ? fmt::format("{}: it has no rank {}", run.path(), *options.rank)
                                    : fmt::format("{}: it has no process", run.path()));
  }
  uint64_t done = 0;
  job.progress = [&](uint64_t rows) {
    done += rows;
    if (options.progress) {
      options.progress(std::min(done, total), total);
    }
  };
  Result<ByteSink> sink = ByteSink::open(options.output);
  if (!sink.ok()) {
    return sink.status();
  }
  const Result<uint64_t> items = exporter->write(job, sink.value());
  if (!sink.value().ok()) {
    return sink.value().status();
  }
  if (!items.ok()) {
    return items.status();
  }
  if (items.value() == 0) {
    const bool steps = exporter->tables && job.table == exporting::table_names().front();
    if (steps || !exporter->nothing.empty()) {
      return Exported{0, std::string(steps ? kNoSteps : exporter->nothing)};
    }
  }
  if (Status status = sink.value().finish(); !status.ok()) {
    return status;
  }
  return Exported{items.value(), ""};
}

}  // namespace stepscope::analysis
