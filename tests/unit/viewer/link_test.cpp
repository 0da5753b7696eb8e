// SPDX-License-Identifier: Apache-2.0
//
// Views as text, there and back; and the history of views.
#include "viewer/link.hpp"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "analyzer/view_link.hpp"
#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/app_state.hpp"
#include "viewer/history.hpp"

namespace stepscope::viewer {
namespace {

using testing::LoopShape;
using testing::training_run;
using testing::wait_table;

// Two loaded runs; another one of it is another session with the same runs.
struct Session {
  Session() : state(Options()) {
    state.set_run(Side::kA, training_run("healthy", healthy));
    state.set_run(Side::kB, training_run("slow", slow));
    state.set_table(wait_table(healthy, slow));
    state.view.set_width(1000);
  }
  LoopShape healthy;
  LoopShape slow{.wait = 25'000'000, .fetch = 55'000'000};
  AppState state;
};

// Goes there in another session by text alone; what it says then.
Link travelled(const Link& link) {
  Link parsed;
  EXPECT_EQ(parse_link(link_text(link), parsed), "");
  EXPECT_EQ(parsed, link) << link_text(link);
  Session other;
  EXPECT_EQ(other.state.apply(parsed), "");
  return other.state.capture();
}

TEST(LinkText, EveryPartSurvivesBytesOfAnyKind) {
  Link link;
  link.range = TimeRange{-1234.5678901234567, 9.87654321e15};
  link.steps = {-3, 412};
  link.time = TimeRange{1, 2};
  link.time_lanes = {"main/stream 7"};
  link.names = {"void gemm<float, 3>(int*)", "50 % off, or=more", "\xC3\xA4\n"};
  link.lanes = {"rank 0/NCCL, ring#2"};
  link.run = Side::kB;
  link.event = Link::Event{Side::kB, -5, 3, "main: 0/thread: 1"};
  link.term = Link::Term{"comm.exposed/all reduce", 7};
  link.align = AlignMode::kStepNormalised;
  link.shown = Shown::kOnlyB;
  link.arrangement = Arrangement::kStacked;
  link.tab = Tab::kMarks;
  link.drawer = false;
  link.folded = {{"worker 0", "worker 1"}};
  link.search = "";
  Link parsed;
  EXPECT_EQ(parse_link(link_text(link), parsed), "");
  EXPECT_EQ(parsed, link);
  const std::string text = link_text(link);
  EXPECT_EQ(text.find_first_of(" '\"\\$`&;<>()*?|\n"), std::string::npos)
      << "needs no quotes in a shell: " << text;
}

TEST(LinkText, WhatANewerViewerSaysIsSkippedAndWhatIsWrongIsNamed) {
  Link link;
  EXPECT_EQ(parse_link("hologram=on,step=12,,nonsense,%zz=1", link), "");
  EXPECT_EQ(link.steps, (std::pair<int64_t, int64_t>{12, 12}));
  for (const char* wrong :
       {"range=1", "range=2:1:0", "step=x", "step=5:4:3", "align=sideways", "event=c:1:2:x",
        "event=a:1:0:", "tab=", "drawer=ajar", "rank=one", "name=", "range=nan:nan", "time=-inf:inf",
        "range=1e300:1e301", "event=a:9223372036854775807:0:x"}) {
    Link refused;
    const std::string problem = parse_link(wrong, refused);
    if (std::string(wrong) == "range=1") {
      EXPECT_EQ(problem, "") << "a moment";
    } else {
      EXPECT_NE(problem.find("cannot be understood"), std::string::npos) << wrong;
    }
  }
}

TEST(LinkText, TheViewOfASessionIsTheSameInAnother) {
  Session here;
  AppState& state = here.state;
  EXPECT_EQ(travelled(state.capture()), state.capture()) << "a fresh one";
  state.go_to_step(12);
  state.select_name(Side::kB, "backward");
  state.select_lane(1, false);
  state.select_lane(2, true);
  state.execute(Command::kZoomIn);
  state.execute(Command::kToggleArrangement);
  state.toggle_group(state.tracks.groups[2].key);
  EXPECT_EQ(travelled(state.capture()), state.capture()) << "steps, names, lanes, run";
  state.set_alignment(AlignMode::kAbsolute);
  state.search_for("fetch");
  state.find(true);
  state.wait();
  ASSERT_TRUE(state.selection.event.has_value());
  state.execute(Command::kTabTerms);
  EXPECT_EQ(travelled(state.capture()), state.capture()) << "an event and a search, on another axis";
  state.execute(Command::kAreaOfSelection);
  ASSERT_TRUE(state.selection.area.has_value());
  state.execute(Command::kSwapRuns);
  state.execute(Command::kToggleDrawer);
  EXPECT_EQ(travelled(state.capture()), state.capture()) << "an area of one lane";
}

TEST(LinkText, ATermLeadsToItsPlaceAndOneThatIsNotThereIsSaid) {
  Session here;
  Link link;
  EXPECT_EQ(parse_link("term=data.fetch,tab=terms", link), "");
  EXPECT_EQ(here.state.apply(link), "");
  ASSERT_TRUE(here.state.selection.event.has_value());
  EXPECT_EQ(here.state.name_of(*here.state.selection.event).text, "wait for batch");
  EXPECT_EQ(here.state.tab, Tab::kTerms);
  EXPECT_EQ(parse_link("term=moon.phase", link), "");
  EXPECT_EQ(here.state.apply(link), "there is no place for the term moon.phase");
}

TEST(LinkText, OfAnotherRunWhatIsMissingIsSaidAndTheRestHolds) {
  Session here;
  Link link;
  EXPECT_EQ(parse_link("step=4711,align=time,name=backward", link), "");
  EXPECT_EQ(here.state.apply(link), "there is no step 4711");
  EXPECT_EQ(here.state.align_mode, AlignMode::kAbsolute);
  EXPECT_EQ(here.state.selection.names, (std::set<std::string>{"backward"}));
}

TEST(LinkText, NoTextOfAnyKindDoesHarm) {
  Session here;
  std::mt19937_64 random(11);
  const std::string whole =
      "range=1:2,steps=3:9,time=5:1e9,name=backward,lane=main/main "
      "thread,run=b,event=a:1:0:main/main%20thread,"
      "term=data.fetch,rank=2,align=time,shown=b,lanes=stacked,tab=area,drawer=closed,folded=main,search=x";
  for (int round = 0; round < 400; ++round) {
    std::string text = whole;
    for (int edit = 0; edit < 4; ++edit) {
      const size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = static_cast<char>(random() % 256);
      } else {
        text.erase(at, random() % 12);
      }
    }
    Link link;
    if (parse_link(text, link).empty()) {
      (void)here.state.apply(link);
      EXPECT_TRUE(std::isfinite(here.state.view.visible().length())) << text;
      EXPECT_EQ(travelled(here.state.capture()), here.state.capture()) << text;
    }
  }
}

Link at(double begin, Tab tab = Tab::kTerms) {
  Link link;
  link.range = TimeRange{begin, begin + 1};
  link.tab = tab;
  return link;
}

TEST(History, GoesBackAndForwardAndForgetsWhatWasAheadAfterANewWay) {
  History history;
  EXPECT_EQ(history.back(), std::nullopt);
  history.visit(at(0), 0);
  history.visit(at(1), 10);
  history.visit(at(2), 20);
  history.visit(at(2), 30);  // the same again is no place
  EXPECT_EQ(history.back(), at(1));
  EXPECT_EQ(history.back(), at(0));
  EXPECT_EQ(history.back(), std::nullopt);
  EXPECT_EQ(history.forward(), at(1));
  history.visit(at(7), 40);
  EXPECT_FALSE(history.can_go_forward());
  EXPECT_EQ(history.back(), at(1));
}

TEST(History, AMoveThatIsHeldDownIsOnePlaceUnlessSomethingElseChanges) {
  History history;
  history.visit(at(0), 0);
  for (int i = 1; i <= 50; ++i) {
    history.visit(at(i), 5 + 0.05 * i);
  }
  history.visit(at(50, Tab::kDetails), 7.55);
  EXPECT_EQ(history.back(), at(50));
  EXPECT_EQ(history.back(), at(0));
}

TEST(History, IsBounded) {
  History history;
  for (int i = 0; i < 1000; ++i) {
    history.visit(at(i), 10.0 * i);
  }
  size_t steps = 0;
  Link last;
  while (const auto link = history.back()) {
    last = *link;
    ++steps;
  }
  EXPECT_EQ(steps, History::kMost - 1);
  EXPECT_EQ(last, at(1000 - static_cast<double>(History::kMost)));
}

TEST(History, TheWindowRemembersWhereOneWas) {
  Session here;
  AppState& state = here.state;
  state.remember_place(0);
  const Link start = state.capture();
  state.go_to_step(5);
  state.remember_place(10);
  const Link step = state.capture();
  state.set_alignment(AlignMode::kAbsolute);
  state.execute(Command::kTabNotes);
  state.remember_place(20);
  state.execute(Command::kBack);
  EXPECT_EQ(state.capture(), step);
  state.remember_place(21);
  state.execute(Command::kBack);
  EXPECT_EQ(state.capture(), start);
  state.remember_place(22);
  state.execute(Command::kBack);
  EXPECT_EQ(state.message, "there is nothing further back");
  state.execute(Command::kForward);
  EXPECT_EQ(state.capture(), step);
}

}  // namespace
}  // namespace stepscope::viewer
