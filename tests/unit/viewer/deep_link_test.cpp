// SPDX-License-Identifier: Apache-2.0
//
// The command that `stepscope diff` and `stepscope gate` print opens where it says: read from what they printed, taken apart as a
// shell does, and followed through the options and the loader of the viewer.
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "tests/golden/cli/program.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/rank_job.hpp"
#include "tests/support/temp_dir.hpp"
#include "viewer/app_state.hpp"
#include "viewer/loader.hpp"

namespace stepscope::viewer {
namespace {

// The line that begins with "view: ", without that.
std::string printed_command(const std::string& out) {
  const size_t at = out.find("view: ");
  return at == std::string::npos ? "" : out.substr(at + 6, out.find('\n', at) - at - 6);
}

// Words as a shell has them: blanks part them, but not within '...'; \c is c.
std::vector<std::string> shell_words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  for (size_t i = 0; i <= line.size(); ++i) {
    const char c = i < line.size() ? line[i] : ' ';
    if (c == '\'') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      if (!word.empty()) {
        words.push_back(word);
      }
      word.clear();
    } else if (c == '\\' && !quoted && i + 1 < line.size()) {
      word += line[++i];
    } else {
      word += c;
    }
  }
  return words;
}

// The window that the command opens.
std::unique_ptr<AppState> opened(const std::string& command, Link* link) {
  std::vector<std::string> words = shell_words(command);
  if (words.size() < 3 || words[0] != "stepscope" || words[1] != "view") {
    ADD_FAILURE() << "no command that opens a window: " << command;
    return nullptr;
  }
  words.erase(words.begin(), words.begin() + 2);
  Options options;
  EXPECT_EQ(parse_options(words, options), "") << command;
  EXPECT_EQ(parse_link(options.link, *link), "") << command;
  auto state = std::make_unique<AppState>(options);
  state->view.set_width(1000);
  Loader loader(options.run, options.versus, [] {});
  while (!loader.finished()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  (void)loader.poll(*state);
  state->apply_deep_links(options);
  EXPECT_TRUE(state->load.errors.empty()) << state->load.errors.front();
  return state;
}

// The window is where the term shows best: at its place, in the step that holds it, with the terms in front.
void expect_at_term(const AppState& state, const Link& link) {
  ASSERT_TRUE(link.term.has_value());
  const auto at = std::find_if(state.table.terms.begin(), state.table.terms.end(), [&](const TermRow& term) {
    return term.name == link.term->name && (link.term->rank < 0 || term.rank == link.term->rank) &&
           term.place;
  });
  ASSERT_NE(at, state.table.terms.end()) << link.term->name << " of rank " << link.term->rank;
  EXPECT_EQ(state.tab, Tab::kTerms);
  const TimeRange place = state.alignment.to_display(at->place->side, at->place->begin_ns, at->place->end_ns);
  EXPECT_LE(state.view.visible().begin_ns, place.begin_ns);
  EXPECT_GE(state.view.visible().end_ns, place.end_ns);
  EXPECT_LT(state.view.visible().length(), state.view.bounds().length() / 3);
  ASSERT_TRUE(state.selection.steps.has_value());
  EXPECT_TRUE(state.alignment.slots()[state.selection.steps->first].display.contains(place.begin_ns));
  EXPECT_TRUE(state.reveal_track.has_value());
  EXPECT_EQ(state.tracks.tracks[*state.reveal_track].lane[index_of(at->place->side)], at->place->lane);
}

class DeepLinkTest : public ::testing::Test {
 protected:
  void job(const std::string& name, const std::string& spec) {
    std::filesystem::create_directories(dir.file(name));
    stepscope::testing::write_job(dir.file(name), spec);
  }
  std::string diff(const std::string& a, const std::string& b) {
    return printed_command(stepscope::testing::stepscope({"diff", dir.file(a), "--vs", dir.file(b)}).out);
  }
  static constexpr const char* kJob =
      "steps=40 workers=2 forward=9ms backward=16ms optimizer=3ms fetch.cpu=20ms";
  stepscope::testing::TempDir dir;
};

TEST_F(DeepLinkTest, OfADiffLeadsToTheLargestCause) {
  job("it's before", kJob);
  job("and after", std::string(kJob) + " fetch.io=60ms");
  Link link;
  const auto state = opened(diff("it's before", "and after"), &link);
  ASSERT_NE(state, nullptr);
  expect_at_term(*state, link);
  EXPECT_EQ(link.term->name, "data.io");
}

TEST_F(DeepLinkTest, OfADiffNamesTheRankThatIsLate) {
  stepscope::testing::RankJob before;
  stepscope::testing::RankJob after;
  after.extra = [](int64_t rank, int64_t) { return rank == 1 ? 5'000'000 : 0; };
  stepscope::testing::write_rank_job(dir.file("before"), before);
  stepscope::testing::write_rank_job(dir.file("after"), after);
  Link link;
  const auto state = opened(diff("before", "after"), &link);
  ASSERT_NE(state, nullptr);
  expect_at_term(*state, link);
  EXPECT_EQ(link.term->rank, 1);
  const RunModel& b = *state->run(Side::kB);
  ASSERT_TRUE(state->selection.event.has_value());
  EXPECT_NE(b.processes[b.lanes[state->selection.event->lane].process].title.find("rank 1"),
            std::string::npos);
}

TEST_F(DeepLinkTest, OfAGateLeadsToTheCauseInItsFirstRuns) {
  std::vector<std::string> words{"gate"};
  for (int run = 0; run < 3; ++run) {
    const std::string seed =
        " seed=" + std::to_string(run + 1) + " run_permille=" + std::to_string(998 + 2 * run);
    job("base" + std::to_string(run), kJob + seed);
    job("new" + std::to_string(run), std::string(kJob) + " fetch.io=60ms" + seed);
    words.push_back(dir.file("new" + std::to_string(run)));
  }
  words.emplace_back("--baseline");
  for (int run = 0; run < 3; ++run) {
    words.push_back(dir.file("base" + std::to_string(run)));
  }
  const auto outcome = stepscope::testing::stepscope(words);
  ASSERT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  Link link;
  const auto state = opened(printed_command(outcome.out), &link);
  ASSERT_NE(state, nullptr);
  expect_at_term(*state, link);
  EXPECT_EQ(link.term->name, "data.io");
}

TEST_F(DeepLinkTest, OfAGateNamesTheRankThatIsLate) {
  std::vector<std::string> words{"gate"};
  for (int run = 0; run < 3; ++run) {
    stepscope::testing::RankJob before;
    before.gemm = [run](int64_t, int64_t step) { return 10'000'000 + (step + run) % 3 * 20'000; };
    stepscope::testing::RankJob after = before;
    after.extra = [](int64_t rank, int64_t) { return rank == 1 ? 5'000'000 : 0; };
    stepscope::testing::write_rank_job(dir.file("base" + std::to_string(run)), before);
    stepscope::testing::write_rank_job(dir.file("new" + std::to_string(run)), after);
    words.push_back(dir.file("new" + std::to_string(run)));
  }
  words.emplace_back("--baseline");
  for (int run = 0; run < 3; ++run) {
    words.push_back(dir.file("base" + std::to_string(run)));
  }
  const auto outcome = stepscope::testing::stepscope(words);
  ASSERT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  Link link;
  const auto state = opened(printed_command(outcome.out), &link);
  ASSERT_NE(state, nullptr);
  expect_at_term(*state, link);
  EXPECT_EQ(link.term->rank, 1);
}

}  // namespace
}  // namespace stepscope::viewer
