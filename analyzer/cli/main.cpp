// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/output.hpp"

namespace cli = stepscope::analysis::cli;

int main(int argc, char** argv) {
  try {
    return cli::run_program(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::bad_alloc&) {
    cli::print_note("out of memory; close other programs or look at fewer runs at once");
  } catch (const std::exception& error) {
    cli::print_note(std::string("internal error: ") + error.what() +
                    "; please report it with the command line");
  }
  return cli::kExitUnreadable;
}
