// SPDX-License-Identifier: Apache-2.0
//
// CopyProgram: the OpenGL program that draws a texture's pixels as they are. Dear ImGui's own multiplies them by a colour; where the
// processor stands in for a GPU, a picture as large as the screen takes twice as long with it, and in Mesa 22.3 it has wrong colours
// when its bytes are blue, green, red, alpha and the window has no depth: such textures are for this program alone.
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

  // False once this OpenGL would not have the program: nothing can be drawn by it.
  [[nodiscard]] bool works() const { return !tried_ || program_ != 0; }

  // What is added to `list` between begin() and end() is drawn by it: images only. The list is drawn before the program is gone.
  // `blend`: translucent pixels are mixed with what is below, else they replace it.
  void begin(ImDrawList& list, bool blend);
  static void end(ImDrawList& list);

 private:
  void use();
  void make();

  unsigned program_ = 0;  // 0: not made yet, when it is first used, or in vain
  bool tried_ = false;
  int projection_ = -1;
};

}  // namespace stepscope::viewer
