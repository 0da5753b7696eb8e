// SPDX-License-Identifier: Apache-2.0
//
// A thread of the collector's own in the recorded process: detached, and with all signals blocked, so that it never runs a
// handler of the program. There are few: the one that drains, the one that reads NVML, and at the end the one that flushes CUPTI.
#pragma once

namespace stepscope::collector {

// False when no thread can be created here, for want of libpthread or of room. Any thread; not on a hot path.
[[nodiscard]] bool start_own_thread(void* (*body)(void*) noexcept) noexcept;

}  // namespace stepscope::collector
