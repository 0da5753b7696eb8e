// SPDX-License-Identifier: Apache-2.0
//
// XRelay: a display as ssh -X gives it to a program: a port of this machine, and behind it, at the end of a slow line, an X server.
// Counts what crosses the line and which of it are pictures.
//
//   XRelay relay(10e6);                                 // bytes a second
//   OpenViewer viewer(run, files, {}, &relay);          // sees the display relay.name()
//   const XRelay::Sent before = relay.sent();
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace stepscope::viewer {

// Reads the stream of one X client and counts its pictures: PutImage requests.
class PictureCounter {
 public:
  // The number of pictures that begin in these bytes.
  uint64_t feed(const uint8_t* bytes, size_t size);

 private:
  [[nodiscard]] size_t head_size() const;
  void begin();

  bool greeted_ = false;  // the stream begins with a request of its own form
  std::vector<uint8_t> head_;
  uint64_t skip_ = 0;  // bytes left of the request whose head was read
  uint64_t pictures_ = 0;
};

class XRelay {
 public:
  using Clock = std::chrono::steady_clock;
  struct Sent {
    uint64_t bytes = 0;  // from the programs to the server
    uint64_t pictures = 0;
    Clock::time_point last;  // when the last of them arrived
  };

  explicit XRelay(double bytes_per_second);
  ~XRelay();
  XRelay(const XRelay&) = delete;
  XRelay& operator=(const XRelay&) = delete;

  // "localhost:41.0"; programs that connect before connect_to() wait.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] int number() const { return number_; }
  // Begins to serve: `display` is that of the server, ":99".
  void connect_to(const std::string& display);
  [[nodiscard]] Sent sent() const;
  // Once nothing was sent for half a second; false after 20 s without such a pause.
  [[nodiscard]] bool wait_until_quiet() const;

 private:
  struct Line;
  void serve(const std::string& server);
  bool forward(Line& line);

  double bytes_per_second_;
  int listener_ = -1;
  int number_ = -1;
  Clock::time_point free_from_;  // when the line has carried what it was given
  mutable std::mutex mutex_;
  Sent sent_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace stepscope::viewer
