// SPDX-License-Identifier: Apache-2.0
//
// The linked selection through all views: linked_table() says which view shows and which sets which dimension. Here each view is
// drawn with and without each dimension, and what it drew is compared; and each is clicked all over, and what that selected is
// collected.
#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "tests/support/gpu_job.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/frame.hpp"
#include "viewer/loader.hpp"
#include "viewer/view.hpp"

namespace stepscope::viewer {
namespace {

using Dimensions = std::set<std::string>;

constexpr std::pair<const char*, Dimension> kDimensionWords[] = {{"time", Dimension::kTime},
                                                                 {"lanes", Dimension::kLanes},
                                                                 {"names", Dimension::kNames},
                                                                 {"steps", Dimension::kSteps},
                                                                 {"run", Dimension::kRun}};

Dimensions words_of(std::string_view text) {
  std::istringstream in{std::string(text)};
  return {std::istream_iterator<std::string>(in), std::istream_iterator<std::string>()};
}

std::string text_of(const Dimensions& dimensions) {
  std::string text;
  for (const std::string& one : dimensions) {
    text += (text.empty() ? "" : " ") + one;
  }
  return text;
}

class LinkedViewsTest : public testing::FrameTest {
 protected:
  // A job with a data loader, and one on a GPU: what the one has no events for, the other has.
  void load(bool gpu) {
    for (const auto& [name, changed] : {std::pair("a", false), std::pair("b", true)}) {
      const std::string path = dir.file(std::string(gpu ? "gpu-" : "loader-") + name);
      std::filesystem::create_directories(path);
      if (gpu) {
        stepscope::testing::write_gpu_job(path,
                                          changed ? "steps=12 kernels=12 kernel=262us comm=9ms sm_clock=1410"
                                                  : "steps=12 kernels=10 comm=3ms sm_clock=1980");
      } else {
        stepscope::testing::write_job(
            path, std::string("steps=12 workers=2 fetch.cpu=4ms") + (changed ? " fetch.io=40ms" : ""));
      }
    }
    const std::string kind = gpu ? "gpu-" : "loader-";
    Loader loader(dir.file(kind + "a"), dir.file(kind + "b"), [] {});
    while (!loader.finished()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    (void)loader.poll(state);
    ASSERT_TRUE(state.two_runs() && state.table_ready);
    if (!state.movers.empty()) {
      std::vector<MoverTable> tables = state.movers;
      tables[0].movers.push_back({});
      tables[0].movers.back().label = "only A has it";
      tables[0].movers.back().change = MoverChange::kGone;
      tables[0].movers.back().delta_ns = -1'000'000'000;  // stands first
      state.set_movers(std::move(tables));
    }
    state.execute(Command::kFitAll);
    frames(3);
  }

  void settle() {
    for (int i = 0; i < 2; ++i) {
      frames(2);
      state.background.wait();
    }
    frames(1);
  }

  // Everything as if nobody had done anything, and the view in front.
  void reset(const ViewRow& view) {
    state.execute(Command::kClear);  // closes what is open
    state.execute(Command::kClear);
    state.execute(Command::kFitAll);
    state.view_options = {};
    state.collapsed.clear();
    if (view.region == Region::kTab) {
      state.open_tab(view.tab);
    }
    if (std::string_view(view.id) == "histogram") {
      state.select_name(std::nullopt, name());
    }
    state.drawer_open = true;
  }

  [[nodiscard]] uint32_t busiest_lane(Side side) const {
    uint32_t best = 0;
    for (uint32_t lane = 0; lane < state.run(side)->lanes.size(); ++lane) {
      best = state.run(side)->lanes[lane].events > state.run(side)->lanes[best].events ? lane : best;
    }
    return best;
  }
  [[nodiscard]] std::string name() const {
    const RunModel& run = *state.run(Side::kB);
    return run.names[run.lanes[busiest_lane(Side::kB)].rows.front().name(3)].text;
  }
  // Another one on that lane, where there is.
  [[nodiscard]] std::string other_name() const {
    const RunModel& run = *state.run(Side::kB);
    for (const NameEntry& entry : run.names) {
      if (entry.text != name() && entry.category != Category::kCounter) {
        return entry.text;
      }
    }
    return name();
  }

  void limit(const ViewRow& view, Dimension dimension) {
    const auto slots = state.alignment.slots();
    switch (dimension) {
      case Dimension::kTime:
        state.select_area({{slots[4].display.begin_ns, slots[5].display.end_ns}, {}});
        break;
      case Dimension::kLanes:
        state.select_lane(Side::kB, static_cast<uint32_t>(state.run(Side::kB)->lanes.size()) - 1, false);
        break;
      case Dimension::kNames:
        state.select_name(std::nullopt, std::string_view(view.id) == "histogram" ? other_name() : name());
        break;
      case Dimension::kSteps:
        state.selection.steps = StepSelection{4, 5};
        state.select_run(state.selection.run);  // what hangs on the selection is made anew
        break;
      case Dimension::kRun:
        state.select_run(Side::kB);
        break;
    }
    if (view.region == Region::kTab) {
      state.open_tab(view.tab);
    }
  }

  // What the view drew in the last frame, as a number. Its ImGui windows are called after it.
  [[nodiscard]] static size_t drawn(const ViewRow& view) {
    const std::string inner = std::string("/") + view.id + "_";
    size_t hash = 17;
    const ImDrawData& data = *ImGui::GetDrawData();
    for (int n = 0; n < data.CmdListsCount; ++n) {
      const ImDrawList& list = *data.CmdLists[n];
      const std::string owner = list._OwnerName != nullptr ? list._OwnerName : "";
      if (owner != view.id && owner.find(inner) == std::string::npos &&
          owner.rfind(std::string(view.id) + "/", 0) == std::string::npos) {
        continue;
      }
      for (const ImDrawVert& vertex : list.VtxBuffer) {
        for (const float value : {vertex.pos.x, vertex.pos.y, vertex.uv.x, vertex.uv.y}) {
          hash = hash * 1000003 + std::hash<float>()(value);
        }
        hash = hash * 1000003 + vertex.col;
      }
    }
    return hash;
  }

  // The dimensions that change what is drawn, from nothing selected and from the whole run as an area.
  void collect_reads(std::map<std::string, Dimensions>& reads) {
    for (const ViewRow& view : view_table()) {
      if (view.region == Region::kOverlay) {
        continue;
      }
      for (const bool area : {false, true}) {
        for (const auto& [word, dimension] : kDimensionWords) {
          reset(view);
          if (area) {
            state.select_all();
            state.open_tab(view.region == Region::kTab ? view.tab : state.tab);
          }
          settle();
          const size_t before = drawn(view);
          settle();
          EXPECT_EQ(drawn(view), before) << view.id << " draws another picture of the same";
          limit(view, dimension);
          settle();
          if (drawn(view) != before) {
            reads[view.id].insert(word);
          }
        }
      }
    }
  }

  [[nodiscard]] Rect place_of(const ViewRow& view) const {
    const WindowLayout layout = lay_out_window(1280, 720, 1, state.panes, true);
    switch (view.region) {
      case Region::kToolbar:
        return layout.toolbar;
      case Region::kStrip:
        return layout.strip;
      case Region::kTimeline:
        return layout.timeline;
      case Region::kTable:
        return layout.table;
      case Region::kStatus:
        return layout.status;
      case Region::kTab: {
        Rect inside = layout.tabs;
        inside.y += 28;  // below the tabs
        inside.height -= 28;
        return inside;
      }
      case Region::kOverlay:
        break;
    }
    return {};
  }

  // A double-click, or a drag; `look` after each time that the button is let go.
  template <typename Look>
  void press_at(float x, float y, bool drag, const Look& look) {
    compat::send_mouse(ImGui::GetIO(), x, y);
    frames(2);
    for (int click = 0; click < (drag ? 1 : 2); ++click) {
      compat::send_button(ImGui::GetIO(), 0, true);
      frames(1);
      if (drag) {
        compat::send_mouse(ImGui::GetIO(), x + 60, y + 3);
        frames(1);
      }
      compat::send_button(ImGui::GetIO(), 0, false);
      frames(1);
      look();
    }
    compat::send_mouse(ImGui::GetIO(), -1e6F, -1e6F);
    frames(1);
  }

  void collect_sets(std::map<std::string, Dimensions>& sets, const std::set<std::string_view>& ids) {
    constexpr int kColumns = 9;
    constexpr int kRows = 13;
    constexpr int kDrags = 3;  // from places above each other: not every one is a lane
    for (const ViewRow& view : view_table()) {
      if (view.region == Region::kOverlay || !ids.contains(view.id)) {
        continue;
      }
      const Rect rect = place_of(view);
      for (int i = 0; i < kColumns * kRows + kDrags; ++i) {
        reset(view);
        if (std::string_view(view.id) == "area") {
          state.select_all();
        } else if (std::string_view(view.id) == "details") {
          state.select_event(EventRef{Side::kB, busiest_lane(Side::kB), 0, 3});
          state.selection.names.clear();
          state.selection.highlight.clear();
        }
        const bool drag = i >= kColumns * kRows;
        const Selection before = state.selection;
        frames(2);
        state.background.wait();
        frames(1);
        const auto look = [&] {
          for (const auto& [word, dimension] : kDimensionWords) {
            const bool others = dimension == Dimension::kNames && state.selection.names != before.names;
            if (limits(state.selection, dimension) && (others || !limits(before, dimension))) {
              sets[view.id].insert(word);
            }
          }
        };
        const int column = drag ? kColumns / 2 : i % kColumns;
        const int row = drag ? kRows - 2 * (i - kColumns * kRows) - 3 : i / kColumns;
        press_at(rect.x + rect.width * (static_cast<float>(column) + 0.4F) / kColumns,
                 rect.y + rect.height * (static_cast<float>(row) + 0.5F) / kRows, drag, look);
        state.search_box.focus = false;
        press(Key::kEscape);
      }
    }
  }

  void expect_table(std::map<std::string, Dimensions>& found, std::string_view LinkedRow::*column,
                    const char* what) {
    for (const ViewRow& view : view_table()) {
      Dimensions said;
      for (const LinkedRow& row : linked_table()) {
        said = row.view == view.id ? words_of(row.*column) : said;
      }
      EXPECT_EQ(text_of(found[view.id]), text_of(said))
          << "dimensions that the view " << view.id << " " << what;
    }
  }

  stepscope::testing::TempDir dir;
};

TEST_F(LinkedViewsTest, EveryViewShowsTheDimensionsThatItsRowSays) {
  std::map<std::string, Dimensions> reads;
  for (const bool gpu : {false, true}) {
    load(gpu);
    collect_reads(reads);
  }
  expect_table(reads, &LinkedRow::reads, "shows");
}

TEST_F(LinkedViewsTest, EveryViewSelectsTheDimensionsThatItsRowSays) {
  std::map<std::string, Dimensions> sets;
  std::set<std::string_view> most;
  for (const ViewRow& view : view_table()) {
    most.insert(view.id);
  }
  most.erase("movers");
  load(false);
  collect_sets(sets, most);
  load(true);
  collect_sets(sets, {"movers"});  // they need kernels
  load_two();                      // of which every place is an event
  collect_sets(sets, {"terms", "findings", "waterfall"});
  expect_table(sets, &LinkedRow::sets, "selects");
}

}  // namespace
}  // namespace stepscope::viewer
