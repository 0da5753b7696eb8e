// SPDX-License-Identifier: Apache-2.0
//
// A load that does not go on to its end: stopped, out of memory, or overtaken by the job that it reads.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/loading.hpp"
#include "trace/recording_builder.hpp"
#include "viewer/model/format.hpp"
#include "viewer/run_loader.hpp"

namespace stepscope::viewer {
namespace {

using testing::LiveProcess;
using testing::wait_for;

class LoaderStopTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string job(const std::string& name) const {
    std::filesystem::create_directories(dir.file(name));
    stepscope::testing::write_job(dir.file(name), "steps=60 workers=2 fetch.cpu=4ms");
    return dir.file(name);
  }
  // Eight lanes of a hundred thousand ranges.
  [[nodiscard]] std::string large(const std::string& name) const {
    std::filesystem::create_directories(dir.file(name));
    auto created = trace::RecordingBuilder::create(dir.file(name) + "/main.stepscope");
    trace::RecordingBuilder& builder = created.value();
    builder.set_meta("process.role", "main");
    const int64_t work = builder.intern("work");
    for (uint32_t lane = 1; lane <= 8; ++lane) {
      trace::LaneDecl declared;
      declared.id = lane;
      declared.type = "thread";
      builder.add_lane(declared);
      for (int64_t i = 0; i < 100'000; ++i) {
        const int64_t values[] = {i * 1000, 900, work};
        EXPECT_TRUE(builder.add(trace::Kind::kRange, lane, values).ok());
      }
    }
    EXPECT_TRUE(builder.finish().ok());
    return dir.file(name);
  }
  // Loads, and calls `look` in whatever thread has news, with what the window knows by then.
  void load_watched(const std::string& a, const std::string& b, const std::function<void(Loader&)>& look) {
    std::unique_lock<std::mutex> lock(mutex);
    Loader loader(a, b, [&] {
      const std::lock_guard<std::mutex> one(mutex);
      (void)self->poll(state);
      look(*self);
    });
    self = &loader;
    lock.unlock();
    wait_for(loader);
    failed = loader.failed();
    const std::lock_guard<std::mutex> one(mutex);
    (void)loader.poll(state);
  }
  [[nodiscard]] bool says(const std::string& text) const {
    return state.load.text.find(text) != std::string::npos;
  }
  [[nodiscard]] std::string errors() const {
    std::string all;
    for (const std::string& error : state.load.errors) {
      all += error + "\n";
    }
    return all;
  }

