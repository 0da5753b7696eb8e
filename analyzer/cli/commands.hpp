// SPDX-License-Identifier: Apache-2.0
//
// The commands of the program. To add one: write cmd_<name>.cpp, declare its function here, add its row to the table
// in commands.cpp, its name to CMakeLists.txt and a section to docs/cli.md.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/cli/command.hpp"

namespace stepscope::analysis::cli {

int run_record(const Command& command, const std::vector<std::string>& args);
int run_info(const Command& command, const std::vector<std::string>& args);
int run_steps(const Command& command, const std::vector<std::string>& args);
int run_report(const Command& command, const std::vector<std::string>& args);
int run_diff(const Command& command, const std::vector<std::string>& args);
int run_gate(const Command& command, const std::vector<std::string>& args);
int run_calibrate(const Command& command, const std::vector<std::string>& args);
int run_baseline(const Command& command, const std::vector<std::string>& args);
int run_trend(const Command& command, const std::vector<std::string>& args);
int run_fleet(const Command& command, const std::vector<std::string>& args);
int run_view(const Command& command, const std::vector<std::string>& args);
int run_sql(const Command& command, const std::vector<std::string>& args);
int run_export(const Command& command, const std::vector<std::string>& args);
int run_doctor(const Command& command, const std::vector<std::string>& args);
int run_selfcheck(const Command& command, const std::vector<std::string>& args);
int run_import(const Command& command, const std::vector<std::string>& args);
int run_finalize(const Command& command, const std::vector<std::string>& args);
int run_help(const Command& command, const std::vector<std::string>& args);

// In the order of the help.
[[nodiscard]] std::span<const Command> commands();
[[nodiscard]] const Command* find_command(std::string_view name);

// What `stepscope --help` prints.
[[nodiscard]] std::string program_help();

// The whole program: `args` without the program's own name. Returns the exit code.
[[nodiscard]] int run_program(const std::vector<std::string>& args);

}  // namespace stepscope::analysis::cli
