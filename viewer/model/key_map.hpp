// SPDX-License-Identifier: Apache-2.0
//
// Key map: which keys mean which command. Starts as the command table says; a key file changes it, one command a line:
//
//   # AZERTY
//   zoom-in   = Z
//   pan-left  = Q, Left
//   quit      =            (no key)
//
// A key that is given to a command is taken from the one that had it. A line that is wrong is skipped and said in a
// sentence; the others hold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "viewer/model/commands.hpp"

namespace stepscope::viewer {

class KeyMap {
 public:
  KeyMap();  // the keys of the command table

  // Applies the lines of a key file; `file` is named in the sentences that come back, one per wrong line.
  [[nodiscard]] std::vector<std::string> apply(std::string_view text, std::string_view file);
  [[nodiscard]] const std::vector<Binding>& keys(Command command) const;
  // "Ctrl F  or  /", "" without a key.
  [[nodiscard]] std::string text(Command command) const;

 private:
  void set(Command command, std::vector<Binding> bindings);

  std::vector<std::vector<Binding>> keys_;  // by command
};

}  // namespace stepscope::viewer
