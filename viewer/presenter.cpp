// SPDX-License-Identifier: Apache-2.0
#include "viewer/presenter.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include <GLFW/glfw3.h>
#include <backends/imgui_impl_opengl3.h>

#include "viewer/imgui_compat.hpp"
#include "viewer/model/damage.hpp"

namespace stepscope::viewer {
namespace {

// Four sums side by side, so that the processor does not wait for one multiplication after the other.
class Hash {
 public:
  template <typename Item>
  void add(std::span<const Item> items) {
    add_bytes(reinterpret_cast<const uint8_t*>(items.data()), items.size_bytes());
  }
  template <typename Item>
  void add_one(const Item& item) {
    add(std::span<const Item>(&item, 1));
  }
  [[nodiscard]] uint64_t value() const {
    uint64_t all = 0;
    for (const uint64_t sum : sums_) {
      all = mix(all, sum);
    }
    return all;
  }

 private:
  static uint64_t mix(uint64_t sum, uint64_t word) { return std::rotl(sum ^ word, 29) * 0x9E3779B97F4A7C15U; }

  void add_bytes(const uint8_t* bytes, size_t size) {
    constexpr size_t kWord = sizeof(uint64_t);
    constexpr size_t kBlock = 4 * kWord;
    const auto word = [&](size_t at) {
      uint64_t read = 0;
      std::memcpy(&read, bytes + at, kWord);
      return read;
    };
    size_t at = 0;
    for (; at + kBlock <= size; at += kBlock) {
      for (size_t lane = 0; lane < 4; ++lane) {
        sums_[lane] = mix(sums_[lane], word(at + lane * kWord));
      }
    }
    for (; at < size; at += kWord) {
      uint64_t rest = 0;
      std::memcpy(&rest, bytes + at, std::min(kWord, size - at));
      sums_[0] = mix(sums_[0], rest);
    }
    sums_[1] = mix(sums_[1], size);
  }

  uint64_t sums_[4] = {1, 2, 3, 4};
};

float share(uint8_t of_255) {
  return static_cast<float>(of_255) / 255.0F;
}

// A function of GLX: they are no part of OpenGL, and GLFW brings no declaration.
template <typename Function>
Function glx(const char* name) {
  return reinterpret_cast<Function>(glfwGetProcAddress(name));
}

}  // namespace

uint64_t draw_hash(const ImDrawData& data) {
  Hash hash;
  hash.add_one(data.DisplayPos);
  hash.add_one(data.DisplaySize);
  hash.add_one(data.FramebufferScale);
  for (const ImDrawList* list : compat::draw_lists(data)) {
    hash.add(std::span<const ImDrawVert>(list->VtxBuffer.Data, static_cast<size_t>(list->VtxBuffer.Size)));
    hash.add(std::span<const ImDrawIdx>(list->IdxBuffer.Data, static_cast<size_t>(list->IdxBuffer.Size)));
    for (const ImDrawCmd& command : list->CmdBuffer) {
      hash.add_one(command.ClipRect);
      hash.add_one(command.GetTexID());
      hash.add_one(command.VtxOffset);
      hash.add_one(command.IdxOffset);
      hash.add_one(command.ElemCount);
    }
  }
  return hash.value();
}

Presenter::Presenter(GLFWwindow* window, bool remote) : window_(window), remote_(remote) {
  if (!remote) {
    return;
  }
  glfwSwapInterval(0);  // what takes time is the way there
  // True with GLX alone, so the names below are functions of it.
  if (glfwExtensionSupported("GLX_MESA_copy_sub_buffer") == GLFW_TRUE) {
    display_ = glx<void* (*)()>("glXGetCurrentDisplay")();
    drawable_ = glx<unsigned long (*)()>("glXGetCurrentDrawable")();
    copy_ = glx<CopySubBuffer>("glXCopySubBufferMESA");
  }
}

bool Presenter::present(ImDrawData& data, Color ground, bool exposed) {
  int width = 0;
  int height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  const bool known = !exposed && width == width_ && height == height_ && !compat::textures_pending(data);
  const uint64_t hash = known ? draw_hash(data) : 0;
  if (known && hash == shown_hash_) {
    return false;
  }
  width_ = width;
  height_ = height;
  draw(data, ground);
  shown_hash_ = known ? hash : draw_hash(data);  // the back end has made the textures now
  if (copy_ == nullptr) {
    glfwSwapBuffers(window_);
  } else {
    if (!known) {
      shown_.clear();
    }
    show_changes();
  }
  if (remote_) {
    wait_for_arrival();
  }
  return true;
}

void Presenter::draw(ImDrawData& data, Color ground) const {
  glViewport(0, 0, width_, height_);
  glClearColor(share(ground.r), share(ground.g), share(ground.b), 1.0F);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(&data);
}

void Presenter::show_changes() {
  drawn_.resize(static_cast<size_t>(width_) * static_cast<size_t>(height_));
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, width_, height_, GL_BGRA, GL_UNSIGNED_BYTE, drawn_.data());
  if (shown_.size() != drawn_.size()) {
    glfwSwapBuffers(window_);
  } else {
    // Rows count from the bottom in all three: what was read, what is compared and what is shown.
    for (const PixelRect& part : damage(shown_, drawn_, width_)) {
      copy_(display_, drawable_, part.x, part.y, part.width, part.height);
    }
  }
  shown_.swap(drawn_);
}

// Answered by the display after all that was sent before: a question that costs nothing there.
void Presenter::wait_for_arrival() const {
  double x = 0;
  double y = 0;
  glfwGetCursorPos(window_, &x, &y);
}

}  // namespace stepscope::viewer
