// SPDX-License-Identifier: Apache-2.0
//
// What `stepscope doctor` looks at: this machine, or a run that was recorded.
#pragma once

#include <string>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis::cli {

enum class Health {
  kGood,
  kNote,  // works; something is not as rich as it could be
  kBad,   // recording will not work, or did not
};

struct Diagnosis {
  Health health = Health::kGood;
  std::string name;    // "library", "door python", ...
  std::string detail;  // what was found
  std::string remedy;  // what to do; empty when there is nothing to mend
};

// Always in the same order. Starts /bin/true and python3 with the collector preloaded; leaves nothing behind.
[[nodiscard]] std::vector<Diagnosis> diagnose_machine();

// What of the run as a whole is wrong: spools that cannot be read. Empty when nothing is.
[[nodiscard]] std::vector<Diagnosis> diagnose_run(const Run& run);

// Doors of one recorded process, what was displaced, what its host did not offer, what was lost.
[[nodiscard]] std::vector<Diagnosis> diagnose_process(const Run& run, uint32_t process);

// Whether GPU events were recorded and, if not, why; empty for a process that did not use CUDA.
[[nodiscard]] std::vector<Diagnosis> diagnose_gpu(const Process& process);

}  // namespace stepscope::analysis::cli
