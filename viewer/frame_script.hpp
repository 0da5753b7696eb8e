// SPDX-License-Identifier: Apache-2.0
//
// FrameScript: the host of a script around a shell: keys and text go through ImGui's own input, text is what the shell draws.
// Needs an ImGui context; whoever owns it draws the frames.
#pragma once

#include <functional>
#include <string>

#include "viewer/script.hpp"
#include "viewer/shell.hpp"

namespace stepscope::viewer {

class FrameScript final : public ScriptHost {
 public:
  struct Window {
    std::function<void()> draw_frame;  // one, with the shell
    std::function<analysis::Status(const std::string& path)> write_picture;
  };
  FrameScript(AppState& state, Shell& shell, Window window)
      : state_(state), shell_(shell), window_(std::move(window)) {}

  void settle() override;
  void press(const Binding& key) override;
  void type(std::string_view text) override;
  [[nodiscard]] analysis::Status write_picture(const std::string& path) override;
  [[nodiscard]] analysis::Result<std::string> visible_text() override;
  [[nodiscard]] TableText front_table() override { return shell_.front_table(state_); }

 private:
  AppState& state_;
  Shell& shell_;
  Window window_;
};

}  // namespace stepscope::viewer
