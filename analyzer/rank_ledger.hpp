// SPDX-License-Identifier: Apache-2.0
//
// build_rank_ledger: Level C of the ledger: the step of a job of several ranks, as time that adds up.
//
// A rank that waits in a collective for another is not what takes the time: the other one is. So the job's step is
// the path of what it waited for (rank_path.hpp): of each rank the time in which the job waited for it, under the leaves of its
// own ledger (ledger.hpp), and the time that collectives took once all ranks had come, under comm.exposed/<collective>. Time a
// rank spent waiting for others is on nobody's path. Invariant: the leaves of a step add up to its length, exactly.
//
// The ranks' clocks are first put on the first rank's (rank_clocks.hpp); lengths are those of that clock. A step of the job
// begins when its last rank begins it. Those at the end that some rank's recording does not reach are left out. Its class is train
// when it is on all ranks. The last rank to come is the one whose kernel started last; a rank waited from its
// own start to that moment, as far as it had nothing else to run just before it.
//
// It abstains, with a reason, where it could mislead: fewer than two ranks, a rank without a recording or without GPU activity, steps that cannot be
// told to be the same on all ranks, collectives that lack their counterparts (one in twenty and more), clocks
// that no collectives tie together, or a residual above a twentieth of the step. Then means over ranks are all there is.
//
// Limits: what one rank's host waits for on another outside collectives (files, sockets, MPI) is not seen, nor who waits in a
// broadcast, reduce, gather or scatter (the root is not recorded; all of it counts as transfer), nor waits inside a CUDA graph
// that was recorded as a whole. Where NCCL up to
// 2.26 was recorded without kernels, starts are late by up to some tens of microseconds.
//
// Reads collectives, and all events of a ledger once more. The result is cached in the recording of the first rank (job_rollup, a
// version and a fingerprint of all recordings and their steps); a warm build decodes no event. Deterministic, one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/ledger.hpp"
#include "analyzer/rank_clocks.hpp"
#include "analyzer/rank_path.hpp"
#include "analyzer/run.hpp"

namespace stepscope::analysis {

// The collectives of one kind and communicator that began in train steps. Times are means.
struct RankTransfer {
  std::string op;  // as collective_op() spells it
  uint64_t group = 0;
  std::vector<uint32_t> members;  // "rank" below
  uint64_t count = 0;
  int64_t bytes = 0;       // of one
  double arrival_ns = 0;   // from the first rank's coming to the last one's
  double transfer_ns = 0;  // from then on, until the first rank left
};

// Of a leaf of a step of the job, what lies on one rank: for so long the job waited for this rank to be done with it.
struct OwnedTime {
  uint32_t step = 0;  // index into steps()
  uint32_t rank = 0;
  uint32_t leaf = 0;  // index into RankLedger::ledger.leaves
  int64_t ns = 0;
};

// "rank" is an index into `processes` in all of these.
struct RankLedger {
  bool known = false;
  std::string why_not;              // a sentence, when not known; empty for jobs of one rank
  std::vector<uint32_t> processes;  // indices into Run::processes()
  std::vector<RankClock> clocks;
  uint64_t collectives = 0;  // matched
  int64_t residual_ns = 0;   // of the alignment, the worst rank's
  Ledger
      ledger;  // one process, which stands for the job: its steps, on the first rank's clock, and their leaves
  std::vector<PathSegment> path;  // what the job waited for, over all of its steps, on the first rank's clock
  std::vector<OwnedTime> owned;   // by step, rank, leaf; adds up to `ledger`
  std::vector<int64_t>
      held_ns;  // steps x ranks: how long the job waited for this rank, collectives' transfers apart
  std::vector<int64_t> waited_ns;       // steps x ranks: how long this rank waited for others
  std::vector<RankTransfer> transfers;  // by operation, communicator

  [[nodiscard]] size_t ranks() const { return processes.size(); }
  [[nodiscard]] std::span<const Step> steps() const { return ledger.processes[0].steps.steps; }
  [[nodiscard]] std::span<const int64_t> held(size_t step) const {
    return std::span(held_ns).subspan(step * ranks(), ranks());
  }
  [[nodiscard]] std::span<const int64_t> waited(size_t step) const {
    return std::span(waited_ns).subspan(step * ranks(), ranks());
  }
};

// `ledger` is the run's own. A cache that cannot be written (read-only medium) is no error.
[[nodiscard]] Result<RankLedger> build_rank_ledger(const Run& run, const Ledger& ledger,
                                                   Cache cache = Cache::kReadWrite);

}  // namespace stepscope::analysis
