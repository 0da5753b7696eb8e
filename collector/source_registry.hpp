// SPDX-License-Identifier: Apache-2.0
//
// The sources that need time of their own, beside what their hooks do on the program's threads. Explicit table in
// source_registry.cpp; which source opens when is the source's own business.
//
// Full mode only: in light mode (forked children) no source is ticked.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "trace/spool_writer.hpp"

namespace stepscope::collector {

// What tick() returns when it has nothing to do of its own accord.
inline constexpr int64_t kNoWish = INT64_MAX;

struct SourceHooks {
  const char* name;
  // On the drain thread, under the drain lock, at least every 100 ms while the process is recorded. `ring` is the drain
  // thread's own, drained right afterwards; nullptr when the budget of rings is used up. Returns how soon it would like
  // to be called again, ns. Must not wait for the program.
  int64_t (*tick)(trace::Ring* ring, int64_t now_ns) noexcept;
  // The process ends in order: deliver what is held back, not later than `deadline_ns`. On the thread that ends it, under
  // the drain lock. May be called without any tick before, and a second time, which finds nothing left to do.
  void (*finish)(trace::Ring* ring, int64_t deadline_ns) noexcept;
  // In a forked child: forget everything; nothing of the parent may be touched or freed.
  void (*forget)() noexcept;
};

// Ticks all; the soonest wish.
int64_t tick_sources(trace::Ring* ring, int64_t now_ns) noexcept;
void finish_sources(trace::Ring* ring, int64_t deadline_ns) noexcept;
void forget_sources() noexcept;

}  // namespace stepscope::collector
