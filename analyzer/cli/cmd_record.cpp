// SPDX-License-Identifier: Apache-2.0
//
// record: 1. decide what can be recorded  2. make the directory  3. run the command with every door set
//         4. finalize what it left  5. say where it is  6. end as the command ended.
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/locate.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/record_environment.hpp"
#include "analyzer/cli/record_job.hpp"
#include "analyzer/cli/record_run.hpp"
#include "analyzer/cli/record_target.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr int kExitNotExecutable = 126;  // as a shell says it
constexpr int kExitNotFound = 127;
constexpr size_t kMostSamplesPerSecond = 1000;

struct RecordOptions {
  std::string output;
  std::string level = "kernels";
  std::string window;
  std::optional<StepWindow> kept;  // `window`, understood
  std::string cupti = "hold";
  size_t python_samples = 0;
  bool strict = false;
  bool quiet = false;
  std::vector<std::string> command;
};

std::optional<int> parse(const Command& command, const std::vector<std::string>& args, RecordOptions& out) {
  OptionSet options(command);
  options.rest("CMD [ARG...]", out.command, "the command to run, as you would type it without stepscope");
  options.value("-o,--output", out.output, "DIR",
                "where the run goes (default: stepscope-run-<date>-<time>)");
  options.choice("--level", out.level, {"steps", "kernels", "api", "full"},
                 "how much is recorded (default: kernels)");
  options.value("--window", out.window, "A:B", "keep only steps A to B in detail; or cuda-profiler");
  options.choice("--cupti", out.cupti, {"hold", "yield", "off"},
                 "keep CUPTI or leave it to others (default: hold)");
  options.count("--python-samples", out.python_samples, "HZ",
                "sample the Python stack of the main thread, such as 100");
  options.flag("--strict", out.strict, "do not run a command that cannot be recorded");
  options.flag("-q,--quiet", out.quiet, "no progress and no closing line");
  options.note(
      "The command keeps its terminal, its output and its exit code. What it starts is recorded too.\n"
      "Example: stepscope record -o base -- torchrun --nproc-per-node 8 train.py");
  if (const std::optional<int> exit = options.parse(args)) {
    return exit;
  }
  if (out.command.empty()) {
    return report_usage("record", "the command to run is missing");
  }
  if (out.python_samples > kMostSamplesPerSecond) {
    return report_usage("record", fmt::format("--python-samples {}: at most {} per second",
                                              out.python_samples, kMostSamplesPerSecond));
  }
  if (!out.window.empty() && out.window != kCudaProfilerWindow) {
    const Result<StepWindow> window = parse_window(out.window);
    if (!window.ok()) {
      return report_usage("record", window.status().message());
    }
    out.kept = window.value();
  }
  return std::nullopt;
}

// What a shell would say and return for a command it cannot start.
int cannot_start(const std::string& command, int error) {
  if (error != ENOENT) {
    print_note(fmt::format("{}: cannot be run: {}", command, strerror(error)));
    return kExitNotExecutable;
  }
  print_note(find_on_path(command).empty()
                 ? fmt::format("{}: command not found", command)
                 : fmt::format("{}: cannot be run: the interpreter or loader that it names does not exist",
                               command));
  return kExitNotFound;
}

int missing_command(const std::string& command) {
  std::error_code ignored;
  const bool there = command.find('/') != std::string::npos && std::filesystem::exists(command, ignored);
  return cannot_start(command, there ? EACCES : ENOENT);
}

int run_unrecorded(const RecordOptions& options, const std::string& reason) {
  print_note(fmt::format("{}: running it unrecorded", reason));
  Job job;
  job.command = options.command;
  job.environment = own_environment();
  const JobOutcome outcome = run_job(job);
  if (outcome.start_error != 0) {
    return cannot_start(options.command.front(), outcome.start_error);
  }
  end_like(outcome);
}

int run_recorded(const RecordOptions& options, const std::string& library) {
  RecordRequest request;
  request.command = options.command;
  request.library = library;
  request.output = options.output;
  request.level = options.level;
  request.window = options.window;
  request.kept = options.kept;
  request.cupti = options.cupti;
  request.python_samples = options.python_samples;
  request.quiet = options.quiet;
  const Result<RecordedRun> run = record_run(request);
  if (!run.ok()) {
    return report_failure(run.status());
  }
  if (run.value().outcome.start_error != 0) {
    return cannot_start(options.command.front(), run.value().outcome.start_error);
  }
  if (!options.quiet) {
    print_note(run.value().closing);
  }
  end_like(run.value().outcome);
}

}  // namespace

int run_record(const Command& command, const std::vector<std::string>& args) {
  RecordOptions options;
  if (const std::optional<int> exit = parse(command, args, options)) {
    return *exit;
  }
  const std::string program = find_on_path(options.command.front());
  if (program.empty()) {
    return missing_command(options.command.front());
  }
  const RecordTarget target = inspect_target(program);
  if (target.loadable != Loadable::kYes && options.strict) {
    return report_usage(
        "record",
        fmt::format("{}: it cannot be recorded, and --strict asks not to run it then", target.reason));
  }
  if (target.loadable == Loadable::kForeignAbi) {
    return run_unrecorded(options, target.reason);
  }
  const Result<std::string> library = find_collector();
  if (!library.ok()) {
    return report_failure(library.status());
  }
  if (target.loadable != Loadable::kYes) {
    print_note(fmt::format("{}: it cannot be recorded itself, only what it starts", target.reason));
  }
  return run_recorded(options, library.value());
}

}  // namespace stepscope::analysis::cli
