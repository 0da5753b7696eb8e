// SPDX-License-Identifier: Apache-2.0
#include "collector/source_registry.hpp"

#include "collector/sources/cupti/source.hpp"
#include "collector/sources/nccl/source.hpp"
#include "collector/sources/nvml/source.hpp"

namespace stepscope::collector {
namespace {

// In the order in which they are ticked and finished.
constexpr SourceHooks kSources[] = {
    {"cupti", cupti::tick, cupti::finish, cupti::forget},
    {"nccl", nccl::tick, nccl::finish, nccl::forget},
    {"nvml", nvml::tick, nvml::finish, nvml::forget},
};

}  // namespace

int64_t tick_sources(trace::Ring* ring, int64_t now_ns) noexcept {
  int64_t soonest = kNoWish;
  for (const SourceHooks& source : kSources) {
    const int64_t wish = source.tick(ring, now_ns);
    soonest = wish < soonest ? wish : soonest;
  }
  return soonest;
}

void finish_sources(trace::Ring* ring, int64_t deadline_ns) noexcept {
  for (const SourceHooks& source : kSources) {
    source.finish(ring, deadline_ns);
  }
}

void forget_sources() noexcept {
  for (const SourceHooks& source : kSources) {
    source.forget();
  }
}

}  // namespace stepscope::collector
