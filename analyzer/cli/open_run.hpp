// SPDX-License-Identifier: Apache-2.0
//
// What the commands that read runs share: opening with progress on a terminal, and the documents' common head.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/run.hpp"

namespace stepscope::analysis::cli {

// "stepscope: finalizing 3/8" on stderr while long work runs; nothing when stderr is no terminal.
class ProgressNote {
 public:
  explicit ProgressNote(std::string_view verb);
  void show(size_t done, size_t total);
  void clear();

 private:
  std::string verb_;
  bool terminal_ = false;
  bool written_ = false;
};

// Opens a run, finalizing what was left behind, and says on stderr what was left out because it still runs.
[[nodiscard]] Result<Run> open_run(const std::string& path);

// Says on stderr that a run has no steps and how to mark them; returns kExitInconclusive.
[[nodiscard]] int no_steps(const std::string& path);

// The first keys of every JSON document: {"schema": "stepscope.<name>/<version>"}.
[[nodiscard]] nlohmann::ordered_json json_head(std::string_view name, int version);

}  // namespace stepscope::analysis::cli
