// SPDX-License-Identifier: Apache-2.0
//
// Runs the built `stepscope` as a user would and compares what it prints with files of this folder.
//
//   EXPECT_EQ(stepscope({"steps", "run"}, dir).exit_code, 0);
//   expect_golden(stepscope({"report", "run"}, dir).out, "report.txt");
//
// STEPSCOPE_UPDATE_GOLDEN=1 in the environment writes the files instead: look at the difference before keeping it.
#pragma once

#include <string>
#include <vector>

namespace stepscope::testing {

inline constexpr int kNotStarted = 121;  // exit code when the command could not be executed

struct Outcome {
  int exit_code = -1;  // 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

struct Invocation {
  std::vector<std::string> command;
  std::string directory;                 // working directory; empty: the current one
  std::vector<std::string> environment;  // "NAME=value" on top of ours; "NAME" takes it away
  std::string input;
  bool as_nobody = false;    // give up root for user 65534 first
  bool on_terminal = false;  // stdout and stderr are one pseudo-terminal of 80 columns: all in `out`
};

[[nodiscard]] Outcome run(const Invocation& invocation);

// Whether this machine can make a pseudo-terminal; a bare chroot without /dev/pts cannot, and tests of terminals skip.
[[nodiscard]] bool has_terminals();
inline constexpr const char* kNoTerminals = "no pseudo-terminal can be made here: /dev/pts is not mounted";

// The program under test with these arguments, run inside `directory`.
[[nodiscard]] Outcome stepscope(const std::vector<std::string>& arguments, const std::string& directory = "");
[[nodiscard]] std::string stepscope_path();

// The file tests/golden/cli/<name> must be equal to `text`.
void expect_golden(const std::string& text, const std::string& name);

}  // namespace stepscope::testing
