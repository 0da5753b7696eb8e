// SPDX-License-Identifier: Apache-2.0
//
// All that a view is, as text and back: states that nobody would think of, driven at random; options of views, one by one; links
// made for other runs.
#include <functional>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/viewer/support/synthetic_run.hpp"
#include "viewer/app_state.hpp"
#include "viewer/scope.hpp"

namespace stepscope::viewer {
namespace {

struct TwoRuns {
  TwoRuns() : state(Options()) {
    state.set_run(Side::kA, testing::training_run("healthy", {}));
    state.set_run(Side::kB, testing::training_run("slow", {.wait = 25'000'000, .fetch = 55'000'000}));
    state.set_table(testing::wait_table({}, {.wait = 25'000'000}));
    state.view.set_width(1000);
  }
  AppState state;
};

// What another session with the same runs says after going there by text alone.
Link arrived(const Link& link) {
  const std::string text = link_text(link);
  Link parsed;
  EXPECT_EQ(parse_link(text, parsed), "");
  EXPECT_EQ(parsed, link) << text;
  TwoRuns other;
  EXPECT_EQ(other.state.apply(parsed), "") << text;
  return other.state.capture();
}

// Commands that end the session, or leave it as it is.
bool leads_away(Command command) {
  return command == Command::kQuit || command == Command::kPalette || command == Command::kHelp;
}

class Driver {
 public:
  Driver(AppState& state, uint64_t seed) : state_(state), random_(seed) {}

  // What a person can do to the view, by hand or key.
  void act() {
    const auto commands = command_table();
    switch (below(16)) {
      case 0:
        return state_.select_steps(below(40), below(40), below(2) == 0);
      case 1:
        return state_.select_event(event());
      case 2:
        return state_.visit(event());
      case 3: {
        const double at = static_cast<double>(below(1000)) / 1000 * state_.alignment.extent().end_ns;
        AreaSelection area{{at, at + 1e6 * static_cast<double>(below(300))}, {}};
        if (below(2) == 0) {
          area.tracks = {below(3)};
        }
        return state_.select_area(std::move(area));
      }
      case 4:
        return state_.select_name(below(3) == 0 ? std::optional(side()) : std::nullopt, name(),
                                  below(2) == 0);
      case 5:
        return state_.select_lane(below(3), below(2) == 0);
      case 6: {
        const StepModel& step = state_.run(Side::kA)->steps[1 + below(30)];
        if (const auto gap = gap_at(*state_.run(Side::kA), Side::kA, 1, step.begin_ns + 1)) {
          state_.select_gap(*gap);
        }
        return;
      }
      case 7:
        state_.search_for(below(2) == 0 ? "ward" : "");
        return state_.find(below(2) == 0);
      case 8:
        return state_.highlight(name());
      case 9:
        return state_.light_up("both", {std::vector{name()}, std::vector{name(), name()}});
      case 10:
        state_.scroll_y = static_cast<float>(below(200));
        return;
      case 11:
        state_.view_options.histogram.within = {static_cast<int64_t>(below(1000)), 5000};
        state_.view_options.histogram.within_of = chosen_name(state_).value_or(NameChoice());
        return;
      case 12:
        state_.view_options.movers.filter = {"gemm, 50 %", MoverChange::kNew,
                                             static_cast<int64_t>(below(1000))};
        state_.view_options.movers.by = "operator";
        state_.view_options.sql.text = "SELECT 'a,b' = \"c\";\n-- 100 %";
        state_.view_options.flame.zoom = {"main thread", "forward", "at/ten/tion"};
        state_.view_options.counter_rows.emplace();
        if (below(2) == 0) {
          state_.view_options.counter_rows = {"rank 0/cpu, user", "rank 0/io%"};
        }
        return;
      default: {
        const Command command = commands[below(commands.size())].command;
        if (!leads_away(command)) {
          state_.execute(command);
        }
      }
    }
  }

 private:
  size_t below(size_t limit) { return random_() % limit; }
  Side side() { return below(2) == 0 ? Side::kA : Side::kB; }
  EventRef event() {
    const Side of = side();
    const auto lane = static_cast<uint32_t>(below(3));
    return {of, lane, 0, static_cast<uint32_t>(below(state_.run(of)->lanes[lane].rows[0].size()))};
  }
  std::string name() {
    const auto& names = state_.run(Side::kA)->names;
    return names[below(names.size())].text;
  }

  AppState& state_;
  std::mt19937_64 random_;
};

TEST(ViewState, EveryStateThatOneCanGetIntoTravelsAsText) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    TwoRuns here;
    Driver driver(here.state, seed);
    for (int action = 0; action < 25; ++action) {
      driver.act();
      here.state.scroll_y = std::max(0.0F, here.state.scroll_y);  // as the next frame would
    }
    const Link link = here.state.capture();
    ASSERT_EQ(arrived(link), link) << "seed " << seed << ": " << link_text(link);
  }
}

