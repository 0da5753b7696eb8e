// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/terminal.hpp"
#include "analyzer/export/export_run.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr std::string_view kNote =
    "Kinds are those of `stepscope sql` (kernel, range, batch, ...); without --kind it is step_ledger.\n"
    "Example: stepscope export RUN --format chrome -o run.json     open it in ui.perfetto.dev\n"
    "         stepscope export RUN --format chrome --rank 0 | gzip > rank0.json.gz\n"
    "         stepscope export RUN --format parquet --kind kernel -o kernels.parquet";

struct ExportCommand {
  std::string path;
  std::string rank;
  ExportOptions options;
};

const ExportFormat* format_named(const std::vector<ExportFormat>& formats, std::string_view name) {
  for (const ExportFormat& format : formats) {
    if (format.name == name) {
      return &format;
    }
  }
  return nullptr;
}

bool take_rank(const std::string& text, ExportOptions& out) {
  if (text.empty()) {
    return true;
  }
  int32_t rank = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rank);
  out.rank = rank;
  return error == std::errc() && end == text.data() + text.size() && rank >= 0;
}

// What can be said before the run is opened; nullopt: nothing.
std::optional<int> usage_problem(const ExportFormat* format, ExportCommand& command) {
  if (format == nullptr) {
    return report_usage("export", "--format is missing");
  }
  if (!take_rank(command.rank, command.options)) {
    return report_usage("export", fmt::format("--rank {}: not a rank", command.rank));
  }
  if (!format->tables && !command.options.table.empty()) {
    return report_usage("export", fmt::format("--kind does not go with --format {}", format->name));
  }
  if (command.options.output.ends_with(".gz")) {
    return report_usage("export", fmt::format("{}: nothing is compressed here; write to standard output and "
                                              "pipe it through gzip",
                                              command.options.output));
  }
  if (format->binary && command.options.output == "-" && inspect_terminal(STDOUT_FILENO).is_terminal) {
    return report_usage("export", fmt::format("{} is not for terminals; name a file with -o", format->name));
  }
  return std::nullopt;
}

int export_to(const ExportCommand& command) {
  const Result<Run> run = open_run(command.path);
  if (!run.ok()) {
    return report_failure(run.status());
  }
  // A reader that goes away before the end is said on one line, not by a signal: half an export is none.
  signal(SIGPIPE, SIG_IGN);
  ProgressNote progress("exporting");
  ExportOptions options = command.options;
  options.progress = [&](size_t done, size_t total) { progress.show(done, total); };
  const Result<Exported> done = export_run(run.value(), options);
  progress.clear();
  if (!done.ok()) {
    return done.status().code() == Code::kUsage ? report_usage("export", done.status().message())
                                                : report_failure(done.status());
  }
  if (!done.value().nothing.empty()) {
    print_note(fmt::format("{}: {}", command.path, done.value().nothing));
    return kExitInconclusive;
  }
  return kExitOk;
}

}  // namespace

int run_export(const Command& command, const std::vector<std::string>& args) {
  const std::vector<ExportFormat> formats = export_formats();
  std::vector<std::string> names;
  std::string described = "Formats:";
  for (const ExportFormat& format : formats) {
    names.emplace_back(format.name);
    described += fmt::format("\n  {:<11} {}", format.name, format.summary);
  }
  ExportCommand command_line;
  OptionSet options(command);
  options.positional("RUN", command_line.path, "run directory or *.stepscope file");
  options.choice("--format", command_line.options.format, names, "what to write");
  options.value("-o,--output", command_line.options.output, "FILE",
                "where to; - (default) is standard output");
  options.value("--kind", command_line.options.table, "KIND", "csv, parquet: the table to write");
  options.value("--rank", command_line.rank, "RANK", "processes of this rank only");
  options.note(described);
  options.note(kNote);
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  if (const std::optional<int> exit =
          usage_problem(format_named(formats, command_line.options.format), command_line)) {
    return *exit;
  }
  return export_to(command_line);
}

}  // namespace stepscope::analysis::cli