  stepscope::testing::TempDir dir;
  std::mutex mutex;
  AppState state{Options()};
  Loader* self = nullptr;
  bool failed = false;
};

TEST_F(LoaderStopTest, StoppedWhileItReadsItKeepsTheOverview) {
  load_watched(large("a"), "", [&](Loader& loader) {
    if (says("reading events")) {
      loader.stop();
    }
  });
  ASSERT_NE(state.run(Side::kA), nullptr);
  EXPECT_TRUE(state.run(Side::kA)->preview);
  EXPECT_FALSE(failed);
  EXPECT_FALSE(state.load.active);
  EXPECT_EQ(errors(), "loading was stopped; what is shown is what was there by then\n");
}

TEST_F(LoaderStopTest, StoppedWhileItAnalysesItKeepsTheEvents) {
  load_watched(job("a"), job("b"), [&](Loader& loader) {
    if (says("analysing")) {
      loader.stop();
    }
  });
  ASSERT_TRUE(state.two_runs());
  EXPECT_FALSE(state.run(Side::kB)->preview);
  EXPECT_FALSE(state.table_ready);
  EXPECT_EQ(errors(), "loading was stopped; what is shown is what was there by then\n");
  state.search_for("batch");
  state.find(true);
  state.wait();
  EXPECT_FALSE(state.details.empty()) << "what is on screen can still be read";
}

TEST_F(LoaderStopTest, StoppingReadsNotOneBlockMoreThanIsUnderWay) {
  auto opened = analysis::Run::open(large("a"), {});
  ASSERT_TRUE(opened.ok());
  const auto run = std::make_shared<analysis::Run>(std::move(opened).value());
  std::atomic<bool> cancelled{false};
  uint64_t read = 0;
  const LoadControl control{&cancelled, [&](uint64_t events, uint64_t of) {
                              EXPECT_EQ(of, 800'000U);
                              read = events;
                              cancelled = true;
                            }};
  const auto loaded = load_events(run, control);
  EXPECT_EQ(loaded.status().code(), analysis::Code::kUsage);
  EXPECT_LE(read, uint64_t{std::max(1U, std::thread::hardware_concurrency())} << 16U) << "a block a thread";
}

// The bar of 200 ms is measured by bench_viewer; here there is room for a machine that does other things.
TEST_F(LoaderStopTest, ClosingTheWindowDoesNotWaitForTheLoad) {
  const std::string path = large("a");
  for (const char* moment : {"opening", "reading events", "analysing"}) {
    AppState shown((Options()));
    auto loader = std::make_unique<Loader>(path, path, [] {});
    while (!loader->finished() && shown.load.text.find(moment) == std::string::npos) {
      (void)loader->poll(shown);
    }
    const auto closed = std::chrono::steady_clock::now();
    loader.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - closed, std::chrono::seconds(2)) << moment;
  }
}

TEST_F(LoaderStopTest, EscapeStopsWhenThereIsNothingElseToClear) {
  state.load.active = true;
  state.search_for("x");
  state.search[0] = Search(RunModel(), "x");
  state.execute(Command::kClear);
  EXPECT_FALSE(state.stop_loading) << "it cleared the search";
  state.execute(Command::kClear);
  EXPECT_TRUE(state.stop_loading);
  Loader loader(job("a"), "", [] {});
  (void)loader.poll(state);
  wait_for(loader);
  (void)loader.poll(state);
  EXPECT_NE(errors().find("loading was stopped"), std::string::npos);
  state.load.active = false;
  state.stop_loading = false;
  state.execute(Command::kClear);
  EXPECT_FALSE(state.stop_loading) << "there is nothing to stop";
}

// In the thread that reads a lane, where memory would run out.
TEST_F(LoaderStopTest, MemoryThatRunsOutIsASentenceAboutThatRun) {
  const std::string b = large("b");
  std::atomic<bool> thrown{false};
  load_watched(job("a"), b, [&](Loader&) {
    if (says("of " + format_count(800'000)) && !thrown.exchange(true)) {
      throw std::bad_alloc();
    }
  });
  EXPECT_TRUE(thrown);
  EXPECT_TRUE(failed);
  EXPECT_EQ(errors(), b + ": reading its events: memory ran out; close other programs, or open a part of the "
                          "recordings\n");
  ASSERT_NE(state.run(Side::kA), nullptr);
  EXPECT_FALSE(state.run(Side::kA)->preview);
  EXPECT_TRUE(state.table_ready) << "A is analysed alone";
  EXPECT_FALSE(state.table.comparison);
}

TEST_F(LoaderStopTest, AJobThatEndsWhileItIsLoadedIsReadAgain) {
  LiveProcess process(dir.file("live"));
  process.push(20);
  bool ended = false;
  Loader* loading = nullptr;
  std::unique_lock<std::mutex> lock(mutex);
  Loader loader(dir.file("live"), "", [&] {
    const std::lock_guard<std::mutex> one(mutex);
    (void)loading->poll(state);
    if (state.run(Side::kA) != nullptr && !ended) {
      ended = true;
      process.push(50);
      process.kill();
    }
  });
  loading = &loader;
  lock.unlock();
  wait_for(loader);
  ASSERT_TRUE(ended);
  ASSERT_TRUE(loader.live()) << "what is shown is not all of it";
  ASSERT_TRUE(loader.follow());
  wait_for(loader);
  lock.lock();  // it may still be telling us
  (void)loader.poll(state);
  EXPECT_EQ(state.run(Side::kA)->events, 50U);
  for (const Note& note : state.run(Side::kA)->notes) {
    EXPECT_EQ(note.text.find("still being recorded"), std::string::npos);
  }
  lock.unlock();
  EXPECT_FALSE(loader.live());
}

TEST_F(LoaderStopTest, OnlyTheRunThatGrewIsReadAgain) {
  const std::string still = job("a");
  LiveProcess process(dir.file("live"));
  process.push(30);
  Loader loader(still, dir.file("live"), [] {});
  wait_for(loader);
  (void)loader.poll(state);
  ASSERT_TRUE(state.two_runs());
  const uint64_t first = state.run_number(Side::kA);
  const uint64_t second = state.run_number(Side::kB);
  process.push(60);
  std::filesystem::remove_all(still);  // whoever opens it again cannot
  ASSERT_TRUE(loader.follow());
  wait_for(loader);
  (void)loader.poll(state);
  EXPECT_EQ(errors(), "");
  EXPECT_EQ(state.run_number(Side::kA), first);
  EXPECT_NE(state.run_number(Side::kB), second);
  EXPECT_EQ(state.run(Side::kB)->events, 60U);
  EXPECT_TRUE(state.table.comparison) << "of what A was and what B is now";
  EXPECT_TRUE(loader.live());
  process.kill();
}

}  // namespace
}  // namespace stepscope::viewer