TEST(ViewState, WhatIsCountedAfterALinkIsWhatWasCountedBefore) {
  for (uint64_t seed = 100; seed <= 130; ++seed) {
    TwoRuns here;
    Driver driver(here.state, seed);
    for (int action = 0; action < 25; ++action) {
      driver.act();
    }
    TwoRuns there;
    ASSERT_EQ(there.state.apply(here.state.capture()), "");
    here.state.wait();
    there.state.wait();
    const Scope wanted = scope_of(here.state);
    const Scope found = scope_of(there.state);
    EXPECT_EQ(found.tracks, wanted.tracks) << "seed " << seed;
    EXPECT_EQ(found.begin_ns, wanted.begin_ns);
    EXPECT_EQ(found.end_ns, wanted.end_ns);
    EXPECT_EQ(found.nothing, wanted.nothing);
    for (const Side side : {Side::kA, Side::kB}) {
      const auto& before = here.state.area[index_of(side)];
      const auto& after = there.state.area[index_of(side)];
      EXPECT_EQ(after.has_value(), before.has_value()) << "seed " << seed;
      EXPECT_EQ(after ? after->union_ns : 0, before ? before->union_ns : 0);
    }
  }
}

TEST(ViewState, TheAnchorOfAnAlignmentTravels) {
  TwoRuns here;
  here.state.select_event({Side::kA, 0, 0, 10});  // the third event of its step: backward
  here.state.align_by_selection();
  here.state.wait();
  ASSERT_TRUE(here.state.anchor.has_value());
  const Link link = here.state.capture();
  ASSERT_TRUE(link.anchor.has_value());
  EXPECT_NE(link_text(link).find("anchor=0:main/main%20thread,anchor-name=backward"), std::string::npos)
      << link_text(link);
  TwoRuns there;
  ASSERT_EQ(there.state.apply(link), "");
  ASSERT_TRUE(there.state.anchor.has_value());
  EXPECT_EQ(there.state.anchor->title(), here.state.anchor->title());
  EXPECT_EQ(there.state.alignment.slots()[7].origin_ns, here.state.alignment.slots()[7].origin_ns);
}

TEST(ViewState, AnOptionIsSaidAloneAndTheOthersStayAsTheyAre) {
  TwoRuns here;
  here.state.view_options.ranks.order = RankOrder::kSlow;
  Link link;
  ASSERT_EQ(parse_link("histogram-axis=linear,movers-sort=match:up,events-sort=duration", link), "");
  EXPECT_EQ(here.state.apply(link), "");
  EXPECT_FALSE(here.state.view_options.histogram.logarithmic);
  EXPECT_EQ(here.state.view_options.movers.sort, (Sorting<MoverOrder>{MoverOrder::kTier, false}));
  EXPECT_EQ(here.state.view_options.events, (Sorting<EventOrder>{EventOrder::kDuration, true}));
  EXPECT_EQ(here.state.view_options.ranks.order, RankOrder::kSlow);
  Link all;
  ASSERT_EQ(parse_link("flame-of=gpu,view-options=usual", all), "");
  EXPECT_EQ(here.state.apply(all), "");
  EXPECT_EQ(here.state.view_options.ranks.order, RankOrder::kRank);
  EXPECT_TRUE(here.state.view_options.histogram.logarithmic);
  EXPECT_EQ(here.state.view_options.flame.source, FlameSource::kGpu);
  for (const char* wrong : {"histogram-axis=round", "movers-sort=match:sideways", "ranks-of=",
                            "movers-least=-1", "histogram-range=5:4", "histogram-range=5", "view-options=odd",
                            "delta=all", "scroll=-1", "anchor=x:main", "gap=a:1:", "batches-of=one"}) {
    Link refused;
    EXPECT_NE(parse_link(wrong, refused).find("cannot be understood"), std::string::npos) << wrong;
  }
}

TEST(ViewState, AFreshLinkSaysNoOptionThatIsUsual) {
  TwoRuns here;
  const std::string text = link_text(here.state.capture());
  EXPECT_NE(text.find("view-options=usual"), std::string::npos);
  EXPECT_EQ(text.find("histogram"), std::string::npos) << text;
  here.state.execute(Command::kHistogramAxis);
  EXPECT_NE(link_text(here.state.capture()).find("histogram-axis=linear"), std::string::npos);
}

TEST(ViewState, EveryOptionTellsItselfInWordsThatItTakes) {
  ViewOptions odd;
  for (const OptionRow& row : option_table()) {
    const std::string usual = row.text(odd);
    EXPECT_TRUE(row.set(odd, usual)) << row.key << "=" << usual;
    EXPECT_EQ(row.text(odd), usual);
  }
  EXPECT_EQ(odd, ViewOptions());
}

