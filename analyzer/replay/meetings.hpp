// SPDX-License-Identifier: Apache-2.0
//
// RecordedMeetings: collectives of several recorded ranks in the graph. Which operations are one collective, and whether its members
// wait for each other at all, is what Level C of the ledger says too (rank_collectives.hpp). Each member's kernel runs from
// when it came until the data has passed; the shortest of them belongs to the rank that came last, and is how long the data
// took. So waiting is told from transfer without comparing clocks. Clocks of ranks are compared only to place the ranks on one
// timeline: members leave a meeting together. Internal to the library.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analyzer/rank_collectives.hpp"
#include "analyzer/replay/gpu_chain.hpp"

namespace stepscope::analysis {

// One process of a run; without members, one that is not in the graph.
struct MeetingProcess {
  ProcessContext* context = nullptr;
  GpuChain* gpu = nullptr;
};

class RecordedMeetings {
 public:
  // `matched` is what match_collectives() says of these processes, in this order. Takes those whose kernels all are in the
  // windows, marks their work as met, and sets the clock offsets of the contexts.
  [[nodiscard]] static RecordedMeetings find(std::span<const MeetingProcess> processes,
                                             const Meetings& matched);
  void link(std::span<const MeetingProcess> processes) const;

  [[nodiscard]] size_t count() const { return meetings_.size(); }

 private:
  struct Member {
    uint32_t process = 0;  // index into the processes
    uint32_t work = 0;
  };
  void align(std::span<const MeetingProcess> processes);
  void drop_unmet(std::span<const MeetingProcess> processes);

  struct Met {
    const Meeting* matched = nullptr;
    std::vector<Member> members;
  };
  std::vector<Met> meetings_;
};

}  // namespace stepscope::analysis
