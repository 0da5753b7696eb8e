// SPDX-License-Identifier: Apache-2.0
//
// The shipped viewer under Xvfb and software OpenGL: pictures with the right things in them, and clear endings.
// Pixels differ from driver to driver; these tests look at sizes, colours and differences only.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/gui/open_viewer.hpp"
#include "tests/gui/picture.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/spool_writer.hpp"
#include "viewer/model/palette.hpp"

namespace stepscope::viewer {
namespace {

class ViewerGui : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = std::make_unique<stepscope::testing::TempDir>();
    for (const char* variable : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"}) {
      setenv(variable, dir_->file("user").c_str(), 1);  // nobody's own keys, panes and notes
    }
    make("healthy",
         "steps=40 workers=2 forward=9ms backward=16ms optimizer=3ms fetch.cpu=20ms gc.every=7 gc=6ms");
    make("slow",
         "steps=40 workers=2 forward=9ms backward=16ms optimizer=3ms fetch.cpu=20ms fetch.io=60ms gc.every=7 "
         "gc=6ms");
  }
  static void TearDownTestSuite() { dir_.reset(); }

  void SetUp() override {
    if (run("xvfb-run --help").code != 0) {
      GTEST_SKIP() << "xvfb-run is absent (Debian package xvfb): pictures cannot be drawn here";
    }
  }

  static void make(const std::string& name, const std::string& spec) {
    std::filesystem::create_directories(dir_->file(name));
    stepscope::testing::write_job(dir_->file(name), spec);
  }
  static std::string path(const std::string& name) { return dir_->file(name); }

  static Outcome view(const std::string& arguments) { return run_in_xvfb(STEPSCOPE_VIEWER " " + arguments); }
  // Draws and reads a picture; the test fails when the viewer does.
  static Image picture(const std::string& arguments, const std::string& size = "1280x720") {
    const std::string file = dir_->file("picture.png");
    std::filesystem::remove(file);
    const Outcome outcome = view(arguments + " --size " + size + " --screenshot " + file);
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    EXPECT_EQ(outcome.output, "");
    return read_image(file);
  }
  static Color color(Category category) { return category_color(category, Theme::kDark); }

  static std::unique_ptr<stepscope::testing::TempDir> dir_;
};

std::unique_ptr<stepscope::testing::TempDir> ViewerGui::dir_;

TEST_F(ViewerGui, OneRunShowsItsCategories) {
  const Image image = picture(path("healthy"));
  ASSERT_EQ(image.width, 1280);
  ASSERT_EQ(image.height, 720);
  EXPECT_GT(image.count(color(Category::kCompute)), 2000U);
  EXPECT_GT(image.count(color(Category::kBackward)), 4000U);
  EXPECT_GT(image.count(color(Category::kOptimizer)), 500U);
  EXPECT_GT(image.count(color(Category::kDataWork)), 3000U);
  EXPECT_GT(image.count(color(Category::kGc)), 100U);
}

TEST_F(ViewerGui, TwoRunsShowTheSlowdownInTheColourOfMore) {
  const Image one = picture(path("healthy"));
  const Image two = picture(path("healthy") + " --vs " + path("slow"));
  const Color more = palette(Theme::kDark).more;
  EXPECT_GT(two.count(more), one.count(more) + 3000U);
  EXPECT_GT(two.count(color(Category::kDataWait)), one.count(color(Category::kDataWait)) + 3000U);
}

TEST_F(ViewerGui, ADeepLinkMovesTheViewAndASelectionOpensIt) {
  const Image whole = picture(path("healthy"));
  const Image step = picture(path("healthy") + " --at 12");
  EXPECT_GT(step.difference(whole), 0.05);
  const Image time = picture(path("healthy") + " --at 500ms");
  EXPECT_GT(time.difference(whole), 0.03);
  const Image selected = picture(path("healthy") + " --at 12 --select backward");
  EXPECT_GT(selected.difference(step), 0.01);
}

