// SPDX-License-Identifier: Apache-2.0
//
// RecordingPainter: remembers what was painted, primitive by primitive.
#pragma once

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "viewer/painter.hpp"

namespace stepscope::viewer::testing {

class RecordingPainter final : public Painter {
 public:
  struct Text {
    float x, y, clip_x1;
    std::string text;
  };
  void boxes(std::span<const Box> some) override { all.insert(all.end(), some.begin(), some.end()); }
  void many_boxes(std::span<const Box> some, const Box&) override { boxes(some); }
  void outline(const Box& box, float) override { outlines.push_back(box); }
  void line(float, float, float, float, Color, float) override {}
  void text(float x, float y, float clip_x1, Color, std::string_view string) override {
    texts.push_back({x, y, clip_x1, std::string(string)});
  }
  void triangle(float x, float y, float, bool, Color) override { triangles.push_back({x, y}); }
  void push_clip(float, float, float, float) override {}
  void pop_clip() override {}
  [[nodiscard]] float text_width(std::string_view string) override {
    return 7.0F * static_cast<float>(string.size());
  }
  [[nodiscard]] float line_height() override { return 13; }

  [[nodiscard]] std::vector<Box> of(Category category) const {
    std::vector<Box> found;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found),
                 [&](const Box& box) { return box.color == category_color(category, Theme::kDark); });
    return found;
  }
  [[nodiscard]] bool says(const std::string& string) const {
    return std::any_of(texts.begin(), texts.end(), [&](const Text& text) { return text.text == string; });
  }

  std::vector<Box> all;
  std::vector<Box> outlines;
  std::vector<std::pair<float, float>> triangles;
  std::vector<Text> texts;
};

}  // namespace stepscope::viewer::testing
