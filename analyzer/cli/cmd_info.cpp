// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"
#include "analyzer/cli/step_summary.hpp"
#include "analyzer/cli/table.hpp"
#include "analyzer/desync.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

// Facts of a process that identify what ran where, in the order shown.
struct Fact {
  std::string_view key;
  std::string_view label;
};

constexpr std::array<Fact, 21> kFacts{{{"import.source", "imported from"},
                                       {"import.format", "format"},
                                       {"soft.python", "Python"},
                                       {"soft.torch", "PyTorch"},
                                       {"git.commit", "git commit"},
                                       {"env.hash", "environment"},
                                       {"hw.cpu", "CPU"},
                                       {"hw.cpus", "CPUs"},
                                       {"hw.affinity", "CPUs allowed"},
                                       {"hw.memory_bytes", "memory"},
                                       {"host.kernel", "kernel"},
                                       {"host.cgroup_version", "cgroup version"},
                                       {"host.cpu_quota", "CPU quota"},
                                       {"fs.cwd", "working directory"},
                                       {"fs.dataset", "dataset"},
                                       {"fs.cache", "caches"},
                                       {"fs.venv", "environment on"},
                                       {"run.level", "level"},
                                       {"run.window", "window"},
                                       {"job.id", "job"},
                                       {"job.attempt", "attempt"}}};

std::string meta_of(const Process& process, std::string_view key) {
  const auto found = process.meta.find(std::string(key));
  return found == process.meta.end() ? "" : found->second;
}

std::string utc(int64_t wall_ns) {
  const time_t seconds = wall_ns / 1'000'000'000;
  tm broken{};
  gmtime_r(&seconds, &broken);
  std::array<char, 32> text{};
  strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &broken);
  return text.data();
}

std::string ending(const Process& process) {
  const std::string signal = meta_of(process, "exit.signal");
  const std::string code = meta_of(process, "exit.code");
  return !signal.empty() ? "signal " + signal : code.empty() ? "" : "exit code " + code;
}

ordered_json process_json(const Run& run, uint32_t index) {
  const Process& process = run.processes()[index];
  ordered_json entry;
  entry["base"] = process.base;
  entry["role"] = process.role;
  entry["rank"] = process.rank;
  entry["host"] = process.host;
  entry["pid"] = process.pid;
  entry["parent_pid"] = process.parent_pid;
  entry["events"] = process.events;
  entry["started"] = process.events == 0 ? "" : utc(run.wall_ns(index, process.first_ns));
  entry["meta"] = process.meta;
  return entry;
}

ordered_json desync_json(const DesyncReport& desync) {
  ordered_json list = ordered_json::array();
  for (const Desync& one : desync.first) {
    ordered_json ranks = ordered_json::array();
    for (const DesyncRank& rank : one.ranks) {
      ranks.push_back({{"rank", rank.rank},
                       {"state", rank_state_name(rank.state)},
                       {"op", rank.op},
                       {"bytes", rank.bytes}});
    }
    list.push_back({{"communicator", one.communicator},
                    {"sequence", one.sequence},
                    {"op", one.op},
                    {"kind", desync_kind_name(one.kind)},
                    {"sentence", desync_sentence(one)},
                    {"ranks", std::move(ranks)}});
  }
  return {{"collectives", desync.collectives}, {"messages", desync.messages}, {"first", std::move(list)}};
}

std::string desync_lines(const DesyncReport& desync, const Terminal& terminal) {
  if (!desync.known) {
    return "";
  }
  std::string out = "\n" + styled("collectives that did not finish", Style::kBold, terminal) + "\n";
  if (desync.collectives + desync.messages == 0) {
    return out + "  none\n";
  }
  out += fmt::format("  {} and {} of all ranks; per communicator the first\n",
                     counted(desync.collectives, "collective"), counted(desync.messages, "message"));
  for (const Desync& one : desync.first) {
    const std::string sentence = printable(desync_sentence(one));
    out += "  " + wrapped(sentence, terminal.width == 0 ? 100 : terminal.width, 4) + "\n";
  }
  return out;
}

ordered_json json_of(const Run& run, const Steps& steps, const DesyncReport& desync) {
  ordered_json document = json_head("info", 1);
  document["run"] = run.path();
  document["events"] = run.event_count();
  document["duration_ns"] = run.time_range().end_ns - run.time_range().begin_ns;
  document["steps"] = steps.total();
  document["step_classes"] = ordered_json::object();
  for (const ClassSummary& c : summarize_classes(steps.processes)) {
    document["step_classes"][std::string(step_class_name(c.step_class))] = c.steps;
  }
  document["processes"] = ordered_json::array();
  for (uint32_t i = 0; i < run.processes().size(); ++i) {
    document["processes"].push_back(process_json(run, i));
  }
  document["doors"] = ordered_json::array();
  for (const Door& door : run.doors()) {
    document["doors"].push_back({{"process", run.processes()[door.process].base},
                                 {"name", door.name},
                                 {"state", door.state},
                                 {"displaced", door.displaced}});
  }
  document["losses"] = ordered_json::array();
  for (const RunLoss& loss : run.losses()) {
    document["losses"].push_back({{"process", run.processes()[loss.process].base},
                                  {"counter", loss.counter},
                                  {"count", loss.count},
                                  {"severity", loss.severity},
                                  {"sentence", loss.sentence}});
  }
  if (desync.known) {
    document["unfinished"] = desync_json(desync);
  }
  document["still_running"] = run.still_running();
  return document;
}