TEST_F(ViewerGui, LightIsNotDarkAndScaleIsNotOne) {
  const Image dark = picture(path("healthy"));
  const Image light = picture(path("healthy") + " --theme light");
  EXPECT_GT(light.difference(dark), 0.8);
  EXPECT_GT(light.count(palette(Theme::kLight).panel), 300'000U);
  const Image large = picture(path("healthy") + " --scale 1.5");
  EXPECT_GT(large.difference(dark), 0.1);
}

TEST_F(ViewerGui, ViewsOfTheLowerPanelShowTheSlowDisk) {
  const std::string both = path("healthy") + " --vs " + path("slow");
  const Image batches = picture(path("slow") + " --view batches --at 20");
  EXPECT_GT(batches.count(color(Category::kIo)), 400U) << "what the workers wait for";
  const Image flame = picture(both + " --view flame");
  const Image details = picture(both + " --view details");
  EXPECT_GT(flame.count(palette(Theme::kDark).more), details.count(palette(Theme::kDark).more) + 1000U);
}

TEST_F(ViewerGui, TheSameInputGivesTheSamePicture) {
  EXPECT_EQ(picture(path("healthy") + " --vs " + path("slow") + " --at 9")
                .difference(picture(path("healthy") + " --vs " + path("slow") + " --at 9")),
            0);
}

TEST_F(ViewerGui, APictureMayBeLargerThanTheScreen) {
  const Image image = picture(path("healthy"), "2560x1440");
  ASSERT_EQ(image.width, 2560);
  size_t in_last_rows = 0;  // the legend stands at the very bottom
  for (size_t i = image.pixels.size() - 2560U * 24U; i < image.pixels.size(); ++i) {
    in_last_rows += image.pixels[i] == color(Category::kBackward) ? 1U : 0U;
  }
  EXPECT_GT(in_last_rows, 20U);
}

TEST_F(ViewerGui, ThePictureThatDoesNotWaitHasLanesToo) {
  const Image image = picture(path("healthy") + " --wait overview");
  ASSERT_EQ(image.width, 1280);
  EXPECT_GT(image.count(color(Category::kBackward), 40),
            40U);  // 86 of the stored overview, more of the events
}

TEST_F(ViewerGui, ADamagedRunEndsInAPictureThatSaysSoAndExit5) {
  const std::string file = dir_->file("damaged.stepscope");
  std::ofstream(file) << "not a recording";
  const std::string png = dir_->file("damaged.png");
  const Outcome outcome = view(file + " --screenshot " + png + " --size 1000x600");
  EXPECT_EQ(outcome.code, 5);
  EXPECT_NE(outcome.output.find(file), std::string::npos);
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1) << outcome.output;
  const Image image = read_image(png);
  ASSERT_EQ(image.width, 1000);
  EXPECT_GT(image.count(palette(Theme::kDark).error, 40), 30U);  // smoothed letters
}

// What a person sees who opens a bad run: every kind ends in one line and exit code 5, through `stepscope view` too.
TEST_F(ViewerGui, EveryBadRunIsRefusedByStepscopeView) {
  const std::string nowhere = path("nowhere");
  std::filesystem::create_directories(path("empty"));
  std::filesystem::create_directories(path("foreign spool"));
  std::ofstream(path("foreign spool") + "/main-r0-host-1-2.spool") << "not a spool";
  std::ofstream(path("cut.stepscope")) << "SQLite format 3";
  for (const std::string name : {"nowhere", "empty", "foreign spool", "cut.stepscope"}) {
    const Outcome outcome =
        run("xvfb-run -a -s '-screen 0 640x480x24 +extension GLX' " STEPSCOPE_PROGRAM " view '" + path(name) +
            "' --size 640x480 --screenshot " + path("bad.png"));
    EXPECT_EQ(outcome.code, 5) << name << outcome.output;
    EXPECT_NE(outcome.output.find(path(name)), std::string::npos) << outcome.output;
    EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1) << outcome.output;
  }
}

// A window nobody touches must cost nothing: no frame without input.
TEST_F(ViewerGui, AWindowAtRestDrawsNothingReactsToThePointerAndClosesWithCode0) {
  OpenViewer viewer(path("healthy"), dir_->file("open"));
  ASSERT_TRUE(viewer.wait_until_idle()) << "the viewer never comes to rest";
  const long before = viewer.cpu_ticks();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_LE(viewer.cpu_ticks() - before, 1) << "ticks of 10 ms in 2 s without input";
  ASSERT_TRUE(viewer.connect());
  viewer.wiggle_pointer();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_GT(viewer.cpu_ticks() - before, 1) << "no frame after the pointer moved: the measure is blind";
  ASSERT_TRUE(viewer.wait_until_idle()) << "frames go on after the input";
  viewer.close_window();
  EXPECT_EQ(viewer.wait_for_exit(), 0);
}

