// SPDX-License-Identifier: Apache-2.0
//
// Session: what of a person's window outlives it: the keys (read only), the sizes of the panes, the notes on the runs. A file
// that cannot be used is a sentence, never a reason not to start.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "viewer/app_state.hpp"
#include "viewer/model/key_map.hpp"
#include "viewer/model/window_layout.hpp"
#include "viewer/note_file.hpp"

namespace stepscope::viewer {

// Applies the key file; "" stands for keys.conf of the configuration directory, which need not be there. The sentences on
// what is wrong with it.
[[nodiscard]] std::vector<std::string> load_keys(const std::string& file, KeyMap& keys);

[[nodiscard]] std::vector<std::string> load_panes(Panes& panes);
// "" when they are written.
[[nodiscard]] std::string save_panes(const Panes& panes);

// The side-cars of the runs on screen.
class SessionNotes {
 public:
  // Adds the notes of loaded runs to the marks of the state. The sentences on those that cannot be read.
  [[nodiscard]] std::vector<std::string> open(AppState& state);
  // Writes the marks when they changed, and takes over what another window wrote. "" when all is well.
  [[nodiscard]] std::string keep(AppState& state);

 private:
  std::array<NoteBook, 2> books_;
  bool opened_ = false;  // before, marks wait
};

}  // namespace stepscope::viewer
