// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvtx/process_ranges.hpp"

#include "collector/clock.hpp"
#include "collector/process_state.hpp"

namespace stepscope::collector::nvtx {
namespace {

constexpr uint64_t kNoRoom = UINT64_MAX;
constexpr unsigned kGenerationShift = 44;

// The recording a handle belongs to: one from before a fork means a range of the parent's.
uint64_t generation_bits() noexcept {
  return uint64_t{generation() & 0xFFFFU} << kGenerationShift;
}

}  // namespace

uint64_t start_range(const trace::Spool::OpenRange& range) noexcept {
  uint64_t handle = spool().async_start(range);
  return handle == 0 ? kNoRoom : generation_bits() | handle;
}

void end_range(EventScope& scope, uint64_t handle) noexcept {
  uint64_t in_spool = handle & ((uint64_t{1} << kGenerationShift) - 1);
  if (handle != kNoRoom && handle - in_spool == generation_bits()) {
    spool().async_end(scope.thread().ring, in_spool, now_ns());
  }
}

}  // namespace stepscope::collector::nvtx
