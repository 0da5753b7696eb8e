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
  for (const RunLoss& loss : run.losses()) {
    if (loss.process == process) {
      all.push_back({loss.severity == "info" ? Health::kNote : Health::kBad, "loss",
                     fmt::format("{} x {}: {}", loss.count, loss.counter, loss.sentence), ""});
    }
  }
  return all;
}

}  // namespace stepscope::analysis::cli
