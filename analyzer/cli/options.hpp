// SPDX-License-Identifier: Apache-2.0
//
// The options of one command: declared once, parsed and printed as its help. The only file that knows CLI11 is
// options.cpp.
//
//   OptionSet options(command);
//   options.positional("RUN", run, "directory or *.stepscope file");
//   options.flag("--json", json, "print JSON");
//   if (const std::optional<int> exit = options.parse(args)) { return *exit; }
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/cli/command.hpp"

namespace stepscope::analysis::cli {

class OptionSet {
 public:
  explicit OptionSet(const Command& command);
  ~OptionSet();
  OptionSet(const OptionSet&) = delete;
  OptionSet& operator=(const OptionSet&) = delete;

  // `names`: "-o,--output". Targets must outlive parse(). `value` names the value in the help.
  void flag(const std::string& names, bool& target, std::string_view help);
  void value(const std::string& names, std::string& target, std::string_view value, std::string_view help);
  void count(const std::string& names, size_t& target, std::string_view value, std::string_view help);
  void choice(const std::string& names, std::string& target, std::vector<std::string> choices,
              std::string_view help);
  void values(const std::string& names, std::vector<std::string>& target, std::string_view value,
              std::string_view help);  // one or more
  void positional(const std::string& name, std::string& target, std::string_view help, bool required = true);
  void positionals(const std::string& name, std::vector<std::string>& target, std::string_view help,
                   bool required = true);
  // Everything from the first word that is no option, or after "--", is left alone and goes to `target`.
  void rest(std::string_view name, std::vector<std::string>& target, std::string_view help);
  // A paragraph or an example under the options.
  void note(std::string_view text);

  // nullopt: go on. Otherwise help was printed or the usage was wrong, and this is the exit code.
  [[nodiscard]] std::optional<int> parse(const std::vector<std::string>& args);
  [[nodiscard]] std::string help() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stepscope::analysis::cli