TEST(ViewState, OfLanesThatARunLacksNothingElseIsTakenInstead) {
  TwoRuns here;
  Link some;
  ASSERT_EQ(parse_link("time=0:1e9,lane-of-time=main/main%20thread,lane-of-time=gpu%209/stream%207", some),
            "");
  EXPECT_EQ(here.state.apply(some), "these runs have no lane gpu 9/stream 7");
  ASSERT_TRUE(here.state.selection.area.has_value());
  EXPECT_EQ(here.state.selection.area->tracks, std::vector<size_t>{0});
  Link none;
  ASSERT_EQ(parse_link("time=0:1e9,lane-of-time=gpu%209/stream%207,lane-of-time=x/y", none), "");
  EXPECT_EQ(here.state.apply(none), "these runs have no lane gpu 9/stream 7 and 1 more of the link");
  EXPECT_FALSE(here.state.selection.area.has_value()) << "all lanes were not meant";
  Link lanes;
  ASSERT_EQ(
      parse_link("lane=x/y,name=no%20such,name=forward,event=a:1:0:x/y,gap=a:1:x/y,anchor=0:x/y", lanes), "");
  EXPECT_EQ(
      here.state.apply(lanes),
      "these runs do not both have the lane x/y, which the link aligns by; the event of the link is not in "
      "this "
      "run; the gap of the link is not in this run; these runs have no events named no such; these runs have "
      "no lane x/y");
  EXPECT_TRUE(here.state.selection.lanes.empty());
  EXPECT_EQ(here.state.selection.names, std::set<std::string>{"forward"});
}

TEST(ViewState, ALinkForTwoRunsOpensOnOne) {
  AppState one{Options()};
  one.set_run(Side::kA, testing::training_run("healthy", {}));
  Link link;
  ASSERT_EQ(parse_link("step=5,run=b,shown=b,align=event,anchor=0:main/main%20thread", link), "");
  EXPECT_EQ(one.apply(link), "there is no run B");
  EXPECT_FALSE(one.selection.run.has_value());
  EXPECT_TRUE(one.selection.steps.has_value());
}

TEST(ViewState, ATermOfARankThatIsNotTheWorstHereIsFoundByItsName) {
  TwoRuns here;
  Link link;
  ASSERT_EQ(parse_link("term=data.fetch,rank=3,tab=terms", link), "");
  EXPECT_EQ(here.state.apply(link), "");
  EXPECT_TRUE(here.state.selection.event.has_value());
}

// Every command has a case: it changes what the window is, asks a view for something, or says why it does not.
TEST(ViewState, EveryCommandDoesSomething) {
  for (const CommandRow& row : command_table()) {
    TwoRuns here;
    AppState& state = here.state;
    if (row.command == Command::kAlignStepStart) {
      state.set_alignment(AlignMode::kAbsolute);
    }
    state.select_steps(2, 3, false);
    state.select_event({Side::kA, 0, 0, 9});
    state.open_tab(row.command == Command::kTabWaterfall ? Tab::kTerms : Tab::kWaterfall);
    state.toggle_mark(false);
    state.set_movers({{"kernel", 0, {}}, {"operator", 0, {}}});
    state.view_options.histogram.within = {1, 2};
    state.view_options.histogram.within_of = chosen_name(state).value_or(NameChoice());
    state.view_options.flame.zoom = {"main thread"};
    state.search_for("ward");
    state.scroll_y = 500;
    state.user_scale = 1.5F;
    state.remember_place(0);
    state.show_display({1e8, 5e8});
    state.remember_place(10);
    state.execute(Command::kFitAll);
    state.remember_place(20);
    state.execute(Command::kBack);
    state.message.clear();
    const auto all = [&] {
      return link_text(state.capture()) + state.message + state.clipboard +
             std::to_string(state.marks.size()) + std::to_string(static_cast<int>(state.theme)) +
             std::to_string(state.user_scale) + std::to_string(state.help_open) + std::to_string(state.quit) +
             std::to_string(state.palette_box.open) + std::to_string(state.search_box.focus) +
             std::to_string(static_cast<int>(state.table_copy)) +
             std::to_string(static_cast<int>(state.field)) + std::to_string(state.row_command.by) +
             std::to_string(state.row_command.open) + std::to_string(static_cast<int>(state.sql_command)) +
             std::to_string(state.panes.strip) + std::to_string(state.panes.drawer) +
             std::to_string(state.panes.table) + std::to_string(state.panes.counters);
    };
    const std::string before = all();
    state.execute(row.command);
    state.wait();
    const bool needs_more = row.command == Command::kFollowFlow || row.command == Command::kFollowFlowBack;
    EXPECT_EQ(all() != before, !needs_more) << row.name;
  }
}

}  // namespace
}  // namespace stepscope::viewer