TEST_F(ViewerGui, ALinkOpensTheViewThatItSays) {
  const Image whole = picture(path("healthy") + " --vs " + path("slow"));
  const Image linked =
      picture(path("healthy") + " --vs " + path("slow") + " --link step=12,align=time,name=backward");
  EXPECT_GT(linked.difference(whole), 0.05);
  const Outcome missing = view(path("healthy") + " --link step=4711 --screenshot " + path("x.png"));
  EXPECT_EQ(missing.code, 0) << "what cannot be had is said, and the rest is shown";
  EXPECT_EQ(missing.output, "stepscope-viewer: --link: there is no step 4711\n");
}

// From opening both runs to the cause, by keys and commands alone, in a window without a person.
TEST_F(ViewerGui, AScriptLeadsToTheCauseAndTakesItsPicture) {
  const std::string walk = path("walk.txt");
  std::ofstream(walk) << "expect data loading\n"
                         "finding 1\n"
                         "zoom-to-selection\n"
                         "key Ctrl+Shift+P\n"
                         "type recording\n"
                         "key Enter\n"
                      << "expect events\n"
                      << "screenshot " << path("cause.png") << "\n"
                      << "tab terms\ncsv " << path("terms.csv") << "\n";
  const Outcome outcome =
      view(path("healthy") + " --vs " + path("slow") + " --size 1280x720 --script " + walk);
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(read_image(path("cause.png")).width, 1280);
  std::ifstream csv(path("terms.csv"));
  std::string heading;
  std::getline(csv, heading);
  EXPECT_TRUE(heading.starts_with("term,rank,a_ns,b_ns,delta_ns")) << heading;
  std::ofstream(walk) << "zoom-in\nexpect the moon\n";
  const Outcome failed = view(path("healthy") + " --script " + walk);
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.output, "stepscope-viewer: " + walk + ":2: expect: the window does not show 'the moon'\n");
  std::ofstream(walk) << "fly\n";
  EXPECT_EQ(view(path("healthy") + " --script " + walk).code, 2);
}

TEST_F(ViewerGui, ASmallWindowAndDoubleScaleShowTheLanes) {
  for (const char* arguments : {" --size 300x200", " --size 640x480 --scale 2"}) {
    const std::string file = path("small.png");
    const Outcome outcome =
        view(path("healthy") + " --vs " + path("slow") + " --screenshot " + file + arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    EXPECT_GT(read_image(file).count(color(Category::kBackward), 40), 100U) << arguments;
  }
  // Less than that is no window to work in, but none that fails either.
  EXPECT_EQ(view(path("healthy") + " --size 300x200 --scale 2 --screenshot " + path("tiny.png")).code, 0);
}

TEST_F(ViewerGui, AWindowThatIsMadeSmallGoesOn) {
  OpenViewer viewer(path("healthy"), dir_->file("resized"));
  ASSERT_TRUE(viewer.wait_until_idle());
  ASSERT_TRUE(viewer.connect());
  for (const auto& [width, height] : {std::pair(300U, 200U), std::pair(1U, 1U), std::pair(900U, 600U)}) {
    viewer.resize(width, height);
    ASSERT_TRUE(viewer.wait_until_idle());
  }
  viewer.close_window();
  EXPECT_EQ(viewer.wait_for_exit(), 0);
}

// A person's window: a mark set and an edge dragged are there the next time, and a picture shows the mark.
TEST_F(ViewerGui, MarksAndPanesOutliveTheWindow) {
  make("noted", "steps=40 workers=2 forward=9ms backward=16ms optimizer=3ms fetch.cpu=20ms");
  const Image before = picture(path("noted"));
  OpenViewer viewer(path("noted"), dir_->file("noted.open"));
  ASSERT_TRUE(viewer.wait_until_idle());
  ASSERT_TRUE(viewer.connect());
  viewer.press("m");
  viewer.drag(600, 142, 600, 202);  // the lower edge of the step strip
  ASSERT_TRUE(viewer.wait_until_idle());
  EXPECT_FALSE(std::filesystem::exists(path("user/stepscope/viewer-panes"))) << "written at the end";
  EXPECT_TRUE(std::filesystem::exists(path("noted/stepscope-notes.json"))) << "written at once";
  viewer.close_window();
  EXPECT_EQ(viewer.wait_for_exit(), 0);
  std::ifstream panes(path("user/stepscope/viewer-panes"));
  std::string name;
  float strip = 0;
  panes >> name >> strip;
  EXPECT_EQ(name, "strip");
  EXPECT_NEAR(strip, 164, 3);
  const double changed = picture(path("noted")).difference(before);
  EXPECT_GT(changed, 0) << "the mark";
  EXPECT_LT(changed, 0.01) << "a picture has the usual panes";
}

TEST_F(ViewerGui, AWrongKeyFileIsASentenceAndStopsNothing) {
  const std::string keys = path("keys.conf");
  std::ofstream(keys) << "zoom-in = Hyper+Z\n";
  const Outcome outcome = view(path("healthy") + " --keys " + keys + " --screenshot " + path("x.png"));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.output, "stepscope-viewer: " + keys + ":1: 'Hyper+Z' is no key\n");
}

