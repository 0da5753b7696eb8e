// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "analyzer/cli/doctor.hpp"

namespace stepscope::analysis::cli {
namespace {

struct DoorAdvice {
  std::string_view name;
  std::string_view present;  // set up, nothing came through: what that means
  std::string_view absent;   // not set up: what to do
  bool expected = false;     // absent is worth a note
};

constexpr std::array<DoorAdvice, 6> kDoors{{
    {"preload", "LD_PRELOAD names the collector",
     "LD_PRELOAD did not reach the process; keep the environment in the launcher "
     "(srun --export=ALL, docker -e, ray runtime_env)",
     true},
    {"python", "not a Python program, or it met no framework",
     "the hooks did not start; do not run Python with -I, -E or -S, and keep PYTHONPATH", true},
    {"c-api", "the program marks nothing with stepscope.h", "", false},
    {"nvtx", "the program uses no NVTX", "keep NVTX_INJECTION64_PATH in the launcher's environment", false},
    {"cuda", "the program uses no CUDA", "keep CUDA_INJECTION64_PATH in the launcher's environment", false},
    {"nccl", "the program uses no NCCL", "keep NCCL_PROFILER_PLUGIN in the launcher's environment", false},
}};

// What the kernel of the host may not offer, by one counter that stands for it (meta self.host_missing).
struct SourceAdvice {
  std::string_view counter;
  std::string_view name;
  std::string_view lost;
  std::string_view remedy;
};

constexpr std::array<SourceAdvice, 6> kSources{{
    {"proc.runq_ns", "run queue", "a worker short of CPU cannot be told from one that is blocked",
     "use a kernel with CONFIG_SCHED_INFO (/proc/self/schedstat)"},
    {"proc.read_bytes", "process I/O", "reading is told from sleeping by samples only",
     "use a kernel with CONFIG_TASK_IO_ACCOUNTING (/proc/self/io)"},
    {"cgroup.cpu.throttled_ns", "cgroup CPU", "a CPU quota and its throttling cannot be seen",
     "mount the cgroup file system in the container: docker run -v /sys/fs/cgroup:/sys/fs/cgroup:ro"},
    {"cgroup.memory.current", "cgroup memory", "the memory of the container is not recorded",
     "mount the cgroup file system with its memory controller"},
    {"psi.cpu.some_us", "pressure",
     "whether tasks of the machine waited for CPU, I/O or memory is not recorded",
     "use a kernel with CONFIG_PSI, booted with psi=1"},
    {"proc.affinity_cpus", "affinity", "the CPUs allowed to the process are not recorded",
     "allow sched_getaffinity in the container's seccomp profile"},
}};

bool is_missing(const Process& process, std::string_view counter) {
  const auto meta = process.meta.find("self.host_missing");
  return meta != process.meta.end() &&
         fmt::format(" {} ", meta->second).find(fmt::format(" {} ", counter)) != std::string::npos;
}

const Door* find_door(const Run& run, uint32_t process, std::string_view name) {
  for (const Door& door : run.doors()) {
    if (door.process == process && !door.displaced && door.name == name) {
      return &door;
    }
  }
  return nullptr;
}

Diagnosis diagnose_door(const DoorAdvice& advice, const Door* door) {
  const std::string name = fmt::format("door {}", advice.name);
  const std::string state = door == nullptr ? "absent" : door->state;
  if (state == "opened") {
    return {Health::kGood, name, "opened", ""};
  }
  if (state == "present") {
    return {Health::kGood, name, fmt::format("set, not used: {}", advice.present), ""};
  }
  if (state == "absent") {
    const bool nothing_to_set = advice.absent.empty();
    return {advice.expected ? Health::kNote : Health::kGood, name,
            nothing_to_set ? fmt::format("not used: {}", advice.present) : "not set",
            advice.expected ? std::string(advice.absent) : std::string()};
  }
  return {Health::kNote, name, state,
          state.starts_with("yielded") ? "another tool holds this door; run without it to have these events"
                                       : ""};
}

}  // namespace

std::vector<Diagnosis> diagnose_run(const Run& run) {
  std::vector<Diagnosis> all;
  for (const std::string& problem : run.problems()) {
    const size_t remedy = problem.rfind("; ");  // a sentence of ours: file: cause; remedy
    all.push_back({Health::kBad, "spool", problem.substr(0, remedy),
                   remedy == std::string::npos ? std::string() : problem.substr(remedy + 2)});
  }
  return all;
}

std::vector<Diagnosis> diagnose_process(const Run& run, uint32_t process) {
  std::vector<Diagnosis> all;
  all.reserve(kDoors.size());
  for (const DoorAdvice& advice : kDoors) {
    all.push_back(diagnose_door(advice, find_door(run, process, advice.name)));
  }
  for (const Door& door : run.doors()) {
    if (door.process == process && door.displaced) {
      // The collector writes the reason behind the name when it could not chain it.
      const bool loaded = door.state.find(" (not loaded: ") == std::string::npos;
      all.push_back({Health::kNote, (loaded ? "chained " : "displaced ") + door.name, "was " + door.state,
                     loaded ? "nothing to do: both are loaded"
                            : "run without stepscope record to have that tool's output"});
    }
  }
  for (Diagnosis& diagnosis : diagnose_gpu(run.processes()[process])) {
    all.push_back(std::move(diagnosis));
  }
  for (const SourceAdvice& source : kSources) {
    if (is_missing(run.processes()[process], source.counter)) {
      all.push_back({Health::kNote, fmt::format("host {}", source.name),
                     fmt::format("not offered: {}", source.lost), std::string(source.remedy)});
    }
  }
  for (const RunLoss& loss : run.losses()) {
    if (loss.process == process) {
      all.push_back({loss.severity == "info" ? Health::kNote : Health::kBad, "loss",
                     fmt::format("{} x {}: {}", loss.count, loss.counter, loss.sentence), loss.remedy});
    }
  }
  return all;
}

}  // namespace stepscope::analysis::cli
