// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/record_directory.hpp"
#include "analyzer/cli/terminal.hpp"
#include "analyzer/import/import_run.hpp"

namespace stepscope::analysis::cli {
namespace {

nlohmann::ordered_json import_json(const std::string& run, const ImportedRun& imported) {
  nlohmann::ordered_json document = json_head("import", 1);
  document["run"] = run;
  document["files"] = nlohmann::ordered_json::array();
  for (const ImportedFile& file : imported.files) {
    document["files"].push_back({{"input", file.input},
                                 {"recording", file.recording},
                                 {"format", file.format},
                                 {"rank", file.rank},
                                 {"trace_events", file.events},
                                 {"events", file.rows},
                                 {"damaged", file.damaged}});
  }
  return document;
}

std::string import_text(const std::string& run, const ImportedRun& imported) {
  std::string out = fmt::format("{}: {} made\n", printable(run), counted(imported.files.size(), "recording"));
  for (const ImportedFile& file : imported.files) {
    out += fmt::format("  rank {}: {} from {} ({})\n", file.rank, counted(file.rows, "event"),
                       printable(file.input), file.format);
  }
  return out;
}

}  // namespace

int run_import(const Command& command, const std::vector<std::string>& args) {
  std::vector<std::string> files;
  std::string output;
  bool json = false;
  OptionSet options(command);
  options.positionals("FILE", files, "traces, one per rank");
  options.value("-o,--output", output, "RUN", "the run; default stepscope-run-<date>-<time>");
  options.flag("--json", json, "print JSON (stepscope.import/1)");
  options.note(
      "Reads what torch.profiler exports (Kineto, 2020 and later), Chrome trace events in general, SQLite\n"
      "exports of Nsight Systems, and dumps of PyTorch's flight recorder as JSON (names end in the rank).\n"
      "The format is told by content. The result is an ordinary run.");
  options.note("example: stepscope import rank*.pt.trace.json.gz -o base");
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  const Result<RecordDirectory> directory = make_record_directory(output);
  if (!directory.ok()) {
    return report_failure(directory.status());
  }
  constexpr uint64_t kMebibyte = uint64_t{1} << 20U;
  ProgressNote progress("importing, MiB");
  size_t shown = 0;
  ImportOptions how;
  how.progress = [&](uint64_t done, uint64_t total) {
    if (const size_t now = done / kMebibyte; now != shown) {
      shown = now;
      progress.show(now, total / kMebibyte + 1);
    }
  };
  const Result<ImportedRun> imported = import_run(files, directory.value().shown, how);
  progress.clear();
  if (!imported.ok()) {
    remove_if_unused(directory.value());
    return report_failure(imported.status());
  }
  for (const ImportedFile& file : imported.value().files) {
    if (file.damaged) {
      print_note(
          fmt::format("{}: it ends too early or is damaged; what could be read was imported, the rest is a "
                      "counted loss; take a complete copy",
                      file.input));
    }
  }
  return json ? print_json(import_json(directory.value().shown, imported.value()))
              : print_result(import_text(directory.value().shown, imported.value()));
}

}  // namespace stepscope::analysis::cli
