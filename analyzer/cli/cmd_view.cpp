// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "analyzer/cli/commands.hpp"
#include "analyzer/cli/exit_code.hpp"
#include "analyzer/cli/format.hpp"
#include "analyzer/cli/locate.hpp"
#include "analyzer/cli/options.hpp"
#include "analyzer/cli/output.hpp"

namespace stepscope::analysis::cli {
namespace {

bool is_set(const char* name) {
  const char* value = getenv(name);
  return value != nullptr && *value != '\0';
}

bool needs_no_window(const std::vector<std::string>& args) {
  constexpr std::array<std::string_view, 3> kWindowless{"--help", "-h", "--version"};
  return std::any_of(args.begin(), args.end(), [&](const std::string& arg) {
    return std::find(kWindowless.begin(), kWindowless.end(), arg) != kWindowless.end();
  });
}

int explain_no_display(const std::vector<std::string>& args) {
  std::string words;
  for (const std::string& arg : args) {
    words += " " + shell_word(arg);
  }
  print_note(fmt::format(
      "view: no display here (DISPLAY and WAYLAND_DISPLAY are not set); copy the run to a machine with "
      "one, log in with ssh -X, or take a picture: xvfb-run -a stepscope view{} --screenshot run.png",
      words));
  return kExitUsage;
}

}  // namespace

int run_view(const Command& command, const std::vector<std::string>& args) {
  if (args.empty() || args.front() == "--help" || args.front() == "-h") {
    OptionSet options(command);
    std::string run;
    std::string other;
    options.positional("RUN", run, "run directory or *.stepscope file");
    options.value("--vs", other, "RUN", "a second run, drawn beside the first");
    options.note(
        "Everything is handed to stepscope-viewer, which has options of its own: stepscope-viewer --help");
    return options.parse(args).value_or(kExitUsage);
  }
  const std::string viewer = find_viewer();
  if (viewer.empty()) {
    return report_usage("view",
                        "stepscope-viewer not found beside stepscope nor on PATH; install the package "
                        "stepscope-viewer");
  }
  if (!is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") && !needs_no_window(args)) {
    return explain_no_display(args);
  }
  std::vector<std::string> words{viewer};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  execv(viewer.c_str(), argv.data());
  print_note(
      fmt::format("{}: cannot be run: {}; reinstall the package stepscope-viewer", viewer, strerror(errno)));
  return kExitUsage;
}

}  // namespace stepscope::analysis::cli
