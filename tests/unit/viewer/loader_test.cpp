// SPDX-License-Identifier: Apache-2.0
#include "viewer/loader.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/gpu_job.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/rank_job.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/loading.hpp"
#include "trace/spool_writer.hpp"
#include "viewer/model/track_layout.hpp"

namespace stepscope::viewer {
namespace {

using testing::load;
using testing::wait_for;

class LoaderTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string make(const std::string& name, const std::string& spec) const {
    const std::string path = dir.path() + "/" + name;
    std::filesystem::create_directories(path);
    stepscope::testing::write_job(path, spec);
    return path;
  }
  stepscope::testing::TempDir dir;
};

TEST_F(LoaderTest, OneRunHasItsStepsLanesAndLedger) {
  const auto state = load(make("a", "steps=30 workers=2 fetch.cpu=12ms"), "");
  const RunModel* run = state->run(Side::kA);
  ASSERT_NE(run, nullptr);
  EXPECT_FALSE(run->preview);
  EXPECT_GE(run->steps.size(), 28U);
  EXPECT_EQ(run->processes.size(), 3U);
  std::set<std::string> names;
  for (const NameEntry& name : run->names) {
    names.insert(name.text);
  }
  EXPECT_TRUE(names.contains("forward"));
  EXPECT_TRUE(names.contains("collate"));
  EXPECT_FALSE(state->table.comparison);
  EXPECT_EQ(state->table.residual_ns(), 0);
  EXPECT_FALSE(state->table.terms.empty());
}

TEST_F(LoaderTest, ATermOfOneRankLeadsToThatRanksProcess) {
  using stepscope::testing::kMillisecond;
  stepscope::testing::RankJob job;
  job.ranks = 4;
  stepscope::testing::write_rank_job(dir.file("a"), job);
  job.gemm = [](int64_t rank, int64_t step) {
    return rank == 2 ? (step == 11 ? 17 : 15) * kMillisecond : 10 * kMillisecond;
  };
  stepscope::testing::write_rank_job(dir.file("b"), job);
  const auto state = load(dir.file("a"), dir.file("b"));
  const auto term = std::find_if(state->table.terms.begin(), state->table.terms.end(),
                                 [](const TermRow& row) { return row.name == "compute/gemm"; });
  ASSERT_NE(term, state->table.terms.end());
  EXPECT_EQ(term->rank, 2);
  EXPECT_EQ(term->title(), "compute/gemm (rank 2)");
  ASSERT_TRUE(term->place.has_value());
  const RunModel& run = *state->run(Side::kB);
  EXPECT_EQ(term->place->side, Side::kB);
  EXPECT_EQ(run.processes[run.lanes[term->place->lane].process].title, "rank 2 · main");
  EXPECT_EQ(term->place->end_ns - term->place->begin_ns, 17 * kMillisecond) << "the product of step 11";
}

TEST_F(LoaderTest, TwoRunsHaveATableThatAddsUpAndWhoseCauseHasAPlace) {
  const std::string healthy = make("a", "steps=60 workers=2 fetch.cpu=4ms");
  const std::string slow = make("b", "steps=60 workers=2 fetch.cpu=4ms fetch.io=40ms");
  const auto state = load(healthy, slow);
  ASSERT_TRUE(state->two_runs());
  ASSERT_TRUE(state->table.comparison);
  EXPECT_EQ(state->table.residual_ns(), 0);
  ASSERT_FALSE(state->table.terms.empty());
  EXPECT_EQ(state->table.terms[0].name, "data.io");
  ASSERT_TRUE(state->delta_map);
  EXPECT_EQ(state->delta_map->rows(), state->tracks.tracks.size());
  EXPECT_TRUE(state->step_changes.empty()) << "B is slow from its first step on";
  ASSERT_TRUE(state->table.terms[0].place.has_value());
  state->go_to(*state->table.terms[0].place);
  EXPECT_LT(state->view.visible().length(), 0.2 * state->view.bounds().length());
}

TEST_F(LoaderTest, DetailsOfAnEventAreReadFromTheRecording) {
  const auto state = load(make("a", "steps=20 workers=2"), "");
  state->search_for("batch");
  state->find(true);
  ASSERT_TRUE(state->selection.event.has_value());
  const bool has_task = std::any_of(state->details.begin(), state->details.end(),
                                    [](const auto& line) { return line.first == "task"; });
  EXPECT_TRUE(has_task);
}

TEST_F(LoaderTest, OneFileOfARunIsARun) {
  const std::string run = make("a", "steps=30 workers=2 fetch.cpu=12ms");
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    if (entry.path().filename().string().starts_with("main-")) {
      const auto state = load(entry.path().string(), "");
      ASSERT_NE(state->run(Side::kA), nullptr);
      EXPECT_EQ(state->run(Side::kA)->processes.size(), 1U);
      EXPECT_GE(state->run(Side::kA)->steps.size(), 28U);
    }
  }
}

