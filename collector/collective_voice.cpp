// SPDX-License-Identifier: Apache-2.0
#include "collector/collective_voice.hpp"

#include <atomic>

#include "collector/process_state.hpp"

namespace stepscope::collector {
namespace {

// Numbers of recordings (generation()), so that a fork needs no reset.
constinit std::atomic<uint32_t> g_plugin{0};
constinit std::atomic<uint32_t> g_nvtx{0};

}  // namespace

void claim_collectives_for_plugin() noexcept {
  if (g_plugin.exchange(generation(), std::memory_order_relaxed) != generation()) {
    spool().meta("nccl.source", "plugin");
  }
}

bool nvtx_may_write_collective() noexcept {
  const uint32_t current = generation();
  if (g_plugin.load(std::memory_order_relaxed) == current) {
    return false;
  }
  if (g_nvtx.load(std::memory_order_relaxed) != current &&
      g_nvtx.exchange(current, std::memory_order_relaxed) != current) {
    spool().meta("nccl.source", "nvtx");
  }
  return true;
}

}  // namespace stepscope::collector
