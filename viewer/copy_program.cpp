// SPDX-License-Identifier: Apache-2.0
#include "viewer/copy_program.hpp"

#include <utility>

#include "viewer/gl_function.hpp"
#include "viewer/imgui_compat.hpp"

namespace stepscope::viewer {
namespace {

constexpr const char* kVertexShader = R"(#version 150
uniform mat4 projection;
in vec2 Position;
in vec2 UV;
out vec2 texel;
void main() {
  texel = UV;
  gl_Position = projection * vec4(Position, 0, 1);
}
)";

// Nothing but this: Mesa knows it by its shape, and copies rows.
constexpr const char* kFragmentShader = R"(#version 150
uniform sampler2D image;
in vec2 texel;
out vec4 color;
void main() {
  color = texture(image, texel);
}
)";

// By column, as OpenGL has them.
struct Matrix {
  float at[4][4];
};

// From the positions of a frame's corners to the screen of OpenGL.
Matrix projection_of(const ImDrawData& data) {
  const float x0 = data.DisplayPos.x;
  const float y0 = data.DisplayPos.y;
  const float x1 = x0 + data.DisplaySize.x;
  const float y1 = y0 + data.DisplaySize.y;
  return {{{2 / (x1 - x0), 0, 0, 0},
           {0, 2 / (y0 - y1), 0, 0},
           {0, 0, -1, 0},
           {(x1 + x0) / (x0 - x1), (y1 + y0) / (y1 - y0), 0, 1}}};
}

}  // namespace

CopyProgram::~CopyProgram() {
  if (program_ != 0 && glfwGetCurrentContext() != nullptr) {
    gl<PFNGLDELETEPROGRAMPROC>("glDeleteProgram")(program_);
  }
}

std::shared_ptr<CopyProgram> CopyProgram::shared() {
  static std::weak_ptr<CopyProgram> held;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
  std::shared_ptr<CopyProgram> program = held.lock();
  if (program == nullptr) {
    program = std::make_shared<CopyProgram>();
    held = program;
  }
  return program;
}

void CopyProgram::begin(ImDrawList& list, bool blend) {
  list.AddCallback(
      [](const ImDrawList*, const ImDrawCmd* command) {
        static_cast<CopyProgram*>(command->UserCallbackData)->use();
      },
      this);
  if (!blend) {
    list.AddCallback([](const ImDrawList*, const ImDrawCmd*) { gl<PFNGLDISABLEPROC>("glDisable")(GL_BLEND); },
                     nullptr);
  }
}

void CopyProgram::end(ImDrawList& list) {
  compat::add_reset(list);
}

void CopyProgram::use() {
  if (!tried_) {
    tried_ = true;
    make();
  }
  if (program_ == 0) {
    return;
  }
  // Where Dear ImGui has a sampler of its own (1.92.8 and newer) it would decide, not the texture.
  if (const auto bind_sampler = gl<PFNGLBINDSAMPLERPROC>("glBindSampler"); bind_sampler != nullptr) {
    bind_sampler(0, 0);
  }
  gl<PFNGLUSEPROGRAMPROC>("glUseProgram")(program_);
  const Matrix matrix = projection_of(*ImGui::GetDrawData());
  gl<PFNGLUNIFORMMATRIX4FVPROC>("glUniformMatrix4fv")(projection_, 1, GL_FALSE, &matrix.at[0][0]);
}

// The corners are laid out for Dear ImGui's program, which is in use here: where it has an attribute, this one has it too.
void CopyProgram::make() {
  GLint other = 0;
  gl<PFNGLGETINTEGERVPROC>("glGetIntegerv")(GL_CURRENT_PROGRAM, &other);
  const GLuint program = gl<PFNGLCREATEPROGRAMPROC>("glCreateProgram")();
  for (const auto& [kind, source] :
       {std::pair(GL_VERTEX_SHADER, kVertexShader), std::pair(GL_FRAGMENT_SHADER, kFragmentShader)}) {
    const GLuint shader = gl<PFNGLCREATESHADERPROC>("glCreateShader")(static_cast<GLenum>(kind));
    gl<PFNGLSHADERSOURCEPROC>("glShaderSource")(shader, 1, &source, nullptr);
    gl<PFNGLCOMPILESHADERPROC>("glCompileShader")(shader);
    gl<PFNGLATTACHSHADERPROC>("glAttachShader")(program, shader);
    gl<PFNGLDELETESHADERPROC>("glDeleteShader")(shader);  // once the program is gone
  }
  for (const char* name : {"Position", "UV"}) {
    const GLint place =
        gl<PFNGLGETATTRIBLOCATIONPROC>("glGetAttribLocation")(static_cast<GLuint>(other), name);
    if (place >= 0) {
      gl<PFNGLBINDATTRIBLOCATIONPROC>("glBindAttribLocation")(program, static_cast<GLuint>(place), name);
    }
  }
  gl<PFNGLLINKPROGRAMPROC>("glLinkProgram")(program);
  GLint linked = GL_FALSE;
  gl<PFNGLGETPROGRAMIVPROC>("glGetProgramiv")(program, GL_LINK_STATUS, &linked);
  if (linked != GL_TRUE) {
    gl<PFNGLDELETEPROGRAMPROC>("glDeleteProgram")(program);
    return;
  }
  program_ = program;
  projection_ = gl<PFNGLGETUNIFORMLOCATIONPROC>("glGetUniformLocation")(program, "projection");
}

}  // namespace stepscope::viewer
