// SPDX-License-Identifier: Apache-2.0
//
// Collectives of one process by operation and communicator: how many, how much, how long, how fast.
//
// Bandwidth is that of NVIDIA's nccl-tests (doc/PERFORMANCE.md there), so that numbers can be compared with its tables:
//   algorithm bandwidth = S / t            bus bandwidth = algorithm bandwidth * factor, for n ranks
//   all_reduce                             S = bytes      factor 2 (n - 1) / n
//   all_gather, reduce_scatter             S = n * bytes  factor (n - 1) / n
//   all_to_all                             S = bytes      factor (n - 1) / n
//   gather, scatter                        S = n * bytes  factor (n - 1) / n
//   broadcast, reduce, send_recv, others   S = bytes      factor 1
// `bytes` is what this rank passed: count * size of the type, with NCCL's meaning of count (for all_gather what one rank
// sends, for reduce_scatter what one rank receives). t is time on the device, so a rank that waits for others is slow too.
//
// A collective whose record has only the host's enqueue takes its time from its kernel, which the recording names (column
// `kernel`, trace/collective_join.hpp); without one it has no time. Deterministic, one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

struct CollectiveStats {
  std::string op;            // as collective_op() spells it
  std::string communicator;  // name of its lane
  int64_t ranks = 0;
  uint64_t count = 0;
  int64_t bytes = 0;                // of this rank, all together
  uint64_t timed = 0;               // how many have a time on the device
  int64_t ns = 0;                   // of those
  double algorithm_bandwidth = -1;  // bytes per s; -1: no time, or no size
  double bus_bandwidth = -1;
};

// Those that start in `window`, by time descending, then by communicator and operation. Captured ones do not count: they
// run when their graph does.
[[nodiscard]] Result<std::vector<CollectiveStats>> collect_collectives(const Run& run, uint32_t process,
                                                                       const TimeRange& window);

// The factors above.
[[nodiscard]] double bus_factor(std::string_view op, int64_t ranks);
[[nodiscard]] double message_bytes(std::string_view op, int64_t ranks, double bytes);

}  // namespace stepscope::analysis
