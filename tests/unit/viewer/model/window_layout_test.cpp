// SPDX-License-Identifier: Apache-2.0
//
// Regions of the window at every size and scale, and the sizes that are kept.
#include "viewer/model/window_layout.hpp"

#include <array>
#include <initializer_list>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

bool apart(const Rect& a, const Rect& b) {
  return !a.shown() || !b.shown() || a.right() <= b.x || b.right() <= a.x || a.bottom() <= b.y ||
         b.bottom() <= a.y;
}

TEST(WindowLayout, RegionsNeverOverlapNorLeaveTheWindow) {
  for (const float unit : {0.6F, 1.0F, 1.5F, 2.0F, 3.0F}) {
    for (const float width : {300.0F, 640.0F, 1280.0F, 3840.0F}) {
      for (const float height : {200.0F, 240.0F, 480.0F, 720.0F, 2160.0F}) {
        for (const Panes& panes : {Panes(), Panes{400, 0.8F, 0.8F}, Panes{60, 0.1F, 0.2F}}) {
          const WindowLayout layout = lay_out_window(width, height, unit, panes, true);
          const std::array regions{layout.toolbar, layout.strip,       layout.timeline, layout.table,
                                   layout.tabs,    layout.drawer_edge, layout.status};
          for (size_t i = 0; i < regions.size(); ++i) {
            for (size_t j = i + 1; j < regions.size() && height >= 150 * unit; ++j) {
              EXPECT_TRUE(apart(regions[i], regions[j]))
                  << unit << " " << width << "x" << height << " " << i << j;
            }
            EXPECT_LE(regions[i].right(), width);
            EXPECT_LE(regions[i].bottom(), std::max(height, 65 * unit));
          }
          EXPECT_TRUE(layout.timeline.shown());
        }
      }
    }
  }
}

TEST(WindowLayout, WithoutRoomTheStripGoesFirstThenTheDrawer) {
  const auto at = [](float height) { return lay_out_window(640, height, 1, Panes(), true); };
  EXPECT_TRUE(at(480).strip.shown() && at(480).tabs.shown());
  EXPECT_TRUE(!at(260).strip.shown() && at(260).tabs.shown());
  EXPECT_TRUE(!at(200).strip.shown() && !at(200).tabs.shown());
  EXPECT_GE(at(200).timeline.height, 84);
  const WindowLayout doubled = lay_out_window(640, 520, 2, Panes(), true);
  EXPECT_TRUE(!doubled.strip.shown() && doubled.tabs.shown()) << "scale counts like size";
}

TEST(WindowLayout, ANarrowDrawerShowsOneThing) {
  EXPECT_FALSE(lay_out_window(899, 720, 1, Panes(), true).table.shown());
  const WindowLayout wide = lay_out_window(1000, 720, 1, Panes(), true);
  EXPECT_EQ(wide.tabs.x, 560);
  EXPECT_TRUE(wide.table_edge.shown());
  EXPECT_FALSE(lay_out_window(1000, 720, 1, Panes(), false).tabs.shown());
}

TEST(Panes, AreKeptAsTextAndNonsenseIsRefused) {
  const Panes kept{150, 0.45F, 0.3F};
  Panes read;
  EXPECT_TRUE(parse_panes(panes_text(kept), read));
  EXPECT_EQ(read, kept);
  EXPECT_TRUE(parse_panes("strip 9999\nof a newer viewer\n", read));
  EXPECT_EQ(read.strip, 400);
  for (const char* wrong : {"strip", "strip wide\n", "drawer 0.3x\n", "strip nan\n", "\x01\x02"}) {
    const Panes before = read;
    EXPECT_FALSE(parse_panes(wrong, read)) << wrong;
    EXPECT_EQ(read, before);
  }
}

}  // namespace
}  // namespace stepscope::viewer