// A killed job leaves a spool and a ring; opening it is all that a user needs to do.
TEST_F(LoaderTest, WhatAKilledProcessLeftIsFinalizedAndShown) {
  const std::string path = dir.path() + "/killed";
  std::filesystem::create_directories(path);
  trace::Spool spool;
  ASSERT_EQ(spool.open(path.c_str(), "main-r0-node0-9-1"), 0);
  spool.meta("process.role", "main");
  spool.meta("process.pid", "9");
  trace::Ring* ring = spool.acquire_ring(9, "MainThread", 1 << 18);
  const uint32_t name = spool.intern("train_step", 10);
  constexpr int64_t kStep = 10'000'000;
  for (int64_t i = 0; i < 40; ++i) {
    const int64_t range[] = {1'000'000'000 + i * kStep, kStep, name, 0, 0, 2, 0, 0, 0};
    ASSERT_TRUE(spool.push(ring, trace::Kind::kRange, 0, range, std::size(range)));
    if (i == 20) {
      (void)spool.drain();  // one half lies in the spool, the other in the ring
    }
  }
  spool.abandon_in_child();  // as SIGKILL: mappings and locks go, the files stay
  ASSERT_TRUE(std::filesystem::exists(path + "/main-r0-node0-9-1.spool"));
  ASSERT_TRUE(std::filesystem::exists(path + "/main-r0-node0-9-1.ring"));

  const auto state = load(path, "");
  const RunModel* run = state->run(Side::kA);
  ASSERT_NE(run, nullptr);
  EXPECT_EQ(run->events, 40U);
  EXPECT_GE(run->steps.size(), 38U);
  EXPECT_FALSE(std::filesystem::exists(path + "/main-r0-node0-9-1.spool"));
}

TEST_F(LoaderTest, ASpoolThatCannotBeReadIsANote) {
  const std::string path = make("a", "steps=20 workers=0");
  std::ofstream(path + "/worker-r0-node0-9-1.spool") << "not a spool at all";
  const auto state = load(path, "");
  ASSERT_NE(state->run(Side::kA), nullptr);
  const auto& notes = state->run(Side::kA)->notes;
  EXPECT_TRUE(std::any_of(notes.begin(), notes.end(), [](const Note& note) {
    return note.severity == "error" && note.text.find("worker-r0-node0-9-1.spool") != std::string::npos;
  }));
}

TEST_F(LoaderTest, ADamagedRecordingIsANoteAndTheOthersAreShown) {
  const std::string path = make("a", "steps=20 workers=2");
  std::string damaged;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().filename().string().starts_with("worker-")) {
      damaged = entry.path().string();
    }
  }
  std::filesystem::resize_file(damaged, std::filesystem::file_size(damaged) / 2);
  const auto state = load(path, "");
  const RunModel* run = state->run(Side::kA);
  ASSERT_NE(run, nullptr);
  EXPECT_EQ(run->processes.size(), 2U);
  EXPECT_GE(run->steps.size(), 18U);
  EXPECT_EQ(run->losses(), 1U);
  EXPECT_NE(run->notes.front().text.find(damaged), std::string::npos) << "what is missing stands first";
}

TEST_F(LoaderTest, ARunOfDamagedRecordingsAloneDoesNotOpen) {
  const std::string path = make("a", "steps=20 workers=0");
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    std::filesystem::resize_file(entry.path(), std::filesystem::file_size(entry.path()) / 2);
  }
  bool failed = false;
  const auto state = load(path, "", &failed);
  EXPECT_TRUE(failed);
  EXPECT_EQ(state->run(Side::kA), nullptr);
  EXPECT_EQ(state->load.errors.size(), 1U);
}

