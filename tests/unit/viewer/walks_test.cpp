// SPDX-License-Identifier: Apache-2.0
//
// Investigations: eight pairs of runs with one cause each, opened as a person would, and a script of at most five actions from
// there to the cause, by keys alone. What the window must show on the way is decided before it is drawn.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "tests/support/gpu_job.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/rank_job.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/viewer/support/frame.hpp"
#include "viewer/frame_script.hpp"
#include "viewer/loader.hpp"

namespace stepscope::viewer {
namespace {

using testing::FrameTest;

constexpr size_t kMostActions = 5;

class WalkTest : public FrameTest {
 protected:
  using Maker = std::function<void(const std::string& directory)>;

  static Maker job(const std::string& spec) {
    return [spec](const std::string& directory) { stepscope::testing::write_job(directory, spec); };
  }
  static Maker gpu_job(const std::string& spec) {
    return [spec](const std::string& directory) { stepscope::testing::write_gpu_job(directory, spec); };
  }

  // Opens both runs and follows the script; "expect" is looking, everything else is an action.
  void walk(const Maker& before, const Maker& after, const std::string& text) {
    open(before, after);
    const auto lines = parse_script(text, "walk");
    ASSERT_TRUE(lines.ok()) << lines.status().message();
    const auto actions = std::count_if(lines.value().begin(), lines.value().end(),
                                       [](const ScriptLine& line) { return line.verb != "expect"; });
    EXPECT_LE(static_cast<size_t>(actions), kMostActions);
    FrameScript host(state, shell,
                     {[this] { frames(1); }, [](const std::string&) { return analysis::Status(); }});
    const ScriptEnd end = run_script(lines.value(), "walk", state, host);
    EXPECT_EQ(end.sentence, "") << host.visible_text().value();
  }

 private:
  void open(const Maker& before, const Maker& after) {
    for (const auto& [name, make] : {std::pair("before", &before), std::pair("after", &after)}) {
      std::filesystem::create_directories(dir_.file(name));
      (*make)(dir_.file(name));
    }
    Loader loader(dir_.file("before"), dir_.file("after"), [] {});
    while (!loader.finished()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    (void)loader.poll(state);
    ASSERT_FALSE(loader.failed());
    ASSERT_TRUE(state.two_runs() && state.table_ready);
  }

  stepscope::testing::TempDir dir_;
};

constexpr const char* kLoaderJob =
    "steps=40 workers=2 forward=9ms backward=16ms optimizer=3ms fetch.cpu=20ms";
constexpr const char* kGpuJob = "steps=40 kernels=60 kernel=200us comm=3ms";

TEST_F(WalkTest, ASlowDisk) {
  walk(job(kLoaderJob), job(std::string(kLoaderJob) + " fetch.io=60ms"),
       "expect workers are blocked reading\nkey J\nexpect finding 1 of\nkey F\nexpect data.io\n");
}

TEST_F(WalkTest, ADatasetThatComputesMore) {
  walk(job(kLoaderJob), job("steps=40 workers=2 forward=9ms backward=16ms optimizer=3ms fetch.cpu=90ms"),
       "expect __getitem__ computes\nkey J\nexpect finding 1 of\nkey F\nexpect data.fetch\n");
}

TEST_F(WalkTest, OneWorkerThatIsSlow) {
  walk(job(kLoaderJob), job(std::string(kLoaderJob) + " slow_worker=1 slow_worker.extra=80ms"),
       "expect worker 1\nkey J\nexpect finding 1 of\nkey F\n");
}

TEST_F(WalkTest, GarbageCollection) {
  walk(job(kLoaderJob), job(std::string(kLoaderJob) + " gc.every=2 gc=20ms"),
       "expect garbage collect\nkey J\nexpect finding 1 of\nkey F\n");
}

TEST_F(WalkTest, AHotGpu) {
  walk(gpu_job(std::string(kGpuJob) + " sm_clock=1980"),
       gpu_job("steps=40 kernels=60 kernel=262us comm=3ms sm_clock=1410 power_cap=1"),
       "expect clock\nkey J\nexpect finding 1 of\nkey F\n");
}

TEST_F(WalkTest, ASlowNetwork) {
  walk(gpu_job(kGpuJob), gpu_job("steps=40 kernels=60 kernel=200us comm=14ms"),
       "expect comm.exposed/all_reduce\nkey J\nexpect finding 1 of\nkey F\n");
}

TEST_F(WalkTest, MemoryThatIsAllocatedEveryStep) {
  walk(gpu_job(kGpuJob), gpu_job(std::string(kGpuJob) + " allocs=4"),
       "expect alloc\nkey J\nexpect finding 1 of\nkey F\n");
}

TEST_F(WalkTest, ALateRank) {
  stepscope::testing::RankJob before;
  stepscope::testing::RankJob after;
  after.extra = [](int64_t rank, int64_t) { return rank == 1 ? 5'000'000 : 0; };
  walk([&](const std::string& directory) { stepscope::testing::write_rank_job(directory, before); },
       [&](const std::string& directory) { stepscope::testing::write_rank_job(directory, after); },
       "expect rank 1 is late\nkey J\nexpect finding 1 of\nkey F\nexpect rank 1\n");
}

}  // namespace
}  // namespace stepscope::viewer
