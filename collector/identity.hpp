// SPDX-License-Identifier: Apache-2.0
//
// Who a process is: the name of its recording and the `process.*`, `job.*`, `env.*` facts in it.
// Read when recording starts, since launchers set the rank late. Cold; one thread.
#pragma once

#include <stdint.h>

#include "collector/text.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector {

enum class Role : uint8_t { kMain, kWorker };

using BaseName = TextBuffer<192>;

struct Identity {
  Role role = Role::kMain;
  uint64_t rank = 0;
  uint64_t pid = 0;
  uint64_t ppid = 0;
  uint64_t start_ticks = 0;  // of /proc/self/stat; with the pid it names a process of this boot
  int64_t start_ns = 0;      // the same moment on CLOCK_MONOTONIC_RAW
  TextBuffer<65> host;

  // Reads /proc and the environment.
  static Identity read(Role role) noexcept;

  // <role>-r<rank>-<host>-<pid>-<start_ticks>; an exec keeps pid and start, so the n-th image adds "-<n>".
  void base_name(unsigned image, BaseName& out) const noexcept;

  void write_meta(trace::Spool& spool) const noexcept;
};

// A communicator came up. Launchers set the rank late, and some never: reads the environment again and rewrites
// `process.rank`, `process.local_rank` and `process.world_size` when it names a rank by now. When it does not, the
// communicator's rank is taken, of the largest one so far; `process.rank_source` says "environment", "nccl" or "none".
// `nccl.rank` and `nccl.ranks` are NCCL's numbers in either case. `ranks` 0: not known. Cold, any thread.
void note_communicator_rank(trace::Spool& spool, int rank, int ranks) noexcept;

// Start time and parent of the process `stat` describes (the text of /proc/PID/stat). False when it is not one.
bool parse_stat(TextView stat, uint64_t& ppid, uint64_t& start_ticks) noexcept;

}  // namespace stepscope::collector
