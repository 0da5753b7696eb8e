// SPDX-License-Identifier: Apache-2.0
//
// What clicks ask of whole recordings: never answered on the thread that asks, and never by an answer to something else. The
// recording of these runs answers only once it is allowed to.
#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/app_state.hpp"
#include "viewer/questions.hpp"

namespace stepscope::viewer {
namespace {

// Holds every reader of a recording up until it is opened.
class Gate {
 public:
  void open() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      open_ = true;
    }
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
    on_asking_thread_ = on_asking_thread_ || std::this_thread::get_id() == asking_;
  }
  [[nodiscard]] bool passed_on_asking_thread() const { return on_asking_thread_; }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
  bool on_asking_thread_ = false;
  std::thread::id asking_ = std::this_thread::get_id();
};

class AnswersTest : public ::testing::Test {
 protected:
  AnswersTest() : state(Options()) {
    state.set_run(Side::kA, guarded("healthy", {}));
    state.set_run(Side::kB, guarded("slow", {.wait = 25'000'000}));
    state.view.set_width(1000);
  }
  ~AnswersTest() override {
    gate->open();
    EXPECT_FALSE(gate->passed_on_asking_thread());
  }
  [[nodiscard]] std::shared_ptr<const RunModel> guarded(const std::string& label,
                                                        const testing::LoopShape& shape) const {
    RunModel run = *testing::training_run(label, shape);
    run.details = [at = gate](uint32_t, trace::Kind, int64_t start_ns, int64_t) {
      at->pass();
      return Details{{"start", std::to_string(start_ns)}};
    };
    run.flows = [at = gate](uint32_t lane, trace::Kind, int64_t start_ns, int64_t duration_ns) {
      at->pass();
      return std::vector<FlowModel>{{FlowKind::kLaunch, true, lane, start_ns + duration_ns, 20'000'000}};
    };
    run.leaves = [at = gate](uint32_t, int64_t begin_ns, int64_t end_ns) {
      at->pass();
      return LeafTimes{{"idle.host", end_ns - begin_ns}};
    };
    return std::make_shared<const RunModel>(std::move(run));
  }
  [[nodiscard]] std::string start_of(const EventRef& ref) const {
    return std::to_string(state.row_of(ref).start(ref.index));
  }
  // An event of the given step: 0 wait, 1 forward, 2 backward, 3 optimizer.
  static EventRef event(Side side, uint32_t step, uint32_t which) { return {side, 0, 0, 4 * step + which}; }
  void answer() {
    gate->open();
    state.wait();
  }

  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  AppState state;
};

TEST_F(AnswersTest, DetailsAndArrowsComeWhenTheyAreFound) {
  state.select_event(event(Side::kA, 5, 1));
  EXPECT_TRUE(state.event_pending());
  EXPECT_TRUE(state.details.empty());
  EXPECT_FALSE(state.take_answers());
  state.execute(Command::kFollowFlow);  // is followed once it is known
  EXPECT_EQ(state.selection.event, event(Side::kA, 5, 1));
  answer();
  EXPECT_EQ(state.selection.event, event(Side::kA, 5, 2)) << "the arrow leads from forward to backward";
  EXPECT_FALSE(state.event_pending());
  ASSERT_EQ(state.details.size(), 1U);
  EXPECT_EQ(state.details[0].second, start_of(event(Side::kA, 5, 2)));
}

TEST_F(AnswersTest, AnAnswerToWhatWasSelectedBeforeIsDropped) {
  state.select_event(event(Side::kA, 5, 0));
  state.select_event(event(Side::kB, 7, 2));
  EXPECT_TRUE(state.event_pending());
  answer();
  ASSERT_EQ(state.details.size(), 1U);
  EXPECT_EQ(state.details[0].second, start_of(event(Side::kB, 7, 2)));
  for (const Flow& flow : state.flows) {
    EXPECT_EQ(flow.event.side, Side::kB);
  }
}

TEST_F(AnswersTest, AnAnswerAboutARunThatIsNoLongerShownIsDropped) {
  state.select_event(event(Side::kA, 5, 0));
  testing::LoopShape other;
  other.wait = 1'000'000;
  state.set_run(Side::kA, guarded("another", other));
  EXPECT_FALSE(state.selection.event.has_value()) << "it has no such event";
  answer();
  EXPECT_TRUE(state.details.empty());
  EXPECT_TRUE(state.flows.empty());
  // The same run read again has it still, and is asked itself.
  state.select_event(event(Side::kB, 3, 1));
  state.set_run(Side::kB, guarded("slow", {.steps = 60, .wait = 25'000'000}));
  EXPECT_EQ(state.selection.event, event(Side::kB, 3, 1));
  state.wait();
  ASSERT_EQ(state.details.size(), 1U);
  EXPECT_EQ(state.details[0].second, start_of(event(Side::kB, 3, 1)));
}

