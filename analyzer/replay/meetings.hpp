// SPDX-License-Identifier: Apache-2.0
//
// RecordedMeetings: collectives of several recorded ranks. Each member's kernel runs from when it came until the data has passed; the
// shortest of them belongs to the rank that came last, and is how long the data took. So waiting is told from transfer without
// comparing clocks. Clocks of ranks are compared only to place the ranks on one timeline: members leave a meeting together.
// Internal to the library.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analyzer/replay/gpu_chain.hpp"

namespace stepscope::analysis {

// One process of a run.
struct MeetingProcess {
  ProcessContext* context = nullptr;
  GpuChain* gpu = nullptr;
};

class RecordedMeetings {
 public:
  // Finds the meetings whose members were all recorded, marks their work as met, and sets the clock offsets of the contexts.
  [[nodiscard]] static RecordedMeetings find(std::span<const MeetingProcess> processes);
  void link(std::span<const MeetingProcess> processes) const;

  [[nodiscard]] size_t count() const { return meetings_.size(); }

 private:
  struct Member {
    uint32_t process = 0;  // index into the processes
    uint32_t work = 0;
  };
  void align(std::span<const MeetingProcess> processes);
  void drop_impossible(std::span<const MeetingProcess> processes);

  std::vector<std::vector<Member>> meetings_;
};

}  // namespace stepscope::analysis
