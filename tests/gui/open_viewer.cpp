// SPDX-License-Identifier: Apache-2.0
#include "tests/gui/open_viewer.hpp"

#include <X11/Xlib.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

namespace stepscope::viewer {
namespace {

using std::chrono::milliseconds;

// Waits in steps of 50 ms until `done`, at most 20 s.
template <typename Done>
bool wait_for(const Done& done) {
  for (int i = 0; i < 400; ++i) {
    if (done()) {
      return true;
    }
    std::this_thread::sleep_for(milliseconds(50));
  }
  return false;
}

}  // namespace

OpenViewer::OpenViewer(const std::string& run, std::string files, const std::string& arguments, XRelay* relay)
    : files_(std::move(files)) {
  // As sshd does: the key of the server also for the display that the program sees.
  const std::string through = relay == nullptr
                                  ? ""
                                  : "echo \"$DISPLAY\" >'" + files_ +
                                        ".server'; xauth -q add unix:" + std::to_string(relay->number()) +
                                        " MIT-MAGIC-COOKIE-1 $(xauth list \"$DISPLAY\" | sed 's/.* //;q'); ";
  const std::string display = relay == nullptr ? "" : "DISPLAY=" + relay->name() + " ";
  const std::string screen =
      std::string("-screen 0 1280x720x24 +extension GLX") + (relay == nullptr ? "" : " -extension MIT-SHM");
  const std::string script = through + display + STEPSCOPE_VIEWER " '" + run + "' " + arguments +
                             " & echo $! >'" + files_ + ".tmp'; echo \"$DISPLAY\" >>'" + files_ +
                             ".tmp'; echo \"$XAUTHORITY\" >>'" + files_ + ".tmp'; mv '" + files_ + ".tmp' '" +
                             files_ + ".at'; wait $!; echo $? >'" + files_ + ".rc'";
  server_ = fork();
  if (server_ == 0) {
    setpgid(0, 0);
    execlp("xvfb-run", "xvfb-run", "-a", "-s", screen.c_str(), "sh", "-c", script.c_str(), nullptr);
    _exit(127);
  }
  if (relay != nullptr && wait_for([&] { return !file_line(".server", 0).empty(); })) {
    relay->connect_to(file_line(".server", 0));
  }
  if (wait_for([&] { return !file_line(".at", 0).empty(); })) {
    viewer_ = std::stoi(file_line(".at", 0));
  }
}

OpenViewer::~OpenViewer() {
  if (display_ != nullptr) {
    XCloseDisplay(display_);
  }
  if (server_ > 0) {
    kill(-server_, SIGTERM);
    waitpid(server_, nullptr, 0);
  }
}

std::string OpenViewer::file_line(const std::string& suffix, int number) const {
  std::ifstream in(files_ + suffix);
  std::string line;
  for (int i = 0; i <= number; ++i) {
    if (!std::getline(in, line)) {
      return "";
    }
  }
  return line;
}

long OpenViewer::cpu_ticks() const {
  std::ifstream in("/proc/" + std::to_string(viewer_) + "/stat");
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) {
    return -1;
  }
  std::istringstream fields(text.substr(name_end + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) {  // numbering of proc(5): utime is field 14
    fields >> skipped;
  }
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return user + system;
}

bool OpenViewer::wait_until_idle() const {
  long last = -1;
  int quiet = 0;
  return wait_for([&] {
    const long now = cpu_ticks();
    quiet = now == last && now > 0 ? quiet + 1 : 0;
    last = now;
    return quiet >= 20;
  });
}

bool OpenViewer::connect() {
  setenv("XAUTHORITY", file_line(".at", 2).c_str(), 1);
  display_ = XOpenDisplay(file_line(".at", 1).c_str());
  if (display_ == nullptr) {
    return false;
  }
  // There is no window manager: the window is a child of the root.
  Window root = 0;
  Window parent = 0;
  Window* children = nullptr;
  unsigned count = 0;
  XQueryTree(display_, DefaultRootWindow(display_), &root, &parent, &children, &count);
  for (unsigned i = 0; i < count; ++i) {
    char* name = nullptr;
    if (XFetchName(display_, children[i], &name) != 0 && name != nullptr) {
      window_ = std::string(name).starts_with("stepscope") ? children[i] : window_;
      XFree(name);
    }
  }
  XFree(children);
  return window_ != 0;
}

void OpenViewer::wiggle_pointer() {
  for (int i = 0; i < 10; ++i) {
    XWarpPointer(display_, None, window_, 0, 0, 0, 0, 400 + 20 * i, 300);
    XFlush(display_);
    std::this_thread::sleep_for(milliseconds(30));
  }
}

void OpenViewer::resize(unsigned width, unsigned height) {
  XResizeWindow(display_, window_, width, height);
  XFlush(display_);
}

void OpenViewer::send_key(const char* keysym, bool down) {
  XEvent event{};
  event.xkey.type = down ? KeyPress : KeyRelease;
  event.xkey.display = display_;
  event.xkey.window = window_;
  event.xkey.root = DefaultRootWindow(display_);
  event.xkey.time = CurrentTime;
  event.xkey.same_screen = True;
  event.xkey.keycode = XKeysymToKeycode(display_, XStringToKeysym(keysym));
  XSendEvent(display_, window_, True, down ? KeyPressMask : KeyReleaseMask, &event);
  XFlush(display_);
}

void OpenViewer::press(const char* keysym) {
  for (const bool down : {true, false}) {
    send_key(keysym, down);
    std::this_thread::sleep_for(milliseconds(100));
  }
}

void OpenViewer::hold(const char* keysym, milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    send_key(keysym, true);
    std::this_thread::sleep_for(milliseconds(40));
  }
  send_key(keysym, false);
}

void OpenViewer::move(int x, int y) {
  XWarpPointer(display_, None, window_, 0, 0, 0, 0, x, y);
  XFlush(display_);
  std::this_thread::sleep_for(milliseconds(100));
}

void OpenViewer::send_button(bool down, int x, int y) {
  XEvent event{};
  event.xbutton.type = down ? ButtonPress : ButtonRelease;
  event.xbutton.display = display_;
  event.xbutton.window = window_;
  event.xbutton.root = DefaultRootWindow(display_);
  event.xbutton.time = CurrentTime;
  event.xbutton.same_screen = True;
  event.xbutton.button = Button1;
  event.xbutton.x = x;
  event.xbutton.y = y;
  XSendEvent(display_, window_, True, down ? ButtonPressMask : ButtonReleaseMask, &event);
  XFlush(display_);
  std::this_thread::sleep_for(milliseconds(100));
}

void OpenViewer::drag(int x0, int y0, int x1, int y1) {
  move(x0, y0);
  send_button(true, x0, y0);
  move((x0 + x1) / 2, (y0 + y1) / 2);
  move(x1, y1);
  send_button(false, x1, y1);
}

void OpenViewer::close_window() {
  XEvent event{};
  event.xclient.type = ClientMessage;
  event.xclient.window = window_;
  event.xclient.message_type = XInternAtom(display_, "WM_PROTOCOLS", False);
  event.xclient.format = 32;
  event.xclient.data.l[0] = static_cast<long>(XInternAtom(display_, "WM_DELETE_WINDOW", False));
  event.xclient.data.l[1] = CurrentTime;
  XSendEvent(display_, window_, False, NoEventMask, &event);
  XCloseDisplay(display_);
  display_ = nullptr;
}

int OpenViewer::wait_for_exit() {
  return wait_for([&] { return !file_line(".rc", 0).empty(); }) ? std::stoi(file_line(".rc", 0)) : -1;
}

}  // namespace stepscope::viewer
