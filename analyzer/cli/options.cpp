// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/options.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/output.hpp"

namespace stepscope::analysis::cli {
namespace {

struct Line {
  std::string left;
  std::string right;
};

std::string lines_of(std::string_view title, const std::vector<Line>& lines) {
  if (lines.empty()) {
    return "";
  }
  size_t width = 0;
  for (const Line& line : lines) {
    width = std::max(width, line.left.size());
  }
  std::string out = fmt::format("\n{}\n", title);
  for (const Line& line : lines) {
    out += fmt::format("  {:<{}}  {}\n", line.left, width, line.right);
  }
  return out;
}

std::string spaced(std::string names) {
  const size_t comma = names.find(',');
  return comma == std::string::npos ? "    " + names : names.replace(comma, 1, ", ");
}

// CLI11's sentence as the middle of ours.
std::string sentence_of(const CLI::ParseError& error) {
  std::string text = error.what();
  if (!text.empty()) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

}  // namespace

struct OptionSet::State {
  explicit State(const Command& c) : command(c) {
    app.set_help_flag("");
    app.add_flag("-h,--help", help_asked);
  }

  Command command;
  CLI::App app;
  bool help_asked = false;
  std::vector<std::pair<std::string, bool*>> required;
  std::vector<Line> arguments;
  std::vector<Line> options;
  std::vector<std::string> notes;
  std::vector<std::string>* rest = nullptr;
  std::vector<CLI::Option*> needed;  // checked by us, after --help
};

OptionSet::OptionSet(const Command& command) : state_(std::make_unique<State>(command)) {}

OptionSet::~OptionSet() = default;

void OptionSet::flag(const std::string& names, bool& target, std::string_view help) {
  state_->app.add_flag(names, target);
  state_->options.push_back({spaced(names), std::string(help)});
}

void OptionSet::value(const std::string& names, std::string& target, std::string_view value,
                      std::string_view help) {
  state_->app.add_option(names, target);
  state_->options.push_back({fmt::format("{} {}", spaced(names), value), std::string(help)});
}

void OptionSet::count(const std::string& names, size_t& target, std::string_view value,
                      std::string_view help) {
  state_->app.add_option(names, target);
  state_->options.push_back({fmt::format("{} {}", spaced(names), value), std::string(help)});
}

void OptionSet::choice(const std::string& names, std::string& target, std::vector<std::string> choices,
                       std::string_view help) {
  state_->options.push_back(
      {fmt::format("{} {}", spaced(names), fmt::join(choices, "|")), std::string(help)});
  state_->app.add_option(names, target)->check(CLI::IsMember(std::move(choices)));
}

void OptionSet::values(const std::string& names, std::vector<std::string>& target, std::string_view value,
                       std::string_view help) {
  state_->app.add_option(names, target)->expected(1, -1);
  state_->options.push_back({fmt::format("{} {}...", spaced(names), value), std::string(help)});
}

void OptionSet::positional(const std::string& name, std::string& target, std::string_view help,
                           bool required) {
  CLI::Option* option = state_->app.add_option(name, target);
  if (required) {
    state_->needed.push_back(option);
  }
  state_->arguments.push_back({name, std::string(help)});
}

void OptionSet::positionals(const std::string& name, std::vector<std::string>& target, std::string_view help,
                            bool required) {
  CLI::Option* option = state_->app.add_option(name, target)->expected(1, -1);
  if (required) {
    state_->needed.push_back(option);
  }
  state_->arguments.push_back({name + "...", std::string(help)});
}

void OptionSet::rest(std::string_view name, std::vector<std::string>& target, std::string_view help) {
  state_->app.prefix_command();
  state_->rest = &target;
  state_->arguments.push_back({std::string(name), std::string(help)});
}

void OptionSet::note(std::string_view text) {
  state_->notes.emplace_back(text);
}

std::optional<int> OptionSet::parse(const std::vector<std::string>& args) {
  const std::string name(state_->command.name);
  try {
    state_->app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::ParseError& error) {
    return report_usage(name, sentence_of(error));
  }
  if (state_->help_asked) {
    return print_result(help());
  }
  for (const CLI::Option* option : state_->needed) {
    if (option->count() == 0) {
      return report_usage(name, fmt::format("{} is missing", option->get_name(true)));
    }
  }
  if (state_->rest != nullptr) {
    std::vector<std::string> rest = state_->app.remaining();
    if (!rest.empty() && rest.front() == "--") {
      rest.erase(rest.begin());
    } else if (!rest.empty() && rest.front().starts_with("-")) {
      return report_usage(name, fmt::format("unknown option {}", rest.front()));
    }
    *state_->rest = std::move(rest);
  }
  return std::nullopt;
}

std::string OptionSet::help() const {
  std::string out = fmt::format("{}\n\nusage: stepscope {} {}\n", state_->command.summary,
                                state_->command.name, state_->command.synopsis);
  out += lines_of("arguments:", state_->arguments);
  std::vector<Line> options = state_->options;
  options.push_back({"-h, --help", "print this help"});
  out += lines_of("options:", options);
  for (const std::string& note : state_->notes) {
    out += "\n" + note + "\n";
  }
  return out;
}

}  // namespace stepscope::analysis::cli
