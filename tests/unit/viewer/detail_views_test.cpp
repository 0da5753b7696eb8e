// SPDX-License-Identifier: Apache-2.0
//
// The drawer's views of events, ranks, batches, counters and queries, driven without a window.
#include <array>
#include <chrono>
#include <filesystem>
#include <thread>

#include "tests/support/job_simulator.hpp"
#include "tests/support/rank_job.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/frame.hpp"
#include "viewer/frame_script.hpp"
#include "viewer/loader.hpp"

namespace stepscope::viewer {
namespace {

constexpr Tab kDetailTabs[] = {Tab::kHistogram, Tab::kRanks,  Tab::kBatches, Tab::kCounters,
                               Tab::kFlame,     Tab::kEvents, Tab::kSql,     Tab::kNotes};

class DetailViewsTest : public testing::FrameTest {
 protected:
  // Shows a tab with what it computes.
  void show(Tab tab) {
    state.open_tab(tab);
    settle();
  }
  void settle() {
    for (int i = 0; i < 3; ++i) {
      frames(2);
      state.wait();
    }
    frames(2);
  }
  // Clicks down a column of the drawer, wherever its rows are, until something happened.
  template <typename Happened>
  bool click_until(float x, const Happened& happened, bool twice = false) {
    for (float y = ImGui::GetIO().DisplaySize.y - 40; y > ImGui::GetIO().DisplaySize.y * 0.72F; y -= 9) {
      if (twice) {
        double_click(x, y);
      } else {
        click(x, y);
      }
      settle();
      if (happened()) {
        return true;
      }
    }
    return false;
  }
  void load_recorded(const std::string& a, const std::string& b) {
    Loader loader(a, b, [] {});
    while (!loader.finished()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    (void)loader.poll(state);
  }
  [[nodiscard]] int vertices() const { return ImGui::GetDrawData()->TotalVtxCount; }

  stepscope::testing::TempDir dir;
};

TEST_F(DetailViewsTest, EveryOneDrawsEmptyWithOneRunAndWithTwo) {
  for (const Tab tab : kDetailTabs) {
    show(tab);
  }
  load_one();
  for (const Tab tab : kDetailTabs) {
    show(tab);
    EXPECT_EQ(state.tab, tab);
  }
  load_two();
  state.highlight("backward");
  for (const Tab tab : kDetailTabs) {
    show(tab);
    EXPECT_EQ(state.tab, tab);
  }
}

TEST_F(DetailViewsTest, EveryOneDrawsAtEverySizeAndInBothThemes) {
  load_two();
  state.highlight("forward");
  for (const ImVec2 size : {ImVec2(300, 200), ImVec2(640, 300), ImVec2(3840, 2160), ImVec2(1, 1)}) {
    ImGui::GetIO().DisplaySize = size;
    for (const Tab tab : kDetailTabs) {
      show(tab);
    }
    state.execute(Command::kToggleTheme);
  }
}

TEST_F(DetailViewsTest, ARowOfTheEventListLeadsToItsEventAndTheListStays) {
  load_one();
  show(Tab::kEvents);
  ASSERT_TRUE(click_until(1000, [&] { return state.selection.event.has_value(); }));
  EXPECT_EQ(state.tab, Tab::kEvents);
  EXPECT_TRUE(state.selection.highlight.empty()) << "or the list would shrink to one name";
  EXPECT_FALSE(state.selection.steps.has_value());
  EXPECT_LT(state.view.visible().length(), state.view.bounds().length() / 4);
}

TEST_F(DetailViewsTest, TheLongestEventsOfAHistogramLeadToTheirPlace) {
  load_two();
  state.highlight("wait for batch");
  state.panes.drawer = 0.5F;  // with room for the numbers and the list below them
  show(Tab::kHistogram);
  ASSERT_TRUE(click_until(1230, [&] { return state.selection.event.has_value(); }));
  EXPECT_EQ(state.name_of(*state.selection.event).text, "wait for batch");
  EXPECT_EQ(state.selection.event->side, Side::kB) << "B waits longer";
  EXPECT_EQ(state.selection.highlight, "wait for batch");
  EXPECT_EQ(state.tab, Tab::kHistogram);
}

TEST_F(DetailViewsTest, ABoxOfTheFlameGraphLightsUpItsName) {
  load_two();
  show(Tab::kFlame);
  ASSERT_TRUE(click_until(760, [&] { return !state.selection.highlight.empty(); }));
  EXPECT_EQ(state.selection.highlight, "wait for batch") << "the widest in B, outermost lane first";
}

TEST_F(DetailViewsTest, ADoubleClickInTheFlameGraphGoesToTheLongestEvent) {
  load_one();
  show(Tab::kFlame);
  ASSERT_TRUE(click_until(
      760, [&] { return state.selection.event.has_value(); }, true));
  EXPECT_EQ(state.tab, Tab::kFlame);
}

TEST_F(DetailViewsTest, ACellOfTheRankMapSelectsThatStepOnThatRank) {
  stepscope::testing::RankJob job;
  job.ranks = 4;
  job.gemm = [](int64_t rank, int64_t) { return (rank == 2 ? 15 : 10) * stepscope::testing::kMillisecond; };
  stepscope::testing::write_rank_job(dir.file("a"), job);
  load_recorded(dir.file("a"), "");
  ASSERT_NE(state.ranks(Side::kA), nullptr);
  show(Tab::kRanks);
  ASSERT_TRUE(click_until(900, [&] { return state.selection.steps.has_value(); }));
  EXPECT_EQ(state.tab, Tab::kRanks);
  EXPECT_TRUE(state.reveal_track.has_value() || state.scroll_y >= 0);
}

TEST_F(DetailViewsTest, BatchesCountersAndRanksOfRecordedRunsAreDrawn) {
  stepscope::testing::write_job(dir.file("a"), "steps=40 workers=2 fetch.cpu=4ms");
  stepscope::testing::write_job(dir.file("b"),
                                "steps=40 workers=2 fetch.cpu=4ms fetch.io=40ms throttled_permille=200");
  load_recorded(dir.file("a"), dir.file("b"));
  show(Tab::kDetails);
  const int empty = vertices();
  for (const Tab tab : {Tab::kBatches, Tab::kCounters, Tab::kFlame, Tab::kEvents, Tab::kRanks}) {
    show(tab);
    EXPECT_GT(vertices(), empty + 200) << static_cast<int>(tab);
  }
  show(Tab::kBatches);
  EXPECT_TRUE(click_until(900, [&] { return state.selection.event.has_value(); }))
      << "a batch leads to its event";
}

TEST_F(DetailViewsTest, AFindingOpensTheViewOfItsEvidence) {
  load_two();
  state.table.findings[0].evidence.push_back({"data.fetch.io", "0.00 ms", "21.0 ms"});
  // The button is somewhere near the top of the drawer; others beside it lead elsewhere.
  bool opened = false;
  for (float y = 520; y < 640 && !opened; y += 7) {
    for (float x = 760; x < 1260 && !opened; x += 25) {
      state.selection.clear();
      state.open_tab(Tab::kFindings);
      frames(3);
      click(x, y);
      opened = state.tab == Tab::kBatches;
    }
  }
  ASSERT_TRUE(opened);
  EXPECT_TRUE(state.selection.steps.has_value()) << "and goes where it is largest";
}

// What a script expects to see may be asked of any of the threads that look for answers.
TEST_F(DetailViewsTest, AScriptWaitsForViewsClicksAndQueries) {
  load_one();
  std::array<bool, 3> done{};
  const std::array<Background*, 3> threads{&state.background, &state.clicks, &state.queries};
  for (size_t i = 0; i < threads.size(); ++i) {
    threads[i]->post(std::make_shared<Cancelled>(false), [&done, i] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      done[i] = true;
    });
  }
  int drawn = 0;
  FrameScript host(state, shell, {[&] { ++drawn; }, [](const std::string&) { return analysis::Status(); }});
  host.settle();
  EXPECT_EQ(done, (std::array<bool, 3>{true, true, true}));
  EXPECT_GT(drawn, 1) << "and then draws what they found";
}

TEST_F(DetailViewsTest, NamesOfTenKilobytesAndThousandsOfLanesAreDrawn) {
  testing::RunWriter writer("large");
  const uint32_t name = writer.name(std::string(10'000, 'x'), Category::kRange);
  writer.process("main");
  for (int lane = 0; lane < 4096; ++lane) {
    writer.lane(0, "lane " + std::to_string(lane),
                {{lane * 1000, 500, name}, {lane * 1000 + 600, 300, name}});
  }
  state.set_run(Side::kA, writer.take());
  state.highlight(std::string(10'000, 'x'));
  for (const Tab tab : kDetailTabs) {
    show(tab);
  }
  state.select_all();
  for (const Tab tab : {Tab::kHistogram, Tab::kFlame, Tab::kEvents}) {
    show(tab);
  }
}

}  // namespace
}  // namespace stepscope::viewer