// The first process speaks for all; where another says something else, the line says that.
std::string fingerprint_table(const Run& run, const Terminal& terminal) {
  TextTable table({{""}, {"", Align::kLeft, Fit::kShorten}});
  const Process& first = run.processes().front();
  if (!first.cmdline.empty()) {
    table.add_row({"command", first.cmdline});
  }
  for (const Fact& fact : kFacts) {
    std::string value = meta_of(first, fact.key);
    if (value.empty() || (fact.key == "run.window" && value == "all")) {
      continue;
    }
    if (fact.key == "hw.memory_bytes") {
      value = bytes(strtoull(value.c_str(), nullptr, 10));
    }
    const bool differs =
        std::any_of(run.processes().begin(), run.processes().end(), [&](const Process& process) {
          const std::string other = meta_of(process, fact.key);
          return !other.empty() && other != meta_of(first, fact.key);
        });
    table.add_row({std::string(fact.label), value + (differs ? " (differs between processes)" : "")});
  }
  return table.empty() ? ""
                       : "\n" + styled("fingerprint", Style::kBold, terminal) + "\n" + table.render(terminal);
}

// GPUs and what recorded them, from the facts that the collector left.
std::string gpu_table(const Run& run, const Terminal& terminal) {
  static constexpr std::string_view kPrefixes[] = {"device.", "cupti.", "nccl.", "nvml."};
  std::map<std::string, std::set<std::string>> facts;
  for (const Process& process : run.processes()) {
    for (const auto& [key, value] : process.meta) {
      if (std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                      [&key = key](std::string_view prefix) { return key.starts_with(prefix); })) {
        facts[key].insert(value);
      }
    }
  }
  TextTable table({{""}, {"", Align::kLeft, Fit::kShorten}});
  for (const auto& [key, values] : facts) {
    table.add_row(
        {key, *values.begin() + (values.size() > 1 ? fmt::format(" (and {} more)", values.size() - 1) : "")});
  }
  return table.empty() ? "" : "\n" + styled("GPUs", Style::kBold, terminal) + "\n" + table.render(terminal);
}

std::string opened_doors(const Run& run, uint32_t process) {
  std::string text;
  for (const Door& door : run.doors()) {
    if (door.process == process && !door.displaced && door.state == "opened") {
      text += (text.empty() ? "" : " ") + door.name;
    }
  }
  return text;
}

std::string process_table(const Run& run, const Terminal& terminal) {
  TextTable table({{"role"},
                   {"rank", Align::kRight},
                   {"host", Align::kLeft, Fit::kShorten},
                   {"pid", Align::kRight},
                   {"events", Align::kRight},
                   {"doors", Align::kLeft, Fit::kShorten},
                   {"ended"}});
  for (uint32_t i = 0; i < run.processes().size(); ++i) {
    const Process& process = run.processes()[i];
    table.add_row({process.role, std::to_string(process.rank), process.host, std::to_string(process.pid),
                   std::to_string(process.events), opened_doors(run, i), ending(process)});
  }
  return "\n" + styled("processes", Style::kBold, terminal) + "\n" + table.render(terminal);
}

std::string quality(const Run& run, const Terminal& terminal) {
  const std::string head = "\n" + styled("data quality", Style::kBold, terminal) + "\n";
  // One line per counter, whatever the number of processes.
  std::map<std::string, std::pair<uint64_t, const RunLoss*>> counters;
  for (const RunLoss& loss : run.losses()) {
    auto& [count, sample] = counters[loss.counter];
    count += loss.count;
    sample = &loss;
  }
  TextTable table({{""}, {"", Align::kRight}, {""}, {"", Align::kLeft, Fit::kWrap}});
  for (const auto& [counter, entry] : counters) {
    const auto& [count, loss] = entry;
    const Style style = loss->severity == "data_loss" ? Style::kBad
                        : loss->severity == "error"   ? Style::kWarn
                                                      : Style::kPlain;
    table.add_row({Cell(loss->severity, style), std::to_string(count), counter, loss->sentence});
  }
  return head + (table.empty() ? "  nothing was lost\n" : table.render(terminal));
}

std::string text_of(const Run& run, const Steps& steps, const DesyncReport& desync,
                    const Terminal& terminal) {
  std::set<std::string> hosts;
  for (const Process& process : run.processes()) {
    hosts.insert(process.host);
  }
  const TimeRange range = run.time_range();
  std::string out = fmt::format("{}: {} on {}, {}, {}, {}", printable(run.label()),
                                counted(run.processes().size(), "process"), counted(hosts.size(), "host"),
                                counted(run.event_count(), "event"), counted(steps.total(), "step"),
                                duration(static_cast<double>(range.end_ns - range.begin_ns)));
  out = styled(out, Style::kBold, terminal) + "\n";
  const int64_t wall = run.event_count() == 0 ? 0 : run.wall_ns(0, range.begin_ns);
  out += wall == 0 ? "" : "  started " + utc(wall) + "\n";
  return out + fingerprint_table(run, terminal) + gpu_table(run, terminal) + process_table(run, terminal) +
         desync_lines(desync, terminal) + quality(run, terminal);
}

}  // namespace

int run_info(const Command& command, const std::vector<std::string>& args) {
  std::string path;
  bool json = false;
  OptionSet options(command);
  options.positional("RUN", path, "run directory or *.stepscope file");
  options.flag("--json", json, "print JSON (stepscope.info/1)");
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  const Result<Run> run = open_run(path);
  if (!run.ok()) {
    return report_failure(run.status());
  }
  const Result<Steps> steps = find_steps(run.value(), {});
  if (!steps.ok()) {
    return report_failure(steps.status());
  }
  const Result<DesyncReport> desync = find_desync(run.value());
  if (!desync.ok()) {
    return report_failure(desync.status());
  }
  return json ? print_json(json_of(run.value(), steps.value(), desync.value()))
              : print_result(
                    text_of(run.value(), steps.value(), desync.value(), inspect_terminal(STDOUT_FILENO)));
}

}  // namespace stepscope::analysis::cli