// A job under way is shown as far as it has come, and again when there is more.
TEST_F(LoaderTest, ARunThatIsStillBeingRecordedIsFollowed) {
  const std::string path = dir.path() + "/live";
  testing::LiveProcess process(path);
  process.push(20);
  auto state = std::make_unique<AppState>(Options());
  Loader loader(path, "", [] {});
  wait_for(loader);
  (void)loader.poll(*state);
  ASSERT_NE(state->run(Side::kA), nullptr);
  EXPECT_EQ(state->run(Side::kA)->events, 20U);
  EXPECT_NE(state->run(Side::kA)->notes.back().text.find("still being recorded"), std::string::npos);
  EXPECT_TRUE(loader.live());
  EXPECT_FALSE(loader.follow()) << "no news";
  process.push(50);
  ASSERT_TRUE(loader.follow());
  bool preview_seen = false;
  while (!loader.finished()) {
    (void)loader.poll(*state);
    preview_seen = preview_seen || state->run(Side::kA)->preview;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  (void)loader.poll(*state);
  EXPECT_FALSE(preview_seen) << "the picture would flicker";
  EXPECT_EQ(state->run(Side::kA)->events, 50U);
  EXPECT_TRUE(std::filesystem::exists(path + "/main-r0-node0-9-1.spool")) << "the job writes on";
  process.kill();
}

// The window learns of everything on the way, in this order: it is opening, the overview, it is reading, all of it.
TEST_F(LoaderTest, APreviewAndProgressComeBeforeTheEvents) {
  const std::string path = make("a", "steps=400 workers=2 fetch.cpu=12ms");
  AppState state((Options()));
  Loader* self = nullptr;
  std::mutex mutex;
  bool preview_seen = false;
  bool events_seen = false;
  std::vector<double> fractions;
  std::vector<std::string> texts;
  const auto look = [&] {  // in the loading thread: no piece can be overtaken by the next
    const std::lock_guard<std::mutex> lock(mutex);
    if (self == nullptr || !self->poll(state)) {
      return;
    }
    if (state.load.active) {
      fractions.push_back(state.load.fraction);
      texts.push_back(state.load.text);
    }
    if (const RunModel* run = state.run(Side::kA)) {
      preview_seen = preview_seen || run->preview;
      EXPECT_TRUE(run->preview || preview_seen) << "all events came before the overview";
      events_seen = events_seen || !run->preview;
    }
  };
  {
    std::unique_lock<std::mutex> lock(mutex);
    Loader loader(path, "", look);
    self = &loader;
    lock.unlock();
    while (!loader.finished()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    look();
    const std::lock_guard<std::mutex> done(mutex);
    self = nullptr;
  }
  EXPECT_TRUE(preview_seen);
  EXPECT_TRUE(events_seen);
  EXPECT_GE(fractions.size(), 3U);
  EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
  const auto said = [&](const std::string& what) {
    return std::any_of(texts.begin(), texts.end(),
                       [&](const std::string& text) { return text.find(what) != std::string::npos; });
  };
  EXPECT_TRUE(said("opening"));
  EXPECT_TRUE(said("reading events"));
  EXPECT_TRUE(said("analysing"));
  EXPECT_FALSE(state.load.active);
}

TEST_F(LoaderTest, DamagedForeignEmptyAndMissingInputsAreSentences) {
  const std::string foreign = dir.path() + "/x.stepscope";
  std::ofstream(foreign) << "this is no database";
  const std::string empty = dir.path() + "/empty";
  std::filesystem::create_directories(empty);
  for (const std::string& path : {foreign, empty, dir.path() + "/nowhere"}) {
    bool failed = false;
    const auto state = load(path, "", &failed);
    EXPECT_TRUE(failed) << path;
    EXPECT_EQ(state->run(Side::kA), nullptr);
    ASSERT_FALSE(state->load.errors.empty()) << path;
    EXPECT_NE(state->load.errors[0].find(path), std::string::npos);
  }
}

TEST_F(LoaderTest, ABadSecondRunLeavesTheFirstOnScreen) {
  bool failed = false;
  const auto state = load(make("a", "steps=20 workers=1"), dir.path() + "/nowhere", &failed);
  EXPECT_TRUE(failed);
  EXPECT_NE(state->run(Side::kA), nullptr);
  EXPECT_FALSE(state->two_runs());
  EXPECT_FALSE(state->load.errors.empty());
}

TEST_F(LoaderTest, CancellingInTheMiddleEndsQuickly) {
  const std::string path = make("a", "steps=200 workers=2");
  for (int i = 0; i < 10; ++i) {
    const Loader loader(path, path, [] {});
  }
}

// What a GPU did stands under the thread that drove it, communication in its own colour, kernels under readable names.
TEST_F(LoaderTest, ShowsGpuLanesUnderTheirProcess) {
  const std::string path = dir.path() + "/gpu";
  stepscope::testing::write_gpu_job(path, "steps=20");
  const auto state = load(path, "");
  const RunModel* run = state->run(Side::kA);
  ASSERT_NE(run, nullptr);
  const Tracks tracks = make_tracks(*run, nullptr);
  std::vector<std::string> titles;
  for (const Track& track : tracks.tracks) {
    titles.push_back(track.title);
  }
  EXPECT_EQ(titles, (std::vector<std::string>{"main thread", "GPU 0 stream 7", "GPU 0 stream 13",
                                              "default_pg rank 0/8"}));
  std::map<std::string, Category> category;
  for (const NameEntry& name : run->names) {
    category[name.text.substr(0, name.text.find('<'))] = name.category;
  }
  EXPECT_EQ(category.at("void at::native::vectorized_elementwise_kernel"), Category::kCompute) << "demangled";
  EXPECT_EQ(category.at("ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage"),
            Category::kCommunication);
  EXPECT_EQ(category.at("copy host to device"), Category::kCopy);
  EXPECT_EQ(category.at("cudaStreamSynchronize"), Category::kSync);
  EXPECT_EQ(category.at("cudaLaunchKernel"), Category::kApi);
}

// From a kernel to the call that launched it and back; a gap of the GPU has a cause.
TEST_F(LoaderTest, ArrowsAndGapsOfAGpuRun) {
  stepscope::testing::write_gpu_job(dir.file("gpu"), "steps=20");
  const auto state = load(dir.file("gpu"), "");
  state->view.set_width(1000);
  state->search_for("vectorized_elementwise");
  state->find(true);
  ASSERT_TRUE(state->selection.event.has_value());
  const EventRef kernel = *state->selection.event;
  ASSERT_EQ(state->flows.size(), 1U);
  EXPECT_FALSE(state->flows[0].later);
  state->execute(Command::kFollowFlowBack);
  ASSERT_TRUE(state->selection.event.has_value());
  EXPECT_EQ(state->name_of(*state->selection.event).text, "cudaLaunchKernel");
  state->execute(Command::kFollowFlow);
  EXPECT_EQ(state->selection.event, kernel);

  const RunModel& run = *state->run(Side::kA);
  const StepModel& step = run.steps[5];
  std::optional<GapRef> gap;
  for (int64_t t = step.begin_ns; t < step.end_ns && !gap; t += 50'000) {
    gap = gap_at(run, Side::kA, kernel.lane, t);
  }
  ASSERT_TRUE(gap.has_value());
  state->select_gap(*gap);
  EXPECT_FALSE(state->selection.event.has_value());
  EXPECT_TRUE(state->flows.empty());
  int64_t sum = 0;
  for (const auto& [leaf, ns] : state->gap_causes) {
    sum += ns;
  }
  EXPECT_EQ(sum, gap->end_ns - gap->begin_ns);
  state->execute(Command::kFocus);
  EXPECT_LT(state->view.visible().length(), 3.0 * static_cast<double>(gap->end_ns - gap->begin_ns) + 1e3);
  state->clear();
  EXPECT_FALSE(state->gap.has_value());
}

TEST_F(LoaderTest, PairsCommunicatorsWhoseNamesDiffer) {
  const std::string gpu_lane =
      "meta process.pid 100\nlane 1 thread main tid=100\nphase start_ns=1 dur_ns=5 op=3\n"
      "collective lane=2 start_ns=1 dur_ns=5 op=AllReduce\n";
  const auto write = [&](const std::string& name, const std::string& communicator) {
    std::filesystem::create_directories(dir.path() + "/" + name);
    stepscope::testing::write_recording(dir.path() + "/" + name + "/main.stepscope",
                                        gpu_lane + "lane 2 communicator \"" + communicator + "\"\n");
    return dir.path() + "/" + name;
  };
  const auto state = load(write("x", "0x7f01 rank 0/8"), write("y", "0x9a02 rank 0/8"));
  const Tracks tracks = make_tracks(*state->run(Side::kA), state->run(Side::kB));
  ASSERT_EQ(tracks.tracks.size(), 2U);
  EXPECT_NE(tracks.tracks[1].lane[1], kNoTrackLane);
}

}  // namespace
}  // namespace stepscope::viewer
