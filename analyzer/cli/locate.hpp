// SPDX-License-Identifier: Apache-2.0
//
// Finds what is shipped beside the program, installed or in the build tree.
#pragma once

#include <string>

#include "analyzer/run.hpp"

namespace stepscope::analysis::cli {

// Absolute path of libstepscope.so: $STEPSCOPE_LIBRARY when set, else beside the program, in lib/stepscope next to the
// program's bin, or in the build tree. The error names what was tried.
[[nodiscard]] Result<std::string> find_collector();

// Absolute path of stepscope-viewer: beside the program, in the build tree, on PATH. Empty when there is none.
[[nodiscard]] std::string find_viewer();

// What execvp would run for `name`: the name itself when it has a slash, else the first executable on PATH. Empty
// when there is none.
[[nodiscard]] std::string find_on_path(const std::string& name);

}  // namespace stepscope::analysis::cli
