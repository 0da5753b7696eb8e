// SPDX-License-Identifier: Apache-2.0
//
// Where frames go, and how many a second: on another machine's display every picture crosses a network, so there are fewer of them.
#pragma once

#include <cstdint>
#include <string_view>

namespace stepscope::viewer {

// Whether the display is another machine's; kAuto: as its name says.
enum class Remote : uint8_t { kAuto, kOn, kOff };

// What DISPLAY names is reached through a network: it has the name of a host, as ssh -X sets it (localhost:10.0).
[[nodiscard]] bool is_remote_display(std::string_view display);

// The least time from one frame to the next. Input that comes meanwhile is in the next one, whatever there was of it.
class FrameRate {
 public:
  explicit FrameRate(double least_seconds) : least_seconds_(least_seconds) {}
  // `now` in seconds of a steady clock.
  void shown(double now) { next_ = now + least_seconds_; }
  // Seconds until the next frame may be built; 0: now.
  [[nodiscard]] double wait(double now) const { return next_ > now ? next_ - now : 0; }

 private:
  double least_seconds_;
  double next_ = 0;
};

inline constexpr double kRemoteFrameSeconds = 1.0 / 20;

}  // namespace stepscope::viewer
