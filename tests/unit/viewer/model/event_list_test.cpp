// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/event_list.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/model/axis.hpp"

namespace stepscope::viewer {
namespace {

const std::atomic<bool> kListOn{false};

class EventListTest : public ::testing::Test {
 protected:
  EventListTest()
      : a_(testing::training_run("a", {})),
        b_(testing::training_run("b", {.steps = 30, .wait = 9'000'000})) {}

  [[nodiscard]] EventList list(EventOrder order, bool descending, const std::string& name = "") const {
    const std::array<EventFilter, 2> filters{EventFilter{chosen_names(*a_, {name, false}), whole_run(*a_)},
                                             EventFilter{chosen_names(*b_, {name, false}), whole_run(*b_)}};
    return {{a_.get(), b_.get()}, filters, order, descending, kListOn};
  }
  [[nodiscard]] const EventRow& row(const EventRef& ref) const {
    return (ref.side == Side::kA ? *a_ : *b_).lanes[ref.lane].rows[ref.row];
  }
  [[nodiscard]] const std::string& name(const EventRef& ref) const {
    return (ref.side == Side::kA ? *a_ : *b_).names[row(ref).name(ref.index)].text;
  }

  std::shared_ptr<const RunModel> a_;
  std::shared_ptr<const RunModel> b_;
};

TEST_F(EventListTest, EveryEventIsThereOnce) {
  const EventList all = list(EventOrder::kStart, false);
  EXPECT_EQ(all.size(), a_->events + b_->events);
  std::set<std::tuple<Side, uint32_t, uint32_t, uint32_t>> seen;
  for (size_t i = 0; i < all.size(); ++i) {
    const EventRef ref = all.at(i);
    seen.insert({ref.side, ref.lane, ref.row, ref.index});
  }
  EXPECT_EQ(seen.size(), all.size());
}

TEST_F(EventListTest, StandsInTheOrderAskedFor) {
  const EventList longest = list(EventOrder::kDuration, true);
  const EventList names = list(EventOrder::kName, false);
  const EventList starts = list(EventOrder::kStart, false);
  for (size_t i = 1; i < longest.size(); ++i) {
    EXPECT_GE(row(longest.at(i - 1)).duration(longest.at(i - 1).index),
              row(longest.at(i)).duration(longest.at(i).index));
    EXPECT_LE(name(names.at(i - 1)), name(names.at(i)));
    EXPECT_LE(row(starts.at(i - 1)).start(starts.at(i - 1).index),
              row(starts.at(i)).start(starts.at(i).index));
  }
}

TEST_F(EventListTest, OnlyTheChosenName) {
  const EventList waits = list(EventOrder::kStart, false, "wait for batch");
  EXPECT_EQ(waits.size(), 70U);
  for (size_t i = 0; i < waits.size(); ++i) {
    EXPECT_EQ(name(waits.at(i)), "wait for batch");
  }
}

TEST(AxisTicks, AreRoundAndInside) {
  const Axis linear(130, 470, false);
  EXPECT_EQ(linear.ticks(4), (std::vector<double>{200, 300, 400}));
  EXPECT_NEAR(linear.share(300), 0.5, 1e-9);
  EXPECT_NEAR(linear.value(linear.share(222)), 222, 1e-9);
  const Axis decades(50, 2e6, true);
  const auto ticks = decades.ticks(10);
  ASSERT_EQ(ticks.size(), 5U);
  EXPECT_NEAR(ticks.front(), 100, 1e-6);
  EXPECT_NEAR(ticks.back(), 1e6, 1e-3);
  EXPECT_NEAR(decades.value(decades.share(12345)), 12345, 1e-6);
  EXPECT_NEAR(decades.share(50), 0, 1e-12);
  EXPECT_LE(decades.ticks(2).size(), 3U);
}

}  // namespace
}  // namespace stepscope::viewer
