// SPDX-License-Identifier: Apache-2.0
//
// Window layout: where the regions of the window stand, and the sizes that a person can drag. Pure.
//
//   toolbar
//   step strip          (dragged by its lower edge)
//   timeline
//   drawer              (dragged by its upper edge): table | tabs (dragged by the line between), or one thing in a narrow window
//   status
//
// What there is no room for is left out: first the strip, then the drawer; the timeline stays.
#pragma once

#include <string>
#include <string_view>

namespace stepscope::viewer {

struct Panes {
  float strip = 104;     // pixels at scale 1
  float drawer = 0.30F;  // of the window's height
  float table = 0.56F;   // of the drawer's width
  float counters = 1;    // rows of counters under the timeline: 1 shown, 0 folded away
  friend bool operator==(const Panes&, const Panes&) = default;
};

struct Rect {
  float x = 0;
  float y = 0;
  float width = 0;
  float height = 0;  // 0: not there
  [[nodiscard]] float right() const { return x + width; }
  [[nodiscard]] float bottom() const { return y + height; }
  [[nodiscard]] bool shown() const { return width > 0 && height > 0; }
};

struct WindowLayout {
  Rect toolbar, strip, timeline, table, tabs, status;
  Rect strip_edge, drawer_edge, table_edge;  // to be dragged; of what is not there: not there
};

// `unit`: pixels per pixel at scale 1.
[[nodiscard]] WindowLayout lay_out_window(float width, float height, float unit, const Panes& panes,
                                          bool drawer_open);
// Sizes within what is sensible.
[[nodiscard]] Panes clamped(const Panes& panes);

// As kept between sessions: "strip 104\ndrawer 0.3\ntable 0.56\ncounters 1\n".
[[nodiscard]] std::string panes_text(const Panes& panes);
// False, and `panes` as it was, when the text is not what panes_text() makes. Unknown lines are skipped.
[[nodiscard]] bool parse_panes(std::string_view text, Panes& panes);

}  // namespace stepscope::viewer
