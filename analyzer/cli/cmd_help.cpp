// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"

namespace stepscope::analysis::cli {

int run_help(const Command& command, const std::vector<std::string>& args) {
  std::string name;
  OptionSet options(command);
  options.positional("COMMAND", name, "the command to explain", false);
  if (const std::optional<int> exit = options.parse(args)) {
    return *exit;
  }
  if (name.empty()) {
    return print_result(program_help());
  }
  const Command* wanted = find_command(name);
  return wanted == nullptr ? report_usage("help", fmt::format("unknown command {}", name))
                           : wanted->run(*wanted, {"--help"});
}

}  // namespace stepscope::analysis::cli
