// SPDX-License-Identifier: Apache-2.0
//
// CopyProgram: the OpenGL program that draws a texture's pixels as they are. Dear ImGui's own multiplies them by a colour; where the
// processor stands in for a GPU, a picture as large as the screen takes three times as long with it.
//
// One for all who hold it, as long as somebody does; on the thread of the window's OpenGL, which is current.
#pragma once

#include <memory>

#include <imgui.h>

namespace stepscope::viewer {

class CopyProgram {
 public:
  CopyProgram() = default;
  CopyProgram(const CopyProgram&) = delete;
  CopyProgram& operator=(const CopyProgram&) = delete;
  ~CopyProgram();

  [[nodiscard]] static std::shared_ptr<CopyProgram> shared();

  // What is added to `list` between begin() and end() is drawn by it: images only. The list is drawn before the program is gone.
  // `blend`: translucent pixels are mixed with what is below, else they replace it.
  void begin(ImDrawList& list, bool blend);
  static void end(ImDrawList& list);

 private:
  void use();
  void make();

  unsigned program_ = 0;  // 0: not made yet, or this OpenGL would not have it and Dear ImGui's draws
  bool tried_ = false;
  int projection_ = -1;
};

}  // namespace stepscope::viewer
