// SPDX-License-Identifier: Apache-2.0
#include "viewer/frame_script.hpp"

#include <cstdlib>
#include <filesystem>

#include "viewer/imgui_compat.hpp"
#include "viewer/user_files.hpp"

namespace stepscope::viewer {
namespace {

// Tables learn their columns, windows their scroll range, a text field takes the keyboard: a few frames.
constexpr int kFramesToSettle = 6;

}  // namespace

void FrameScript::settle() {
  for (int frame = 0; frame < kFramesToSettle; ++frame) {
    window_.draw_frame();
    state_.wait();  // what the frame asked for is in the next one, a query's rows too
  }
}

void FrameScript::press(const Binding& key) {
  ImGuiIO& io = ImGui::GetIO();
  if (key.key == Key::kSlash && !key.ctrl &&
      !key.alt) {  // means the character, wherever it is on the keyboard
    return type(key.shift ? "?" : "/");
  }
  compat::send_modifiers(io, key.ctrl, key.shift, key.alt);
  compat::send_key(io, key.key, true);
  window_.draw_frame();
  compat::send_key(io, key.key, false);
  compat::send_modifiers(io, false, false);
  window_.draw_frame();
}

void FrameScript::type(std::string_view text) {
  ImGui::GetIO().AddInputCharactersUTF8(std::string(text).c_str());
  window_.draw_frame();
}

analysis::Status FrameScript::write_picture(const std::string& path) {
  return window_.write_picture(path);
}

analysis::Result<std::string> FrameScript::visible_text() {
  std::error_code error;
  std::string directory = (std::filesystem::temp_directory_path(error) / "stepscope-text-XXXXXX").string();
  if (error || mkdtemp(directory.data()) == nullptr) {
    return analysis::Status(analysis::Code::kUnavailable,
                            "no temporary directory for the text of the window; set TMPDIR to one");
  }
  const std::string file = directory + "/text";
  shell_.log_text_to(file);
  window_.draw_frame();
  shell_.log_text_to("");
  auto text = read_file(file);
  std::filesystem::remove_all(directory, error);
  if (!text.ok()) {
    return text.status();
  }
  return text.value().value_or("");
}

}  // namespace stepscope::viewer
