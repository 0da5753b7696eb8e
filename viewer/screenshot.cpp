// SPDX-License-Identifier: Apache-2.0
#include "viewer/screenshot.hpp"

#include <algorithm>

#include "viewer/gl_function.hpp"

namespace stepscope::viewer {
std::optional<Offscreen> Offscreen::make(int width, int height) {
  GLuint texture = 0;
  gl<PFNGLGENTEXTURESPROC>("glGenTextures")(1, &texture);
  gl<PFNGLBINDTEXTUREPROC>("glBindTexture")(GL_TEXTURE_2D, texture);
  gl<PFNGLTEXIMAGE2DPROC>("glTexImage2D")(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA,
                                          GL_UNSIGNED_BYTE, nullptr);
  GLuint framebuffer = 0;
  gl<PFNGLGENFRAMEBUFFERSPROC>("glGenFramebuffers")(1, &framebuffer);
  gl<PFNGLBINDFRAMEBUFFERPROC>("glBindFramebuffer")(GL_FRAMEBUFFER, framebuffer);
  gl<PFNGLFRAMEBUFFERTEXTURE2DPROC>("glFramebufferTexture2D")(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0,
                                                              GL_TEXTURE_2D, texture, 0);
  if (gl<PFNGLCHECKFRAMEBUFFERSTATUSPROC>("glCheckFramebufferStatus")(GL_FRAMEBUFFER) !=
      GL_FRAMEBUFFER_COMPLETE) {
    return std::nullopt;
  }
  return Offscreen(width, height, framebuffer);
}

void Offscreen::begin(unsigned clear) const {
  gl<PFNGLBINDFRAMEBUFFERPROC>("glBindFramebuffer")(GL_FRAMEBUFFER, framebuffer_);
  gl<PFNGLVIEWPORTPROC>("glViewport")(0, 0, width_, height_);
  const auto part = [&](unsigned shift) { return static_cast<float>((clear >> shift) & 0xFFU) / 255.0F; };
  gl<PFNGLCLEARCOLORPROC>("glClearColor")(part(16), part(8), part(0), 1.0F);
  gl<PFNGLCLEARPROC>("glClear")(GL_COLOR_BUFFER_BIT);
}

Picture Offscreen::read() const {
  Picture picture{width_, height_, {}};
  const size_t stride = static_cast<size_t>(width_) * 4;
  picture.rgba.resize(stride * static_cast<size_t>(height_));
  gl<PFNGLPIXELSTOREIPROC>("glPixelStorei")(GL_PACK_ALIGNMENT, 1);
  gl<PFNGLREADPIXELSPROC>("glReadPixels")(0, 0, width_, height_, GL_RGBA, GL_UNSIGNED_BYTE,
                                          picture.rgba.data());
  // GL counts rows from the bottom.
  for (size_t top = 0, bottom = static_cast<size_t>(height_) - 1; top < bottom; ++top, --bottom) {
    const auto row = [&](size_t r) { return picture.rgba.begin() + static_cast<std::ptrdiff_t>(r * stride); };
    std::swap_ranges(row(top), row(top + 1), row(bottom));
  }
  for (size_t i = 3; i < picture.rgba.size(); i += 4) {
    picture.rgba[i] = 255;
  }
  return picture;
}

}  // namespace stepscope::viewer
