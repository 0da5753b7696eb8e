// SPDX-License-Identifier: Apache-2.0
//
// The doors through which a process can reach the collector, and what each one found.
//
// A door is "opened" when it was used, "present" when it is set up but nothing came through it yet, otherwise the
// reason why not ("yielded to /opt/...", "absent"). The recording carries all of them as `door.<name>`, and what
// `stepscope record` displaced as `displaced.<VARIABLE>`. Atomic flags; any thread.
#pragma once

#include <stdint.h>

#include "collector/text.hpp"

namespace stepscope::collector {

// kOwn: the collector itself, which opens nothing.
enum class Door : uint8_t { kPreload, kCuda, kNvtx, kNccl, kCApi, kPython, kOwn };
inline constexpr int kDoorCount = 6;

// "preload", "cuda", "nvtx", "nccl", "c-api", "python"
[[nodiscard]] const char* door_name(Door door) noexcept;
// The door a binding names; unknown names are taken as c-api.
[[nodiscard]] Door door_from_name(TextView name) noexcept;

[[nodiscard]] constexpr uint32_t door_bit(Door door) noexcept {
  return 1U << static_cast<unsigned>(door);
}

// Marks the door as used; true the first time.
bool mark_door_opened(Door door) noexcept;
[[nodiscard]] bool door_opened(Door door) noexcept;

using DoorStatus = TextBuffer<512>;
void describe_door(Door door, DoorStatus& out) noexcept;

// The absolute path of this library, "" when it cannot be found.
[[nodiscard]] const char* own_path() noexcept;
// The variable that opens `door` from outside, nullptr when there is none.
[[nodiscard]] const char* door_variable(Door door) noexcept;

}  // namespace stepscope::collector
