// SPDX-License-Identifier: Apache-2.0
//
// Boxes in five dimensions, compared with what they contain point by point.
#include "viewer/model/selection_algebra.hpp"

#include <random>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

// One thing that a selection may take in.
struct Point {
  double time = 0;
  size_t step = 0;
  std::string name;
  std::string lane;
  Side side = Side::kA;
};

bool takes(const Selection& selection, const Point& point) {
  return (!selection.area ||
          (selection.area->display.begin_ns <= point.time && point.time <= selection.area->display.end_ns)) &&
         (!selection.steps ||
          (selection.steps->first <= point.step && point.step <= selection.steps->last)) &&
         (selection.names.empty() || selection.names.contains(point.name)) &&
         (selection.lanes.empty() || selection.lanes.contains(point.lane)) &&
         (!selection.run || *selection.run == point.side);
}

std::vector<Point> all_points() {
  std::vector<Point> points;
  for (const double time : {0.0, 1.0, 2.0, 3.0}) {
    for (const size_t step : {0U, 1U, 2U}) {
      for (const char* name : {"forward", "backward"}) {
        for (const char* lane : {"main/stream", "worker/thread"}) {
          for (const Side side : {Side::kA, Side::kB}) {
            points.push_back({time, step, name, lane, side});
          }
        }
      }
    }
  }
  return points;
}

Selection random_selection(std::mt19937_64& random) {
  const auto coin = [&] { return random() % 2 == 0; };
  Selection made;
  if (coin()) {
    const auto begin = static_cast<double>(random() % 4);
    made.area = AreaSelection{{begin, begin + static_cast<double>(random() % 3)}, {}};
  }
  if (coin()) {
    made.select_name(coin() ? "forward" : "backward", false);
    made.highlight.clear();
  }
  if (coin()) {
    made.select_lane(coin() ? "main/stream" : "worker/thread", false);
  }
  if (coin()) {
    const size_t first = random() % 3;
    made.steps = StepSelection{first, first + random() % 2};
  }
  if (coin()) {
    made.run = coin() ? Side::kA : Side::kB;
  }
  return made;
}

TEST(SelectionAlgebra, IntersectionHullAndContainsAgreeWithTheirPoints) {
  const std::vector<Point> points = all_points();
  std::mt19937_64 random(7);
  size_t met = 0;
  for (int round = 0; round < 2000; ++round) {
    const Selection a = random_selection(random);
    const Selection b = random_selection(random);
    const auto both = intersection(a, b);
    const Selection either = hull(a, b);
    for (const Point& point : points) {
      EXPECT_EQ(both && takes(*both, point), takes(a, point) && takes(b, point));
      EXPECT_TRUE(takes(either, point) || (!takes(a, point) && !takes(b, point)));
      if (contains(a, b)) {
        EXPECT_TRUE(takes(a, point) || !takes(b, point));
      }
    }
    met += both ? 1U : 0U;
    EXPECT_TRUE(contains(either, a) && contains(either, b));
    if (both) {
      EXPECT_TRUE(contains(a, *both) && contains(b, *both));
    }
    EXPECT_TRUE(contains(a, a));
    EXPECT_EQ(intersection(a, Selection()), a) << "an empty selection is everything";
  }
  EXPECT_GT(met, 500U);
  EXPECT_LT(met, 1900U);
}

TEST(SelectionAlgebra, ADimensionIsClearedAlone) {
  Selection all;
  all.area = AreaSelection{{1, 2}, {3}};
  all.steps = StepSelection{4, 5};
  all.names = {"forward"};
  all.lanes = {"main/stream"};
  all.run = Side::kB;
  for (const Dimension cleared : kDimensions) {
    const Selection rest = without(all, cleared);
    for (const Dimension other : kDimensions) {
      EXPECT_EQ(limits(rest, other), other != cleared);
    }
  }
  EXPECT_TRUE(without(all, Dimension::kLanes).area->tracks.empty()) << "time stays, its lanes go";
}

TEST(SelectionAlgebra, TracksOfTwoAreasMeet) {
  Selection a;
  a.area = AreaSelection{{0, 10}, {1, 2}};
  Selection b;
  b.area = AreaSelection{{5, 20}, {3, 2}};
  ASSERT_TRUE(intersection(a, b).has_value());
  EXPECT_EQ(intersection(a, b)->area, (AreaSelection{{5, 10}, {2}}));
  EXPECT_EQ(hull(a, b).area, (AreaSelection{{0, 20}, {1, 2, 3}}));
  b.area->tracks = {3};
  EXPECT_FALSE(intersection(a, b).has_value());
}

TEST(SelectionAlgebra, TheSummaryCountsWhatIsSelected) {
  Selection selection;
  EXPECT_EQ(summary(selection), "");
  selection.run = Side::kB;
  EXPECT_EQ(summary(selection), "only B");
  selection.steps = StepSelection{3, 6};
  selection.names = {"forward"};
  selection.lanes = {"a/b", "a/c"};
  EXPECT_EQ(summary(selection), "4 steps, 1 name, 2 lanes, only B");
}

TEST(Selection, AClickSelectsOneNameAClickWithControlOneMoreAndTheSameAgainNone) {
  Selection selection;
  selection.select_name("forward", false);
  EXPECT_EQ(selection.names, (std::set<std::string>{"forward"}));
  selection.select_name("backward", true);
  EXPECT_EQ(selection.names.size(), 2U);
  selection.select_name("forward", true);
  EXPECT_EQ(selection.names, (std::set<std::string>{"backward"}));
  EXPECT_EQ(selection.highlight, "backward");
  selection.select_name("backward", false);
  EXPECT_TRUE(selection.empty());
}

TEST(Selection, AnEventGoesOutOfFocusWhenAnotherNameIsSelected) {
  Selection selection;
  selection.select_event({Side::kB, 1, 2, 3}, "forward");
  EXPECT_EQ(selection.names, (std::set<std::string>{"forward"}));
  selection.select_name("backward", false);
  EXPECT_FALSE(selection.event.has_value());
}

}  // namespace
}  // namespace stepscope::viewer