TEST_F(ViewerGui, WithoutOpenGl32ItSaysSo) {
  const Outcome outcome = run(
      "MESA_GL_VERSION_OVERRIDE=2.1 LIBGL_ALWAYS_SOFTWARE=1 xvfb-run -a -s '-screen 0 640x480x24 +extension "
      "GLX' " STEPSCOPE_VIEWER " " +
      path("healthy"));
  EXPECT_EQ(outcome.code, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("OpenGL 3.2"), std::string::npos) << outcome.output;
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1) << outcome.output;
}

TEST_F(ViewerGui, ADisplayWithoutOpenGlIsASentenceToo) {
  const Outcome outcome =
      run("xvfb-run -a -s '-screen 0 640x480x24 -extension GLX' " STEPSCOPE_VIEWER " " + path("healthy"));
  EXPECT_EQ(outcome.code, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("OpenGL 3.2"), std::string::npos) << outcome.output;
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1) << outcome.output;
}

// Reading a run that is being recorded writes a new snapshot of it beside its spool: that is how one sees from outside that the
// window has looked again.
TEST_F(ViewerGui, AWindowOnARunUnderWayReadsItAgainWhenItGrowsAndElseRests) {
  const std::string live = path("live");
  std::filesystem::create_directories(live);
  trace::Spool spool;
  ASSERT_EQ(spool.open(live.c_str(), "main-r0-node0-9-1"), 0);
  spool.meta("process.role", "main");
  spool.meta("process.pid", "9");
  trace::Ring* ring = spool.acquire_ring(9, "MainThread", 1 << 18);
  const uint32_t name = spool.intern("train_step", 10);
  int64_t pushed = 0;
  const auto push = [&](int64_t until) {
    constexpr int64_t kStep = 10'000'000;
    for (; pushed < until; ++pushed) {
      const int64_t range[] = {1'000'000'000 + pushed * kStep, kStep, name, 0, 0, 2, 0, 0, 0};
      ASSERT_TRUE(spool.push(ring, trace::Kind::kRange, 0, range, std::size(range)));
    }
    (void)spool.drain();
  };
  push(30);
  OpenViewer viewer(live, dir_->file("open_live"));
  ASSERT_TRUE(viewer.wait_until_idle());
  const std::string snapshot = live + "/main-r0-node0-9-1.stepscope";
  ASSERT_TRUE(std::filesystem::exists(snapshot));
  const auto first = std::filesystem::last_write_time(snapshot);
  const long before = viewer.cpu_ticks();
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));  // longer than it waits between looks
  EXPECT_LE(viewer.cpu_ticks() - before, 2) << "ticks of 10 ms while nothing grows";
  EXPECT_EQ(std::filesystem::last_write_time(snapshot), first);
  push(90);
  bool again = false;
  for (int i = 0; i < 100 && !again; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    again = std::filesystem::last_write_time(snapshot) != first;
  }
  EXPECT_TRUE(again) << "the window does not follow the run";
  ASSERT_TRUE(viewer.connect());
  viewer.close_window();
  EXPECT_EQ(viewer.wait_for_exit(), 0);
  EXPECT_TRUE(std::filesystem::exists(live + "/main-r0-node0-9-1.spool")) << "the job writes on";
  spool.abandon_in_child();
}

TEST_F(ViewerGui, WithoutADisplayItSaysHowToGetAPicture) {
  const Outcome outcome = run("env -u DISPLAY -u WAYLAND_DISPLAY " STEPSCOPE_VIEWER " " + path("healthy"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.output.find("xvfb-run"), std::string::npos);
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1) << outcome.output;
}

TEST_F(ViewerGui, AnUnwritablePictureIsAnErrorWithItsName) {
  const Outcome outcome = view(path("healthy") + " --screenshot /nonexistent/x.png");
  EXPECT_EQ(outcome.code, 5);
  EXPECT_NE(outcome.output.find("/nonexistent/x.png"), std::string::npos);
}

TEST_F(ViewerGui, WrongUsageIsExit2WithOneLine) {
  const Outcome outcome = run(STEPSCOPE_VIEWER " --frobnicate");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1);
}

}  // namespace
}  // namespace stepscope::viewer
