// SPDX-License-Identifier: Apache-2.0
//
// The one state of the CUPTI source, shared by its lifecycle (source.cpp) and what CUPTI calls (callbacks.cpp). Not for other
// rooms.
#pragma once

#include <stdint.h>

#include <atomic>

#include "collector/sources/cupti/activities.hpp"
#include "collector/sources/cupti/buffer_pool.hpp"
#include "collector/sources/cupti/decoder.hpp"
#include "collector/sources/cupti/graph_policy.hpp"

namespace stepscope::collector::cupti {

enum class Phase : uint32_t {
  kIdle,     // no door yet
  kWaiting,  // for the framework's libcupti
  kStarting,
  kRunning,
  kReleased,  // unsubscribed; completed buffers may still wait
  kOff,       // not wanted, not there, or held by another tool
  kFatal,     // CUPTI finalized itself: no call any more
  kFinished,
};

// All zero at first: it lies in .bss and costs a process that never uses CUDA nothing.
struct SourceState {
  std::atomic<Phase> phase{Phase::kIdle};
  Level level = Level::kSteps;
  Subscription subscription;
  Activities activities;
  DescribedRecords described;
  BufferPool pool;
  Decoder decoder;
  Windows windows;
  GraphPolicy graphs;
  std::atomic<bool> ready{false};  // all is enabled: before, only callbacks may use what kRunning allows
  std::atomic<bool> fatal{false};
  std::atomic<bool> code_unloaded{false};
  std::atomic<bool> exit_registered{false};
  std::atomic<uint64_t> spare_records{0};    // in buffers that could only be counted
  std::atomic<uint64_t> strange_buffers{0};  // completed, but not ours
  std::atomic<uint64_t> cut_buffers{0};      // CUPTI stopped reading before the end
  std::atomic<uint64_t> fatal_buffers{0};    // not read, or not to their end, as CUPTI broke down
  std::atomic<uint64_t> late_buffers{0};     // came when CUPTI had been left to another tool
  std::atomic<bool> window_lock{false};      // writers of `windows`

  // CUPTI may be called as its subscriber. After a fatal error it may not, whoever has noticed that so far.
  [[nodiscard]] bool may_call() const noexcept {
    return phase.load(std::memory_order_acquire) == Phase::kRunning && !fatal.load(std::memory_order_acquire);
  }
};

[[nodiscard]] SourceState& state() noexcept;
// The functions that CUPTI calls.
[[nodiscard]] Callbacks callbacks() noexcept;

}  // namespace stepscope::collector::cupti