TEST_F(AnswersTest, TheCausesOfAGapComeWhenTheyAreFound) {
  const GapRef gap{Side::kA, 1, 80'000'000, 87'000'000};
  state.select_gap(gap);
  EXPECT_TRUE(state.gap_pending());
  EXPECT_TRUE(state.gap_causes.empty());
  answer();
  EXPECT_EQ(state.gap_causes, (LeafTimes{{"idle.host", 7'000'000}}));
}

TEST_F(AnswersTest, AnAreaThatIsLeftAgainLeavesNoNumbers) {
  state.select_event(event(Side::kA, 5, 0));  // holds the thread up
  state.select_area({state.alignment.slots()[3].display, {}});
  EXPECT_TRUE(state.area_pending());
  EXPECT_FALSE(state.area[0].has_value());
  state.select_steps(4, 5, false);
  answer();
  EXPECT_FALSE(state.area[0].has_value());
  EXPECT_FALSE(state.area_pending());
}

TEST_F(AnswersTest, OfTwoAreasTheLastOnesNumbersAreShownOfTheRunsThatAreShownByThen) {
  state.select_event(event(Side::kA, 5, 0));  // holds the thread up
  state.select_area({state.alignment.slots()[3].display, {}});
  state.select_area({state.alignment.slots()[8].display, {0}});
  state.shown = Shown::kOnlyB;
  answer();
  EXPECT_FALSE(state.area[0].has_value());
  ASSERT_TRUE(state.area[1].has_value());
  EXPECT_EQ(state.area[1]->lanes, 1U);
}

TEST_F(AnswersTest, TheKeyOfTheNextMatchCanBePressedFasterThanMatchesAreFound) {
  state.shown = Shown::kOnlyA;
  state.fit_all();
  state.search_for("backward");
  state.clicks.post(std::make_shared<Cancelled>(false), [at = gate] { at->pass(); });  // holds the thread up
  for (int press = 0; press < 5; ++press) {
    state.find(true);
  }
  state.find(false);
  EXPECT_TRUE(state.find_pending());
  EXPECT_FALSE(state.selection.event.has_value());
  answer();
  EXPECT_EQ(state.selection.event, event(Side::kA, 3, 2)) << "five on, one back";
  EXPECT_FALSE(state.find_pending());
}

TEST_F(AnswersTest, AMatchDoesNotPullAwayFromWhatWasSelectedMeanwhile) {
  state.select_event(event(Side::kA, 30, 0));  // holds the thread up
  state.search_for("optimizer");
  state.search_for("AdamW");
  state.find(true);
  state.select_event(event(Side::kA, 1, 1));
  const TimeRange seen = state.view.visible();
  answer();
  EXPECT_EQ(state.selection.event, event(Side::kA, 1, 1));
  EXPECT_EQ(state.view.visible(), seen);
}

TEST_F(AnswersTest, ASearchThatIsGivenUpFindsNothing) {
  state.select_event(event(Side::kA, 30, 0));  // holds the thread up
  state.search_for("AdamW");
  state.find(true);
  EXPECT_TRUE(state.find_pending());
  state.search_for("");
  EXPECT_FALSE(state.find_pending());
  answer();
  EXPECT_EQ(state.selection.event, event(Side::kA, 30, 0));
}

TEST_F(AnswersTest, TheAxisChangesOnceTheEventToAlignByIsFound) {
  state.select_event(event(Side::kB, 9, 2));  // holds the thread up
  const double before = state.alignment.to_display(Side::kA, state.run(Side::kA)->steps[9].begin_ns);
  state.align_by_selection();
  EXPECT_EQ(state.align_mode, AlignMode::kAnchor);
  EXPECT_TRUE(state.axis_pending());
  EXPECT_EQ(state.alignment.to_display(Side::kA, state.run(Side::kA)->steps[9].begin_ns), before);
  answer();
  EXPECT_FALSE(state.axis_pending());
  ASSERT_TRUE(state.anchor.has_value());
  EXPECT_EQ(state.anchor->title(), "backward, 1st of the step");
  const EventRef in_a = event(Side::kA, 9, 2);
  EXPECT_NEAR(state.display_of(in_a).begin_ns, state.display_of(event(Side::kB, 9, 2)).begin_ns, 1);
}

TEST_F(AnswersTest, AnAlignmentThatIsChosenMeanwhileStays) {
  state.select_event(event(Side::kB, 9, 2));
  state.align_by_selection();
  state.set_alignment(AlignMode::kAbsolute);
  const TimeRange extent = state.alignment.extent();
  answer();
  EXPECT_EQ(state.align_mode, AlignMode::kAbsolute);
  EXPECT_EQ(state.alignment.extent(), extent);
  EXPECT_EQ(state.alignment.to_display(Side::kB, 123'456'789), 123'456'789);
  state.set_alignment(AlignMode::kAnchor);
  state.wait();
  EXPECT_FALSE(state.anchor.has_value()) << "nothing communicates in these runs";
  EXPECT_FALSE(state.axis_pending());
}

}  // namespace
}  // namespace stepscope::viewer
