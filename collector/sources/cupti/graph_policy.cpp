// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/graph_policy.hpp"

namespace stepscope::collector::cupti {

// How often the graph has been launched, this time included. A graph that finds no place counts as known.
uint32_t GraphPolicy::count(uint64_t graph) noexcept {
  const uint64_t hash = graph * 0x9e3779b97f4a7c15U >> 40;
  for (size_t probe = 0; probe < 32; ++probe) {
    Entry& entry = graphs_[(hash + probe) % kGraphs];
    uint64_t seen = __atomic_load_n(&entry.graph, __ATOMIC_RELAXED);
    if (seen == 0 &&
        __atomic_compare_exchange_n(&entry.graph, &seen, graph, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      seen = graph;
    }
    if (seen == graph) {
      return __atomic_add_fetch(&entry.launches, 1, __ATOMIC_RELAXED);
    }
  }
  return UINT32_MAX;
}

GraphPolicy::Turn GraphPolicy::on_launch(uint64_t graph) noexcept {
  __atomic_fetch_add(&launches_, 1, __ATOMIC_RELAXED);
  const bool known = count(graph != 0 ? graph : 1) > kNodeLaunches;
  const uint32_t steady = known ? __atomic_add_fetch(&steady_, 1, __ATOMIC_RELAXED) : 0;
  if (!known) {
    __atomic_store_n(&steady_, 0, __ATOMIC_RELAXED);
  }
  uint32_t launches_now = __atomic_load_n(&at_launches_, __ATOMIC_RELAXED);
  const bool wanted = launches_now != 0 ? known : steady >= kSteadyLaunches;
  Turn turn = Turn::kNone;
  if (wanted != (launches_now != 0) && __atomic_load_n(&given_up_, __ATOMIC_RELAXED) == 0 &&
      __atomic_load_n(&turns_, __ATOMIC_RELAXED) < kMaxTurns &&
      __atomic_compare_exchange_n(&at_launches_, &launches_now, wanted ? 1U : 0U, false, __ATOMIC_RELAXED,
                                  __ATOMIC_RELAXED)) {
    __atomic_fetch_add(&turns_, 1, __ATOMIC_RELAXED);
    turn = wanted ? Turn::kToLaunches : Turn::kToNodes;
  }
  if (at_launches()) {
    __atomic_fetch_add(&expected_, 1, __ATOMIC_RELAXED);
  }
  return turn;
}

void GraphPolicy::give_up() noexcept {
  __atomic_store_n(&given_up_, 1U, __ATOMIC_RELAXED);
  __atomic_store_n(&at_launches_, 0U, __ATOMIC_RELAXED);
}

}  // namespace stepscope::collector::cupti
