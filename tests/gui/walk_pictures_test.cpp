// SPDX-License-Identifier: Apache-2.0
//
// Investigations: eight pairs of runs with one cause each, and a script (walks/NAME.walk) from opening both to the cause in at most five
// actions. Where each ends is a picture, walks/NAME.png, that the window must still look like.
//
// STEPSCOPE_UPDATE_GOLDEN=1 writes the pictures instead: look at them before keeping them.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/gui/picture.hpp"
#include "tests/support/gpu_job.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::viewer {
namespace {

// `base` and `changed`: of a job of tests/support/gpu_job.hpp, or job_simulator.hpp where they have no kernels; without them `scenario`
// names a pair of tests/scenarios/generator.
struct Walk {
  const char* name;
  const char* scenario;
  const char* base = nullptr;
  const char* changed = nullptr;
};

constexpr Walk kWalks[] = {
    {"data_loader", "", "steps=40 workers=2 forward=9ms backward=16ms optimizer=3ms fetch.cpu=40ms",
     "steps=40 workers=2 forward=9ms backward=16ms optimizer=3ms fetch.cpu=40ms slow_worker=1 "
     "slow_worker.extra=60ms"},
    {"retuned_kernel", "8"},
    {"lost_overlap", "", "steps=40 kernels=60 kernel=200us comm=3ms",
     "steps=40 kernels=60 kernel=200us comm=14ms"},
    {"late_rank", "11"},
    {"launch_bound", "7"},
    {"throttled_gpu", "", "steps=40 kernels=60 kernel=200us comm=3ms sm_clock=1980",
     "steps=40 kernels=60 kernel=262us comm=3ms sm_clock=1410 power_cap=1"},
    {"gc_skew", "15"},
    {"longer_sequences", "23a"},
};

// Fonts and drivers of other releases smooth edges otherwise; what is drawn elsewhere is more than that.
constexpr int kTolerance = 48;
constexpr double kMostDiffering = 0.01;
constexpr size_t kMostActions = 5;

void make_runs(const Walk& walk, const std::string& directory) {
  if (walk.base != nullptr) {
    for (const auto& [name, spec] : {std::pair("base-0", walk.base), std::pair("changed-0", walk.changed)}) {
      std::filesystem::create_directories(directory + "/" + name);
      const bool on_gpu = std::string_view(spec).find("kernels=") != std::string_view::npos;
      (on_gpu ? &stepscope::testing::write_gpu_job : &stepscope::testing::write_job)(directory + "/" + name,
                                                                                     spec);
    }
    return;
  }
  const Outcome made = run(std::string(STEPSCOPE_GENERATE) + " --scenario " + walk.scenario +
                           " --seed 5 --runs 1 -o " + directory);
  ASSERT_EQ(made.code, 0) << made.output;
}

class WalkPictures : public ::testing::TestWithParam<Walk> {};

TEST_P(WalkPictures, EndAtTheCause) {
  if (run("xvfb-run --help").code != 0) {
    GTEST_SKIP() << "xvfb-run is absent (Debian package xvfb): pictures cannot be drawn here";
  }
  const stepscope::testing::TempDir dir;
  for (const char* variable : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"}) {
    setenv(variable, dir.file("user").c_str(), 1);  // nobody's own keys, panes and notes
  }
  const std::string golden = std::string(STEPSCOPE_WALKS) + "/" + GetParam().name;
  make_runs(GetParam(), dir.path());

  std::ifstream file(golden + ".walk");
  ASSERT_TRUE(file) << golden << ".walk";
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  size_t actions = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    actions += line.empty() || line.starts_with("#") || line.starts_with("expect") ? 0U : 1U;
  }
  EXPECT_LE(actions, kMostActions);

  const std::string picture = dir.file("picture.png");
  std::ofstream(dir.file("walk")) << text << "screenshot " << picture << "\n";
  const Outcome seen = run_in_xvfb(STEPSCOPE_VIEWER " " + dir.file("base-0") + " --vs " +
                                   dir.file("changed-0") + " --size 1600x900 --script " + dir.file("walk"));
  ASSERT_EQ(seen.code, 0) << seen.output;
  if (getenv("STEPSCOPE_UPDATE_GOLDEN") != nullptr) {
    std::filesystem::copy_file(picture, golden + ".png", std::filesystem::copy_options::overwrite_existing);
    return;
  }
  const Image wanted = read_image(golden + ".png");
  ASSERT_GT(wanted.width, 0) << golden << ".png";
  const double difference = read_image(picture).difference(wanted, kTolerance);
  EXPECT_LE(difference, kMostDiffering)
      << "the window does not look like " << golden << ".png; STEPSCOPE_UPDATE_GOLDEN=1 writes it anew";
}

INSTANTIATE_TEST_SUITE_P(Eight, WalkPictures, ::testing::ValuesIn(kWalks),
                         [](const auto& walk) { return std::string(walk.param.name); });

}  // namespace
}  // namespace stepscope::viewer
