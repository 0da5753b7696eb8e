// SPDX-License-Identifier: Apache-2.0
//
// A command of the program: one file cmd_<name>.cpp, one row in commands.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stepscope::analysis::cli {

struct Command {
  std::string_view name;
  std::string_view synopsis;  // what follows the name: "RUN [--json]"
  std::string_view summary;   // one line of `stepscope --help`, the first line of the command's own help
  // `args`: what follows the name on the command line. Returns the exit code.
  int (*run)(const Command& command, const std::vector<std::string>& args);
};

}  // namespace stepscope::analysis::cli
