// SPDX-License-Identifier: Apache-2.0
//
// How closely launches of CUDA graphs are recorded.
//
// One record per node costs about half a microsecond per node and launch; one record per launch costs almost nothing but
// hides the kernels. So: the first launches of each graph node by node, which tells its composition, then one record per
// launch. CUPTI has one switch for all graphs: it is turned to "launch" when several launches in a row were of graphs that
// are known, and back at once when a new graph is launched. A job that makes new graphs all the time would turn it
// at every launch; after kMaxTurns it stays where it is. At level `full` it is never turned: every node is recorded.
//
// on_launch() runs on the program's threads inside the call that launches: atomics only, no lock, no allocation.
// Everything that follows from it (turning the switch) is the caller's.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::collector::cupti {

class GraphPolicy {
 public:
  static constexpr uint32_t kNodeLaunches = 3;    // of each graph, recorded node by node
  static constexpr uint32_t kSteadyLaunches = 8;  // of known graphs in a row before the switch is turned
  static constexpr uint32_t kMaxTurns = 64;
  static constexpr size_t kGraphs = 4096;

  enum class Turn : uint8_t { kNone, kToNodes, kToLaunches };

  // A graph is about to be launched. kToNodes must be done before it is.
  Turn on_launch(uint64_t graph) noexcept;

  // The switch could not be turned, or turning it brought no records: it stays at "nodes" from now on.
  void give_up() noexcept;

  [[nodiscard]] bool at_launches() const noexcept {
    return __atomic_load_n(&at_launches_, __ATOMIC_RELAXED) != 0;
  }
  // Launches while the switch was at "launch": as many records are to be expected.
  [[nodiscard]] uint64_t expected() const noexcept { return __atomic_load_n(&expected_, __ATOMIC_RELAXED); }
  [[nodiscard]] uint64_t launches() const noexcept { return __atomic_load_n(&launches_, __ATOMIC_RELAXED); }

 private:
  [[nodiscard]] uint32_t count(uint64_t graph) noexcept;

  struct Entry {
    uint64_t graph;
    uint32_t launches;
  };
  Entry graphs_[kGraphs] = {};
  uint32_t at_launches_ = 0;
  uint32_t given_up_ = 0;
  uint32_t steady_ = 0;
  uint32_t turns_ = 0;
  uint64_t expected_ = 0;
  uint64_t launches_ = 0;
};

}  // namespace stepscope::collector::cupti
