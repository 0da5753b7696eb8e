// SPDX-License-Identifier: Apache-2.0
//
// Counters under the timeline: on the lanes' own axis, column by column, no spike lost; folded, chosen, read when there is one to see.
#include "viewer/timeline/counter_rows.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/gpu_job.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/frame.hpp"
#include "tests/unit/viewer/support/recording_painter.hpp"
#include "viewer/counter_board.hpp"
#include "viewer/loader.hpp"

namespace stepscope::viewer {
namespace {

class CounterRowsTest : public testing::FrameTest {
 protected:
  void SetUp() override {
    load_two();
    state.view.set_width(1000);
    // A clock that is read every 10 ms, and stands at 900 instead of 100 for one reading in each run.
    for (const Side side : {Side::kA, Side::kB}) {
      std::vector<Reading> readings;
      for (int64_t t = begin(side); t < end(side); t += kPeriod) {
        readings.push_back({t, t == spike(side) ? 900.0 : 100.0});
      }
      lines_.at(index_of(side)).series = CounterSeries(CounterMeaning(), readings);
    }
    pair_ = {{&lines_[0], &lines_[1]}};
  }
  [[nodiscard]] int64_t begin(Side side) const { return state.run(side)->begin_ns; }
  [[nodiscard]] int64_t end(Side side) const { return state.run(side)->steps.back().end_ns; }
  [[nodiscard]] int64_t spike(Side side) const { return begin(side) + 30 * kPeriod; }

  // All boxes of a side, after painting what is seen now.
  std::vector<Box> paint(Side side) {
    testing::RecordingPainter painter;
    std::array<PixelMap, 2> maps;
    for (const Side of : {Side::kA, Side::kB}) {
      state.alignment.fill(of, state.view, maps.at(index_of(of)));
    }
    CounterScratch scratch;
    paint_counter_lines(painter, state, pair_, maps, {kLeft, 0, kLeft + 1000, 40, {}}, scratch);
    const Color color = side == Side::kA ? state.colors().run_a : state.colors().run_b;
    std::vector<Box> found;
    std::copy_if(painter.all.begin(), painter.all.end(), std::back_inserter(found),
                 [&](const Box& box) { return box.color == color; });
    return found;
  }
  // Whether the highest box stands in the column of that time, as a lane would draw it.
  void expect_spike(Side side) {
    const std::vector<Box> boxes = paint(side);
    ASSERT_FALSE(boxes.empty());
    const auto highest =
        std::min_element(boxes.begin(), boxes.end(), [](const Box& x, const Box& y) { return x.y0 < y.y0; });
    const TimeRange shown = state.alignment.to_display(side, spike(side), spike(side) + kPeriod);
    const auto x0 = kLeft + static_cast<float>(std::floor(state.view.to_pixel(shown.begin_ns)));
    const auto x1 = kLeft + static_cast<float>(std::ceil(state.view.to_pixel(shown.end_ns)));
    EXPECT_LT(highest->y0, 6) << "at the upper edge";
    EXPECT_GE(highest->x0, x0 - 1);
    EXPECT_LE(highest->x1, x1 + 1);
    const float base = std::max_element(boxes.begin(), boxes.end(), [](const Box& x, const Box& y) {
                         return x.y0 < y.y0;
                       })->y0;
    EXPECT_GT(base, 30) << "and everything else near the lower one";
  }

