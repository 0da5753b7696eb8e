// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/window_layout.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace stepscope::viewer {
namespace {

// At scale 1.
constexpr float kToolbarHeight = 40;
constexpr float kStatusHeight = 24;
constexpr float kEdge = 5;
constexpr float kLeastTimeline = 84;   // its rulers and a lane
constexpr float kUsualTimeline = 120;  // what a drawer that is dragged up leaves
constexpr float kLeastDrawer = 80;
constexpr float kNarrow = 900;  // below it the drawer shows one thing at a time

struct Field {
  std::string_view name;
  float Panes::*value;
  float low;
  float high;
};
constexpr Field kFields[] = {{"strip", &Panes::strip, 60, 400},
                             {"drawer", &Panes::drawer, 0.1F, 0.8F},
                             {"table", &Panes::table, 0.2F, 0.8F},
                             {"counters", &Panes::counters, 0, 1}};

bool parse_line(std::string_view line, Panes& panes) {
  const size_t blank = line.find(' ');
  const std::string_view name = line.substr(0, blank);
  if (blank == std::string_view::npos) {
    return line.empty();
  }
  for (const Field& field : kFields) {
    if (field.name == name) {
      float value = 0;
      const std::string_view text = line.substr(blank + 1);
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
      if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || !std::isfinite(value)) {
        return false;
      }
      panes.*field.value = value;
    }
  }
  return true;
}

}  // namespace

WindowLayout lay_out_window(float width, float height, float unit, const Panes& panes, bool drawer_open) {
  const auto px = [unit](float size) { return std::floor(size * unit); };
  const Panes sizes = clamped(panes);
  WindowLayout layout;
  layout.toolbar = {0, 0, width, px(kToolbarHeight)};
  layout.status = {0, height - px(kStatusHeight), width, px(kStatusHeight)};
  const float least_drawer = drawer_open ? px(kLeastDrawer) + px(kEdge) : 0;
  const float room = height - layout.toolbar.height - layout.status.height;
  float strip = px(sizes.strip);
  if (room - strip - least_drawer < px(kLeastTimeline)) {
    strip = 0;
  }
  const float middle = room - strip;
  float drawer = 0;
  if (drawer_open && middle - least_drawer >= px(kLeastTimeline)) {
    const float most = std::max(px(kLeastDrawer), middle - px(kEdge) - px(kUsualTimeline));
    drawer = std::floor(std::clamp(height * sizes.drawer, px(kLeastDrawer), most));
  }
  const float edge = drawer > 0 ? px(kEdge) : 0;
  const float top = layout.toolbar.bottom();
  if (strip > 0) {
    layout.strip = {0, top, width, strip - 1};
    layout.strip_edge = {0, top + strip - px(kEdge), width, px(kEdge)};
  }
  layout.timeline = {0, top + strip, width, std::max(1.0F, middle - drawer - edge)};
  if (drawer > 0) {
    const float y = layout.timeline.bottom();
    layout.drawer_edge = {0, y, width, edge};
    const bool narrow = width < kNarrow * unit;
    const float left = narrow ? 0 : std::floor(width * sizes.table);
    layout.table = {0, y + edge, std::max(0.0F, left - 1), drawer};
    layout.tabs = {left, y + edge, width - left, drawer};
    if (!narrow) {
      layout.table_edge = {left - std::floor(px(kEdge) / 2), y + edge, px(kEdge), drawer};
    }
  }
  return layout;
}

Panes clamped(const Panes& panes) {
  Panes sizes = panes;
  for (const Field& field : kFields) {
    sizes.*field.value = std::clamp(sizes.*field.value, field.low, field.high);
  }
  return sizes;
}

std::string panes_text(const Panes& panes) {
  std::string text;
  for (const Field& field : kFields) {
    text += fmt::format("{} {}\n", field.name, panes.*field.value);
  }
  return text;
}

bool parse_panes(std::string_view text, Panes& panes) {
  Panes read = panes;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (!parse_line(text.substr(0, end), read)) {
      return false;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  panes = clamped(read);
  return true;
}

}  // namespace stepscope::viewer
