// SPDX-License-Identifier: Apache-2.0
//
// BatchTable: every batch of a training process as its consumer waited for it, joined with the record of its making.
//
// A batch and its making are joined by (loader, epoch, task). Loader keys can be equal on several ranks (same seed), so a
// maker whose parent is the consumer is preferred, then one of the same rank, then any. Times are on the run's
// timeline. Decodes batch and batch_fetch, and the watch.* counters. For the library and the viewer.
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

// One batch as its worker made it.
struct Fetch {
  int64_t start_ns = 0, dur_ns = 0, collate_ns = 0, received_ns = 0, put_ns = 0;
  int64_t cpu_ns = 0, runq_ns = 0, throttled_ns = 0, read_bytes = 0, major_faults = 0;
  int64_t loader = 0, epoch = 0, task = 0, worker = 0;
  int64_t items = 0, tokens = 0;  // what it was collated of, and the tokens in it; 0: not known

  [[nodiscard]] int64_t end_ns() const { return start_ns + dur_ns; }
};

// Where the time of a fetch went; adds up to its dur exactly.
struct FetchSplit {
  int64_t cpu = 0, starved = 0, io = 0, blocked = 0;  // of the fetch proper
  int64_t collate = 0, collate_starved = 0;           // of the collate
};

// What one process made, ascending by received_ns.
struct WorkerQueue {
  uint32_t process = 0;
  double io_share = -1;        // of blocked time, by sampling; -1: not sampled
  bool runq_measured = false;  // some fetch has run-queue wait
  std::vector<Fetch> fetches;

  [[nodiscard]] FetchSplit split(const Fetch& fetch) const;
};

inline constexpr uint32_t kNoFetch = 0xFFFFFFFFU;

// One batch as its consumer saw it.
struct Batch {
  int64_t begin_ns = 0, end_ns = 0;  // inside next()
  int64_t loader = 0, epoch = 0, task = 0, worker = 0, workers = 0;
  int64_t dispatch_ns = 0, arrive_ns = 0, pin_ns = 0, out_of_order = 0, flags = 0;
  int64_t fetch_ns = 0, collate_ns = 0, items = 0;  // in-process only
  uint32_t lane = kNoLane;                          // global lane of the consumer
  uint32_t queue = kNoFetch;                        // index into BatchTable::queues, and into its fetches
  uint32_t fetch = kNoFetch;

  [[nodiscard]] bool joined() const { return fetch != kNoFetch; }
  [[nodiscard]] bool in_process() const { return (flags & trace::kBatchInProcess) != 0; }
};

struct BatchTable {
  std::vector<WorkerQueue> queues;
  std::vector<Batch> batches;  // ascending by begin_ns; iterator ends (kBatchLast) included

  [[nodiscard]] const Fetch* fetch_of(const Batch& batch) const;
};

// Whether `maker` may have made batches that `consumer` consumed: it made some, and is not known to be the worker of another rank. (Of
// many ranks each would read the workers of all.)
[[nodiscard]] bool may_make_batches(const Run& run, uint32_t maker, uint32_t consumer);

// The batches consumed by `process`.
[[nodiscard]] Result<BatchTable> load_batches(const Run& run, uint32_t process);

}  // namespace stepscope::analysis
