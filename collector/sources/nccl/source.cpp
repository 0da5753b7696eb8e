// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/source.hpp"

#include "collector/clock.hpp"
#include "collector/process_state.hpp"
#include "collector/source_registry.hpp"
#include "collector/sources/nccl/chained_plugin.hpp"
#include "collector/sources/nccl/closing.hpp"
#include "collector/sources/nccl/event_store.hpp"
#include "collector/sources/nccl/network.hpp"
#include "collector/sources/nccl/set_up.hpp"
#include "trace/spool_format.hpp"

namespace stepscope::collector::nccl {
namespace {

// Far below any patience of close_idle(), which looks at every operation.
constexpr int64_t kPeriod = 100'000'000;
constexpr int64_t kPeriodWithMore = 2'000'000;

// What one tick writes, a word per column and one for the head of each record.
static_assert(size_t{8} *
                  (kClosedAtOnce * (kCollectiveColumns + 1) + kWrittenAtOnce * (kCommunicatorColumns + 1)) <=
              trace::spool::kBlockBytes);

constinit int64_t g_next = 0;

}  // namespace

int64_t tick(trace::Ring* ring, int64_t now_ns) noexcept {
  EventStore* store = event_store();
  if (store != nullptr && ring != nullptr && now_ns >= g_next) {
    const bool more_arrivals = write_arrivals(*store, ring, false);
    const bool more = close_idle(*store, ring, now_ns) || more_arrivals;
    g_next = more ? now_ns : now_ns + kPeriod;
    return more ? kPeriodWithMore : kNoWish;
  }
  return kNoWish;
}

void finish(trace::Ring* ring, int64_t) noexcept {
  EventStore* store = event_store();
  if (store != nullptr && ring != nullptr) {
    while (write_arrivals(*store, ring, true)) {
      spool().drain();
    }
    close_all(*store, kNoSlot, ring, now_ns(), []() noexcept { spool().drain(); });
  }
}

void forget() noexcept {
  g_next = 0;
  forget_event_store();
  forget_chained();
  forget_network();
  forget_setup_calls();
}

}  // namespace stepscope::collector::nccl
