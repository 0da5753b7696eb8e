// SPDX-License-Identifier: Apache-2.0
//
// OpenViewer: the viewer with its window, on an X server of its own, as a person would have it open.
//
//   OpenViewer viewer("/runs/healthy", dir + "/open");   // the second: a prefix for files that tell its pid and display
//   ASSERT_TRUE(viewer.wait_until_idle());
//   ASSERT_TRUE(viewer.connect());                        // as a client of the same X server
//   viewer.close_window();
//   EXPECT_EQ(viewer.wait_for_exit(), 0);
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "tests/gui/x_relay.hpp"

struct _XDisplay;

namespace stepscope::viewer {

class OpenViewer {
 public:
  // `arguments`: more of them; `relay`: the viewer reaches its display through that, without shared memory.
  OpenViewer(const std::string& run, std::string files, const std::string& arguments = "",
             XRelay* relay = nullptr);
  ~OpenViewer();  // ends what still runs
  OpenViewer(const OpenViewer&) = delete;
  OpenViewer& operator=(const OpenViewer&) = delete;

  // User and system time of the viewer in clock ticks (10 ms); -1 when it is gone.
  [[nodiscard]] long cpu_ticks() const;
  // True once it has used no CPU for a second; false after 20 s without such a second.
  [[nodiscard]] bool wait_until_idle() const;
  [[nodiscard]] bool connect();
  void wiggle_pointer();
  void resize(unsigned width, unsigned height);
  void press(const char* keysym);  // "m"
  // Down, repeated as a keyboard does, and up.
  void hold(const char* keysym, std::chrono::milliseconds time);
  void move(int x, int y);
  void drag(int x0, int y0, int x1, int y1);
  void close_window();  // what a window manager sends for the close button
  [[nodiscard]] int wait_for_exit();

 private:
  void send_key(const char* keysym, bool down);
  void send_button(bool down, int x, int y);
  [[nodiscard]] std::string file_line(const std::string& suffix, int number) const;

  std::string files_;
  pid_t server_ = -1;  // xvfb-run
  pid_t viewer_ = -1;
  _XDisplay* display_ = nullptr;
  unsigned long window_ = 0;
};

}  // namespace stepscope::viewer
