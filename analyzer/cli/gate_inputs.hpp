// SPDX-License-Identifier: Apache-2.0
//
// The runs that `gate` and `calibrate` look at: from recordings, or from a baseline store.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/gate/noise_model.hpp"
#include "analyzer/gate/run_summary.hpp"

namespace stepscope::analysis::cli {

// Opens a recording (finalizing what was left behind) and summarises it.
[[nodiscard]] Result<RunSummary> summary_of_recording(const std::string& path);

// What a gate compares with.
struct GateBase {
  std::vector<RunSummary> runs;
  std::vector<std::string> recordings;  // their paths; empty where summaries are all there is
  std::optional<NoiseModel> noise;
};

struct BaseSource {
  std::vector<std::string> words;  // of --baseline: paths of recordings, or one name in the store
  std::string store;               // --store; empty: the default
  size_t window = 20;              // the last so many runs of a name
};

// True when `words` is one name and no path.
[[nodiscard]] bool is_baseline_name(const std::vector<std::string>& words);

// `fingerprint`: key of the candidate's. Errors: kUsage when the store or the name is not there, kNotComparable when the name has
// only runs of other conditions, kUnreadable.
[[nodiscard]] Result<GateBase> load_base(const BaseSource& source, const std::string& fingerprint);

}  // namespace stepscope::analysis::cli
