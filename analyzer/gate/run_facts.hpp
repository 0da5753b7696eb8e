// SPDX-License-Identifier: Apache-2.0
//
// What a RunSummary says about a run besides its numbers: conditions, identity, and why it may not be trusted. Internal to the
// library.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/gate/job_steps.hpp"
#include "analyzer/gate/run_summary.hpp"
#include "analyzer/run.hpp"

namespace stepscope::analysis {

[[nodiscard]] Fingerprint fingerprint_of(const Run& run, const JobSteps& job);

// By content: processes, what they recorded, the lengths of the steps. 16 hex digits.
[[nodiscard]] std::string identity_of(const Run& run, const JobSteps& job);

// Whether every training process came to its end by itself.
[[nodiscard]] bool is_complete(const Run& run, const JobSteps& job);

[[nodiscard]] std::vector<std::string> losses_of(const Run& run);
[[nodiscard]] std::vector<std::string> blocking_of(const Run& run, const JobSteps& job);

// The git commit of the program, "" when not known.
[[nodiscard]] std::string commit_of(const Run& run, const JobSteps& job);

// Fills in Fingerprint::key from the facts.
void set_key(Fingerprint* fingerprint);

}  // namespace stepscope::analysis
