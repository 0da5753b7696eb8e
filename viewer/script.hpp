// SPDX-License-Identifier: Apache-2.0
//
// Scripts: what a person does in the window, one action a line, for tests, pictures and demonstrations:
//
//   # from the finding to its evidence
//   finding 1
//   expect wait for batch
//   zoom-to-selection
//   key Ctrl+Shift+P
//   type fit
//   key Enter
//   screenshot cause.png
//
// A line is the name of a command (as in a key file), or one of the verbs of script_verbs() with what it takes; '#' begins a
// comment line. Actions call what keys and clicks call. Lines are checked before the first of them runs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/run.hpp"
#include "viewer/app_state.hpp"
#include "viewer/model/table_text.hpp"

namespace stepscope::viewer {

// What only the program around the state can do.
class ScriptHost {
 public:
  ScriptHost() = default;
  ScriptHost(const ScriptHost&) = delete;
  ScriptHost& operator=(const ScriptHost&) = delete;
  virtual ~ScriptHost() = default;
  virtual void settle() = 0;  // draws until everything has reacted
  virtual void press(const Binding& key) = 0;
  virtual void type(std::string_view text) = 0;
  [[nodiscard]] virtual analysis::Status write_picture(const std::string& path) = 0;
  [[nodiscard]] virtual analysis::Result<std::string> visible_text() = 0;
  [[nodiscard]] virtual TableText front_table() = 0;
};

struct ScriptLine {
  size_t number = 0;  // from 1
  std::string verb;
  std::string argument;
};

struct ScriptVerb {
  std::string_view verb;
  std::string_view takes;  // for help and for the sentence on a line that is wrong
};
[[nodiscard]] std::span<const ScriptVerb> script_verbs();

// Error kUsage: "FILE:LINE: what is wrong".
[[nodiscard]] analysis::Result<std::vector<ScriptLine>> parse_script(std::string_view text,
                                                                     std::string_view file);

struct ScriptEnd {
  Exit code = Exit::kOk;  // kFailed: an action could not be done, or an expectation does not hold
  std::string sentence;   // "FILE:LINE: ...", "" when all went well
};
// Until the end or the first line that fails.
[[nodiscard]] ScriptEnd run_script(std::span<const ScriptLine> lines, std::string_view file, AppState& state,
                                   ScriptHost& host);

}  // namespace stepscope::viewer
