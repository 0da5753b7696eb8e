// SPDX-License-Identifier: Apache-2.0
//
// Functions of OpenGL that its oldest header lacks. Every one comes through GLFW: nothing else needs to be linked, and what is asked for
// exists in GL 3.2 unless said otherwise. To be included before GLFW's own header, which brings all of GL's types only then.
#pragma once

#define GLFW_INCLUDE_GLCOREARB
#include <GLFW/glfw3.h>

namespace stepscope::viewer {

// By its type and name, as in gl<PFNGLGENTEXTURESPROC>("glGenTextures")(1, &texture). On the thread whose OpenGL is current.
template <typename Function>
[[nodiscard]] Function gl(const char* name) {
  return reinterpret_cast<Function>(glfwGetProcAddress(name));
}

}  // namespace stepscope::viewer