  static constexpr int64_t kPeriod = 10'000'000;
  static constexpr float kLeft = 200;
  std::array<CounterLine, 2> lines_;
  CounterPair pair_;
};

TEST_F(CounterRowsTest, ASpikeStandsAtItsPixelAtEveryZoomAndAlignment) {
  for (const AlignMode mode : {AlignMode::kStepStart, AlignMode::kStepNormalised, AlignMode::kAbsolute}) {
    state.set_alignment(mode);
    for (const Side side : {Side::kA, Side::kB}) {
      state.fit_all();
      expect_spike(side);
      const TimeRange around = state.alignment.to_display(side, spike(side), spike(side) + kPeriod);
      state.show_display({around.begin_ns - 200e6, around.end_ns + 300e6});
      expect_spike(side);
    }
  }
}

TEST_F(CounterRowsTest, ColumnsAgreeWithLookingAtEveryReading) {
  const CounterSeries& series = lines_[1].series;
  const TimeRange whole = state.alignment.extent();
  for (const double part : {1.5, 0.3, 0.01}) {  // many readings a column, one, and many columns a reading
    state.view.show({whole.begin_ns - whole.length() * 0.02, whole.begin_ns + whole.length() * part});
    PixelMap map;
    state.alignment.fill(Side::kB, state.view, map);
    std::vector<CounterColumn> columns;
    counter_columns(series, map, columns);
    ASSERT_FALSE(columns.empty()) << part;
    size_t next = 0;
    for (size_t c = 0; c < map.columns(); ++c) {
      std::optional<std::pair<double, double>> expected;
      for (size_t i = 0; i < series.size() && map.edge[c] < map.edge[c + 1]; ++i) {
        const int64_t until = i + 1 < series.size() ? series.time(i + 1) : series.time(i) + 1;
        if (series.time(i) < map.edge[c + 1] && until > map.edge[c]) {
          const double value = series.value(i);
          expected = expected ? std::pair(std::min(expected->first, value), std::max(expected->second, value))
                              : std::pair(value, value);
        }
      }
      const bool there = next < columns.size() && columns[next].column == c;
      ASSERT_EQ(there, expected.has_value()) << c << " of " << part;
      if (there) {
        EXPECT_EQ(std::pair(columns[next].low, columns[next].high), *expected) << c << " of " << part;
        ++next;
      }
    }
    EXPECT_EQ(next, columns.size());
  }
}

TEST_F(CounterRowsTest, ARunThatIsNotOnScreenHasNoLine) {
  state.shown = Shown::kOnlyB;
  EXPECT_TRUE(paint(Side::kA).empty());
  EXPECT_FALSE(paint(Side::kB).empty());
}

TEST(CounterRoomTest, LanesKeepTheGreaterPart) {
  EXPECT_EQ(counter_room(3, true, 200, 1).height(), 0) << "no room at all";
  const CounterRoom folded = counter_room(3, false, 400, 1);
  EXPECT_EQ(folded.rows, 0U);
  EXPECT_GT(folded.height(), 0) << "the heading unfolds them";
  for (const float unit : {1.0F, 2.0F}) {
    for (const float height : {240.0F, 400.0F, 2000.0F}) {
      EXPECT_LE(counter_room(50, true, height * unit, unit).height(), height * unit * 0.4F + 20 * unit);
    }
  }
}

class CounterRowsFrameTest : public testing::FrameTest {
 protected:
  void SetUp() override {
    for (const auto& [name, spec] :
         {std::pair("a", "steps=40 kernels=60 kernel=200us comm=3ms sm_clock=1980"),
          std::pair("b", "steps=40 kernels=60 kernel=262us comm=3ms sm_clock=1410 power_cap=1")}) {
      stepscope::testing::write_gpu_job(dir_.file(name), spec);
    }
    Loader loader(dir_.file("a"), dir_.file("b"), [] {});
    while (!loader.finished()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    (void)loader.poll(state);
    settle();
  }
  void settle() {
    frames(2);
    state.background.wait();
    frames(2);
  }
  [[nodiscard]] std::vector<std::string> shown() {
    std::vector<std::string> names;
    const CounterBoard* board = counter_board(state);
    for (size_t row = 0; board != nullptr && row < board->pairs.size(); ++row) {
      const std::vector<size_t> rows = timeline_counters(state, *board);
      if (std::find(rows.begin(), rows.end(), row) != rows.end()) {
        names.push_back(board->pairs[row].any().name);
      }
    }
    return names;
  }
  stepscope::testing::TempDir dir_;
};

TEST_F(CounterRowsFrameTest, ClockAndPowerCapStandUnderTheLanesUnasked) {
  const std::vector<std::string> names = shown();
  EXPECT_NE(std::find(names.begin(), names.end(), "gpu.sm_clock_mhz"), names.end());
  EXPECT_NE(std::find(names.begin(), names.end(), "gpu.throttle.power_cap_ns"), names.end());
  EXPECT_LE(names.size(), 3U);
}

TEST_F(CounterRowsFrameTest, TheyFoldByKeyAndByTheirHeading) {
  const float unfolded = state.scroll_room;
  press(Key::kC);
  frames(2);
  EXPECT_EQ(state.panes.counters, 0);
  const float folded = state.scroll_room;
  EXPECT_GT(folded, unfolded + 30) << "the lanes have their room";
  const float heading = kToolbar + kStrip + 62 + folded + 10;
  click(600, heading);
  EXPECT_EQ(state.panes.counters, 1);
  EXPECT_EQ(state.scroll_room, unfolded);
  EXPECT_FALSE(state.selection.area.has_value());
}

TEST_F(CounterRowsFrameTest, RowsAreChosenAmongAll) {
  const CounterBoard* board = counter_board(state);
  ASSERT_NE(board, nullptr);
  const std::vector<size_t> before = timeline_counters(state, *board);
  ASSERT_FALSE(before.empty());
  toggle_timeline_counter(state, *board, before.front());
  EXPECT_EQ(timeline_counters(state, *board).size(), before.size() - 1);
  toggle_timeline_counter(state, *board, before.front());
  EXPECT_EQ(timeline_counters(state, *board), before);
  for (const size_t row : before) {
    toggle_timeline_counter(state, *board, row);
  }
  EXPECT_TRUE(timeline_counters(state, *board).empty());
  settle();
}

TEST_F(CounterRowsFrameTest, RowsAreChosenByKeysToo) {
  const CounterBoard* board = counter_board(state);
  ASSERT_NE(board, nullptr);
  const std::vector<size_t> before = timeline_counters(state, *board);
  state.open_tab(Tab::kCounters);
  settle();
  press(Key::kDown, false, true);
  press(Key::kEnter, true);
  EXPECT_NE(timeline_counters(state, *board), before);
  press(Key::kEnter, true);
  EXPECT_EQ(timeline_counters(state, *board), before);
}

// Dragging over the counters selects their time, on all lanes; the wheel zooms there as it does over lanes.
TEST_F(CounterRowsFrameTest, TheRowsAreAPartOfTheTimeline) {
  const float y = kToolbar + kStrip + 62 + state.scroll_room + 30;
  drag(400, y, 700, y);
  ASSERT_TRUE(state.selection.area.has_value());
  EXPECT_TRUE(state.selection.area->tracks.empty());
  const double before = state.view.visible().length();
  wheel(600, y, 1, true);
  EXPECT_LT(state.view.visible().length(), before);
}

}  // namespace
}  // namespace stepscope::viewer
