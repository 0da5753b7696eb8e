// SPDX-License-Identifier: Apache-2.0
//
// The run directory of `stepscope record`.
#pragma once

#include <string>

#include "analyzer/run.hpp"

namespace stepscope::analysis::cli {

struct RecordDirectory {
  std::string shown;     // as the user gave it, for messages
  std::string absolute;  // for the environment of the command
  bool created = false;  // by us: removed again when the command could not be started
};

// Makes `wanted` (mode 0700, parents too), or stepscope-run-<date>-<time> in the current directory when it is empty.
// Errors, kUsage: it exists and has something in it, is no directory, cannot be made or written to.
[[nodiscard]] Result<RecordDirectory> make_record_directory(const std::string& wanted);

// Removes a directory that we made and that stayed empty.
void remove_if_unused(const RecordDirectory& directory);

}  // namespace stepscope::analysis::cli
