// SPDX-License-Identifier: Apache-2.0
//
// The viewer through ssh -X: its X server stands at the end of a slow line, and every picture crosses it. What is sent and how
// long after the last input is counted there (x_relay.hpp).
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/gui/open_viewer.hpp"
#include "tests/gui/picture.hpp"
#include "tests/gui/x_relay.hpp"
#include "tests/support/job_simulator.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::viewer {
namespace {

using std::chrono::milliseconds;

constexpr double kLine = 10e6;  // bytes a second
constexpr uint64_t kWholePicture = 1280 * 720 * 4;
constexpr int kMoves = 10;

struct Walk {
  XRelay::Sent first;    // until the run is on the screen
  XRelay::Sent at_rest;  // in two seconds without input
  XRelay::Sent pointer;  // kMoves movements over the lanes
  XRelay::Sent key;      // two seconds of a key held that pans
  double late_ms = 0;    // from the key's release until the last picture has arrived
  XRelay::Sent caret;    // two seconds with a text field that has the keyboard
};

XRelay::Sent since(const XRelay::Sent& now, const XRelay::Sent& before) {
  return {now.bytes - before.bytes, now.pictures - before.pictures, now.last};
}

class RemoteDisplay : public ::testing::Test {
 protected:
  void SetUp() override {
    if (run("xvfb-run --help").code != 0 || run("command -v xauth").code != 0) {
      GTEST_SKIP() << "xvfb-run or xauth is absent (Debian packages xvfb, xauth)";
    }
    for (const char* variable : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"}) {
      setenv(variable, dir_.file("user").c_str(), 1);
    }
    std::filesystem::create_directories(dir_.file("run"));
    stepscope::testing::write_job(
        dir_.file("run"), "steps=40 workers=2 forward=9ms backward=16ms optimizer=3ms fetch.cpu=20ms");
  }

  // What a person does, with what crossed the line meanwhile.
  void walk(const std::string& arguments, Walk& out) {
    XRelay relay(kLine);
    OpenViewer viewer(dir_.file("run"), dir_.file("open" + std::to_string(opened_++)),
                      "--size 1280x720 " + arguments, &relay);
    ASSERT_TRUE(relay.wait_until_quiet()) << "pictures do not end";
    ASSERT_TRUE(viewer.connect());
    out.first = relay.sent();
    std::this_thread::sleep_for(milliseconds(2000));
    out.at_rest = since(relay.sent(), out.first);

    XRelay::Sent before = relay.sent();
    for (int i = 0; i < kMoves; ++i) {
      viewer.move(400 + 40 * i, 300);
    }
    ASSERT_TRUE(relay.wait_until_quiet());
    out.pointer = since(relay.sent(), before);

    viewer.hold("w", milliseconds(400));  // further in, so that there is something to pan over
    ASSERT_TRUE(relay.wait_until_quiet());
    before = relay.sent();
    viewer.hold("d", milliseconds(2000));
    const auto released = XRelay::Clock::now();
    ASSERT_TRUE(relay.wait_until_quiet());
    out.key = since(relay.sent(), before);
    out.late_ms = std::chrono::duration<double, std::milli>(out.key.last - released).count();

    viewer.press("slash");
    ASSERT_TRUE(relay.wait_until_quiet());
    before = relay.sent();
    std::this_thread::sleep_for(milliseconds(2000));
    out.caret = since(relay.sent(), before);
    viewer.close_window();
    EXPECT_EQ(viewer.wait_for_exit(), 0);
    std::printf(
        "%-13s first %.1f MB; a pointer's move %.0f kB; a key held 2 s: %llu pictures, %.1f MB, last after "
        "%.0f ms\n",
        arguments.empty() ? "as ssh -X" : arguments.c_str(), static_cast<double>(out.first.bytes) / 1e6,
        static_cast<double>(out.pointer.bytes) / kMoves / 1e3,
        static_cast<unsigned long long>(out.key.pictures), static_cast<double>(out.key.bytes) / 1e6,
        out.late_ms);
  }

  stepscope::testing::TempDir dir_;
  int opened_ = 0;
};

TEST_F(RemoteDisplay, SendsWhatChangedAndNothingAtRestAndAnswersTheLastInputSoon) {
  Walk seen;
  walk("", seen);
  if (HasFatalFailure()) {
    return;
  }
  EXPECT_GE(seen.first.bytes, kWholePicture)
      << "the line is not what the pictures take: the measure is blind";
  EXPECT_EQ(seen.at_rest.pictures, 0U) << "frames are drawn at rest";
  EXPECT_EQ(seen.caret.pictures, 0U) << "a caret blinks";
  EXPECT_GT(seen.pointer.pictures, 0U);
  EXPECT_LT(seen.pointer.bytes, kMoves * kWholePicture / 8) << "whole pictures for a moved pointer";
  EXPECT_GT(seen.key.pictures, 0U);
  EXPECT_LT(seen.late_ms, 700) << "pictures are queued on the line";
}

}  // namespace
}  // namespace stepscope::viewer
