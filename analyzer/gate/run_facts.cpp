// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/run_facts.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/gate/statistics.hpp"

namespace stepscope::analysis {
namespace {

class Fnv1a {
 public:
  void add(std::string_view text) {
    for (const char c : text) {
      hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
  }
  [[nodiscard]] std::string hex() const { return fmt::format("{:016x}", hash_); }

 private:
  uint64_t hash_ = 0xcbf29ce484222325ULL;
};

std::string process_fact(const Process& process, std::string_view key) {
  const auto found = process.meta.find(std::string(key));
  return found == process.meta.end() ? std::string() : found->second;
}

// The training process that speaks for all, or the first one where none trains.
const Process* speaker(const Run& run, const JobSteps& job) {
  if (!job.ranks.empty()) {
    return &run.processes()[job.ranks.front()->steps.process];
  }
  return run.processes().empty() ? nullptr : &run.processes().front();
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
}

// The program without its arguments: "train.py" of "/usr/bin/python3 -u src/train.py --lr 3", "pkg.train" of "python -m
// pkg.train". Arguments name output directories and ports; what makes a step other work is compared by name elsewhere.
std::string program_of(std::string_view cmdline) {
  std::string_view first;
  bool module = false;
  while (!cmdline.empty()) {
    const size_t space = std::min(cmdline.find(' '), cmdline.size());
    const std::string_view word = cmdline.substr(0, space);
    cmdline.remove_prefix(std::min(space + 1, cmdline.size()));
    if (module) {
      return std::string(word);
    }
    first = first.empty() ? word : first;
    module = word == "-m";
    if (word.ends_with(".py")) {
      return std::string(file_name(word));
    }
  }
  return std::string(file_name(first));
}

size_t gpu_count(const Run& run) {
  std::set<std::string> known;
  for (const Process& process : run.processes()) {
    for (auto fact = process.meta.lower_bound("device.");
         fact != process.meta.end() && fact->first.starts_with("device."); ++fact) {
      if (fact->first.ends_with(".uuid")) {
        known.insert(fact->second);
      }
    }
  }
  return known.size();
}

// Batch sizes of the process's data loaders, ascending: "32", "8+32".
std::string batch_sizes(const Process& process) {
  std::set<int64_t> sizes;
  for (auto fact = process.meta.lower_bound("loader.");
       fact != process.meta.end() && fact->first.starts_with("loader."); ++fact) {
    const nlohmann::json loader = nlohmann::json::parse(fact->second, nullptr, false);
    if (loader.is_object() && loader.contains("batch_size") && loader["batch_size"].is_number_integer()) {
      sizes.insert(loader["batch_size"].get<int64_t>());
    }
  }
  return fmt::format("{}", fmt::join(sizes, "+"));
}

// Backwards per train step, of the first rank.
std::string micro_steps(const JobSteps& job) {
  std::vector<double> counts;
  for (const JobStep& step : job.steps) {
    if (step.step_class == StepClass::kTrain) {
      counts.push_back(job.ranks.front()->steps.steps[step.index.front()].micro_steps);
    }
  }
  const double middle = median_of(counts);
  return middle > 0 ? fmt::format("{:g}", middle) : std::string();
}

bool is_training(const JobSteps& job, uint32_t process) {
  return std::any_of(job.ranks.begin(), job.ranks.end(),
                     [process](const ProcessLedger* rank) { return rank->steps.process == process; });
}

}  // namespace

Fingerprint fingerprint_of(const Run& run, const JobSteps& job) {
  Fingerprint fingerprint;
  const Process* process = speaker(run, job);
  if (process == nullptr) {
    set_key(&fingerprint);
    return fingerprint;
  }
  struct Named {
    const char* fact;
    const char* meta;
  };
  static constexpr Named kNamed[] = {
      {"gpu.model", "device.0.name"}, {"driver", "nvml.driver"}, {"cuda", "cupti.version"},
      {"nccl", "nccl.version"},       {"image", "image"},        {"parallelism", "parallelism"},
      {"level", "run.level"},         {"torch", "soft.torch"},   {"host.cpu", "hw.cpu"}};
  for (const Named& named : kNamed) {
    fingerprint.facts[named.fact] = process_fact(*process, named.meta);
  }
  const std::string workload = process_fact(*process, "workload");
  fingerprint.facts["workload"] = workload.empty() ? program_of(process->cmdline) : workload;
  const size_t gpus = gpu_count(run);
  fingerprint.facts["gpu.count"] = gpus == 0 ? std::string() : std::to_string(gpus);
  fingerprint.facts["batch_size"] = batch_sizes(*process);
  fingerprint.facts["backwards_per_step"] = micro_steps(job);
  fingerprint.facts["training_processes"] = std::to_string(job.ranks.size());
  fingerprint.facts["world_size"] = std::to_string(process->world_size);
  set_key(&fingerprint);
  return fingerprint;
}

void set_key(Fingerprint* fingerprint) {
  static constexpr std::string_view kInKey[] = {"cuda",  "driver", "gpu.count",   "gpu.model", "image",
                                                "level", "nccl",   "parallelism", "workload",  "world_size"};
  Fnv1a hash;
  for (const std::string_view name : kInKey) {
    const auto found = fingerprint->facts.find(std::string(name));
    hash.add(fmt::format("{}={}\n", name, found == fingerprint->facts.end() ? "" : found->second));
  }
  fingerprint->key = hash.hex();
}

std::string identity_of(const Run& run, const JobSteps& job) {
  std::vector<std::string> lines;
  for (const Process& process : run.processes()) {
    lines.push_back(fmt::format("{} {} {} {} {} {} {}\n", process.role, process.rank, process.host,
                                process.pid, process.events, process.first_ns - process.clock_shift_ns,
                                process.last_ns - process.clock_shift_ns));
  }
  std::sort(lines.begin(), lines.end());
  Fnv1a hash;
  for (const std::string& line : lines) {
    hash.add(line);
  }
  for (const JobStep& step : job.steps) {
    hash.add(fmt::format("{}\n", step.duration_ns));
  }
  return hash.hex();
}

bool is_complete(const Run& run, const JobSteps& job) {
  if (!run.still_running().empty() || !run.problems().empty()) {
    return false;
  }
  for (uint32_t p = 0; p < run.processes().size(); ++p) {
    const Process& process = run.processes()[p];
    const std::string code = process_fact(process, "exit.code");
    const std::string job_code = process_fact(process, "job.exit_code");
    const bool failed = (!code.empty() && code != "0") || (!job_code.empty() && job_code != "0");
    if (is_training(job, p) && (failed || !process_fact(process, "exit.signal").empty())) {
      return false;
    }
  }
  return std::none_of(run.losses().begin(), run.losses().end(), [&](const RunLoss& loss) {
    return loss.counter == "spool.snapshot" && loss.count > 0 && is_training(job, loss.process);
  });
}

std::vector<std::string> losses_of(const Run& run) {
  std::map<std::string, std::pair<uint64_t, std::string>> by_counter;
  for (const RunLoss& loss : run.losses()) {
    if (loss.severity == "data_loss" && loss.count > 0) {
      auto& [count, sentence] = by_counter[loss.counter];
      count += loss.count;
      sentence = loss.sentence;
    }
  }
  std::vector<std::string> out;
  for (const auto& [counter, entry] : by_counter) {
    out.push_back(fmt::format("{} ({} x {})", entry.second, entry.first, counter));
  }
  return out;
}

std::vector<std::string> blocking_of(const Run& run, const JobSteps& job) {
  // As selfcheck has it: wall clock and raw clock advance together, or somebody set one of them.
  constexpr int64_t kJump = 100 * 1000 * 1000;
  std::vector<std::string> out;
  for (const ProcessLedger* rank : job.ranks) {
    const uint32_t index = rank->steps.process;
    const Process& process = run.processes()[index];
    const int64_t elapsed = process.last_ns - process.first_ns;
    const int64_t wall_begin = run.wall_ns(index, process.first_ns);
    const int64_t wall = run.wall_ns(index, process.last_ns) - wall_begin;
    if (wall_begin != 0 && (wall < 0 || std::abs(wall - elapsed) > kJump + elapsed / 1000)) {
      out.push_back(fmt::format("{}: a clock jumped: the wall clock moved {:.3f} s against the raw clock",
                                process.base, static_cast<double>(wall - elapsed) / 1e9));
    }
    for (const Step& step : rank->steps.steps) {
      if (step.duration_ns() <= 0) {
        out.push_back(fmt::format("{}: step {} takes {} ns: a clock went back", process.base, step.number,
                                  step.duration_ns()));
        break;
      }
    }
  }
  return out;
}

std::string commit_of(const Run& run, const JobSteps& job) {
  const Process* process = speaker(run, job);
  return process == nullptr ? std::string() : process_fact(*process, "git.commit");
}

}  // namespace stepscope::analysis
