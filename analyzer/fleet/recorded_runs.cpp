// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/recorded_runs.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "analyzer/trend/history.hpp"

namespace stepscope::analysis {
namespace {

struct RecordedAttribute {
  const char* name;
  const char* meta;  // nullptr: not a fact of that name
};
constexpr RecordedAttribute kRecordedAttributes[] = {
    {"host", nullptr},         {"gpu", nullptr},          {"gpu.model", "device.0.name"},
    {"driver", "nvml.driver"}, {"cuda", "cupti.version"}, {"nccl", "nccl.version"},
    {"torch", "soft.torch"},   {"image", "image"},        {"signal", nullptr},
    {"exit_code", nullptr}};

std::string fact_of(const Process& process, const std::string& key) {
  const auto found = process.meta.find(key);
  return found == process.meta.end() ? "" : found->second;
}

// How one command or process ended.
struct Ending {
  std::string code;  // "" = not known
  std::string signal;

  [[nodiscard]] bool known() const { return !code.empty() || !signal.empty(); }
  [[nodiscard]] RunOutcome outcome() const {
    constexpr std::string_view kAsked[] = {"2", "15"};          // SIGINT, SIGTERM
    constexpr std::string_view kAskedShell[] = {"130", "143"};  // the same, as shells pass them on
    if (signal.empty() && code == "0") {
      return RunOutcome::kOk;
    }
    const auto is_one_of = [](std::string_view text, const auto& list) {
      return std::find(std::begin(list), std::end(list), text) != std::end(list);
    };
    return is_one_of(signal, kAsked) || (signal.empty() && is_one_of(code, kAskedShell))
               ? RunOutcome::kCancelled
               : RunOutcome::kFailed;
  }
};

// Of the command on each host where that was seen, else of the main processes. Empty where one of them does not say.
std::vector<Ending> endings_of(const Run& run) {
  std::vector<Ending> commands;
  std::vector<Ending> processes;
  bool silent = false;
  for (const Process& process : run.processes()) {
    const Ending command{fact_of(process, "job.exit_code"), fact_of(process, "job.exit_signal")};
    if (command.known()) {
      commands.push_back(command);
    }
    if (process.role == "main") {
      processes.push_back({fact_of(process, "exit.code"), fact_of(process, "exit.signal")});
      silent = silent || !processes.back().known();
    }
  }
  if (!commands.empty()) {
    return commands;
  }
  return silent ? std::vector<Ending>{} : processes;
}

RunOutcome recorded_outcome(const Run& run, const std::vector<Ending>& endings) {
  if (!run.still_running().empty() || endings.empty()) {
    return RunOutcome::kUnknown;
  }
  RunOutcome out = RunOutcome::kOk;
  for (const Ending& ending : endings) {
    const RunOutcome own = ending.outcome();
    if (own == RunOutcome::kFailed || (own == RunOutcome::kCancelled && out == RunOutcome::kOk)) {
      out = own;
    }
  }
  return out;
}

void add_value(const std::string& value, std::vector<std::string>* values) {
  if (!value.empty() && std::find(values->begin(), values->end(), value) == values->end()) {
    values->push_back(value);
  }
}

std::vector<std::string> values_of(const Run& run, const RecordedAttribute& attribute,
                                   const std::vector<Ending>& endings) {
  const std::string_view name = attribute.name;
  std::vector<std::string> out;
  if (name == "signal" || name == "exit_code") {
    for (const Ending& ending : endings) {
      add_value(name == "signal" ? ending.signal : ending.code == "0" ? "" : ending.code, &out);
    }
    return out;
  }
  for (const Process& process : run.processes()) {
    if (name == "host") {
      add_value(process.host, &out);
    } else if (name == "gpu") {
      for (const auto& [key, value] : process.meta) {
        if (key.starts_with("device.") && key.ends_with(".uuid")) {
          add_value(value, &out);
        }
      }
    } else {
      add_value(fact_of(process, attribute.meta), &out);
    }
  }
  return out;
}

// "" where the wall clock is not known.
std::string started_at(const Run& run) {
  return run.processes().empty() ? "" : utc_minute(run.wall_ns(0, run.processes().front().first_ns));
}

std::string job_of(const Run& run) {
  for (const Process& process : run.processes()) {
    if (const std::string job = fact_of(process, "job.id"); !job.empty()) {
      return job;
    }
  }
  return "";
}

}  // namespace

RecordedFleet::RecordedFleet(std::string source) {
  table_.source = std::move(source);
  for (const RecordedAttribute& attribute : kRecordedAttributes) {
    table_.attributes.emplace_back(attribute.name);
  }
}

void RecordedFleet::add(const Run& run) {
  const std::vector<Ending> endings = endings_of(run);
  FleetRun row;
  row.run = run.path();
  row.outcome = recorded_outcome(run, endings);
  row.job = job_of(run);
  row.started = started_at(run);
  for (const RecordedAttribute& attribute : kRecordedAttributes) {
    row.values.push_back(values_of(run, attribute, endings));
  }
  table_.runs.push_back(std::move(row));
}

}  // namespace stepscope::analysis
