// SPDX-License-Identifier: Apache-2.0
//
// match_collectives: which operations of several ranks are one collective.
//
// Ranks match by communicator, operation and NCCL's number (`seq`); a send with the receive of its peer by communicator,
// sender, receiver and number. In an imported trace the communicator is the name of its group, since a trace has no id that
// ranks share. The times of an operation are those of its kernel where the recording names it, else those of its own record.
// Left out: captured ones (they do not run then), those without a time on the device, and those under way when the process
// ended. A collective counts when all its ranks have it exactly once; the others are counted, not guessed at: an
// operation whose number is missing or repeats would pair what does not belong together. Level C (rank_ledger.hpp) and the
// replay (replay/meetings.hpp) both take their meetings from here.
//
// Deterministic, one thread. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

// One rank in a collective. `rank` is an index into the processes given to match_collectives.
struct Attendance {
  uint32_t rank = 0;
  int64_t begin_ns = 0;  // when its kernel started: the rank has arrived
  int64_t end_ns = 0;
  uint32_t kernel =
      0;  // correlation of the kernel that ran it; 0: not known, the times are of its own record
};

struct Meeting {
  std::string_view op;  // as collective_op() spells it; a constant
  int64_t bytes = 0;    // of the rank that passed most
  uint64_t group = 0;   // the same for all collectives of a communicator (a link, for sends and receives)
  bool simultaneous = true;     // all ranks leave at the same time: not a send, a broadcast or a reduce
  size_t first = 0, count = 0;  // in Meetings::attendances, by rank
};

struct Meetings {
  std::vector<Meeting> all;  // by the earliest begin
  std::vector<Attendance> attendances;
  uint64_t incomplete = 0;  // operations whose counterparts are missing or ambiguous

  [[nodiscard]] std::span<const Attendance> of(const Meeting& meeting) const {
    return std::span(attendances).subspan(meeting.first, meeting.count);
  }
};

// Whether those who came early waited for the last one, who came at `complete_ns`; the first one left at `end_ns`. A send that was
// over before the receiver came went into a buffer. Of other operations that not all ranks leave together it is not known.
[[nodiscard]] bool members_wait(const Meeting& meeting, int64_t complete_ns, int64_t end_ns);

// Times are on the run's timeline. `processes` are indices into run.processes().
[[nodiscard]] Result<Meetings> match_collectives(const Run& run, std::span<const uint32_t> processes);

}  // namespace stepscope::analysis
