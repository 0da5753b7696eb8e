// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/commands.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/output.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr Command kCommands[] = {
    {"record", "[options] [--] CMD [ARG...]", "Run a command and record its training steps.", run_record},
    {"report", "RUN [options]", "Where the time of a step goes, and what stands out.", run_report},
    {"diff", "BASE... --vs CAND... [options]", "Why steps of CAND take longer than steps of BASE.", run_diff},
    {"gate", "CAND... --baseline NAME|RUN... [options]",
     "Whether the candidate is slower than its baseline: for CI.", run_gate},
    {"calibrate", "RUN... [options]", "How much runs differ although nothing changed.", run_calibrate},
    {"baseline", "ACTION [ARG...] [options]", "Keep which runs are normal, in one file that CI jobs share.",
     run_baseline},
    {"trend", "NAME [options]", "One value per run, and the commits at which its level changed.", run_trend},
    {"fleet", "TABLE|RUN... [options]", "Which hosts, images or drivers go with the runs that failed.",
     run_fleet},
    {"view", "RUN [--vs RUN] [viewer options]", "Open one or two runs in the viewer.", run_view},
    {"steps", "RUN [options]", "The steps of a run: classes, durations, how they were found.", run_steps},
    {"info", "RUN [options]", "What was recorded: processes, versions, machine, data quality.", run_info},
    {"sql", "RUN \"SELECT ...\" [options]", "Query the recordings of a run as tables.", run_sql},
    {"import", "FILE... [options]", "Make a run of traces that other profilers recorded.", run_import},
    {"export", "RUN --format FORMAT [options]", "Write a run in another tool's format.", run_export},
    {"doctor", "[RUN] [options]", "What works on this machine, or worked in a run, and how to mend the rest.",
     run_doctor},
    {"selfcheck", "RUN [options]", "Check a run: sums, clocks, lost records, file integrity.", run_selfcheck},
    {"finalize", "RUN", "Turn what a killed job left behind into recordings.", run_finalize},
    {"help", "[COMMAND]", "Help on the program or on one command.", run_help},
};

constexpr std::string_view kExitCodes =
    "\nexit codes: 0 fine, 1 regression (gate) or finding (fleet --fail-on-finding), 2 wrong usage, 3 "
    "inconclusive,\n"
    "            4 not comparable, 5 unreadable input\n"
    "            (record passes on the exit code of the command)\n";

// Letters to insert, drop, replace between two words; enough to guess what a mistyped command was.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

int unknown_command(std::string_view name) {
  const Command* nearest = nullptr;
  size_t distance = 3;  // further away is no typing error
  for (const Command& command : kCommands) {
    const size_t d = edit_distance(name, command.name);
    if (d < distance) {
      distance = d;
      nearest = &command;
    }
  }
  return report_usage("", nearest == nullptr
                              ? fmt::format("unknown command {}", name)
                              : fmt::format("unknown command {}; did you mean {}?", name, nearest->name));
}

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

const Command* find_command(std::string_view name) {
  const Command* found = std::find_if(std::begin(kCommands), std::end(kCommands),
                                      [&](const Command& command) { return command.name == name; });
  return found == std::end(kCommands) ? nullptr : found;
}

std::string program_help() {
  std::string out =
      "stepscope: why did the training step get slower?\n\nusage: stepscope COMMAND [ARG...]\n\ncommands:\n";
  for (const Command& command : kCommands) {
    out += fmt::format("  {:<10} {}\n", command.name, command.summary);
  }
  out +=
      "\noptions:\n  -h, --help     print this help; after a command, its help\n      --version  print the "
      "version\n";
  out +=
      "\nstart here:\n  stepscope record -o base -- python3 train.py\n  stepscope report base\n"
      "  stepscope diff base --vs slow\n";
  return out.append(kExitCodes);
}

int run_program(const std::vector<std::string>& args) {
  if (args.empty()) {
    return report_usage("", "a command is missing");
  }
  const std::string& name = args.front();
  if (name == "--help" || name == "-h") {
    return print_result(program_help());
  }
  if (name == "--version") {
    return print_result(fmt::format("stepscope {}\n", STEPSCOPE_VERSION));
  }
  const Command* command = find_command(name);
  if (command == nullptr) {
    return name.starts_with("-") ? report_usage("", fmt::format("unknown option {}", name))
                                 : unknown_command(name);
  }
  return command->run(*command, std::vector<std::string>(args.begin() + 1, args.end()));
}

}  // namespace stepscope::analysis::cli
