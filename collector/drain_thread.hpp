// SPDX-License-Identifier: Apache-2.0
//
// Moves rings to disk and reads the host's counters: in full mode on one thread of our own ("stepscope-drain", all
// signals blocked, started with the recording), in light mode on the producer, along with its events.
#pragma once

#include <stdint.h>

#include "trace/spool_writer.hpp"

namespace stepscope::collector {

// False when no thread can be created here; the recording then runs in light mode.
bool start_drain_thread() noexcept;

// Drains if nobody else does so at this moment, and says whether it did. Any thread.
bool drain_now() noexcept;

// Runs `function` while nobody drains, ticks or finishes; waits for that, but not longer than `patience_ns`. False when it
// did not run. Not on a hot path.
bool with_drain_lock(void (*function)(void* context) noexcept, void* context, int64_t patience_ns) noexcept;

// The process is ending and a vendor library is about to go: delivers what the sources hold back, before
// finish_recording() comes.
void flush_sources_at_exit() noexcept;

// Light mode: reads the host counters and drains when a second has passed since the last time. A load and a clock
// compare otherwise. Writes to `ring`, the calling thread's own.
[[gnu::hot]] void sample_host_if_due(trace::Ring* ring) noexcept;

// Samples what a data-loading worker is blocked on. False when too many are watched. Any thread.
bool watch_process(uint32_t pid, bool on) noexcept;

// The end of the process: waits for a running drain (not longer than two seconds: then that is a loss, and all that is
// written), then writes the rest, our own cost, `exit` with the code, and the clean-end footer.
void finish_recording(int exit_code) noexcept;

// In a forked child: the thread belongs to the parent.
void forget_drain_thread() noexcept;

}  // namespace stepscope::collector
