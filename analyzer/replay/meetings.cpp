// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/meetings.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

namespace stepscope::analysis {
namespace {

// Members that do not overlap by more than this did not meet.
constexpr int64_t kClockTolerance = 5'000'000;

const GpuEvent& event_of(const MeetingProcess& process, uint32_t work) {
  return process.gpu->work()[work].event;
}

}  // namespace

RecordedMeetings RecordedMeetings::find(std::span<const MeetingProcess> processes, const Meetings& matched) {
  RecordedMeetings out;
  for (const Meeting& meeting : matched.all) {
    Met met{&meeting, {}};
    for (const Attendance& one : matched.of(meeting)) {
      const GpuChain* gpu = processes[one.rank].gpu;
      const uint32_t work = gpu == nullptr ? kNoWork : gpu->communication(one.kernel);
      if (work != kNoWork) {
        met.members.push_back({one.rank, work});
      }
    }
    if (met.members.size() == meeting.count) {
      out.meetings_.push_back(std::move(met));
    }
  }
  out.align(processes);
  out.drop_unmet(processes);
  for (const Met& met : out.meetings_) {
    for (const Member& member : met.members) {
      processes[member.process].gpu->work()[member.work].met = true;
    }
  }
  return out;
}

// From process to process that met, the median difference of when they left.
void RecordedMeetings::align(std::span<const MeetingProcess> processes) {
  std::map<std::pair<uint32_t, uint32_t>, std::vector<int64_t>> differences;
  for (const Met& met : meetings_) {
    if (!met.matched->simultaneous && met.matched->op != "send_recv") {
      continue;
    }
    const Member& first = met.members.front();
    for (const Member& member : met.members) {
      const int64_t difference = event_of(processes[first.process], first.work).end_ns -
                                 event_of(processes[member.process], member.work).end_ns;
      differences[{first.process, member.process}].push_back(difference);
      differences[{member.process, first.process}].push_back(-difference);
    }
  }
  std::vector<bool> known(processes.size(), false);
  for (uint32_t root = 0; root < processes.size(); ++root) {
    if (known[root]) {
      continue;
    }
    known[root] = true;
    for (std::vector<uint32_t> next = {root}; !next.empty();) {
      const uint32_t from = next.back();
      next.pop_back();
      for (auto& [pair, values] : differences) {
        if (pair.first != from || known[pair.second]) {
          continue;
        }
        const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
        std::nth_element(values.begin(), middle, values.end());
        processes[pair.second].context->offset_ns = processes[from].context->offset_ns + *middle;
        known[pair.second] = true;
        next.push_back(pair.second);
      }
    }
  }
}

// By Level C's rule; what all leave together but did not, by more than clocks can be wrong, is no meeting either.
void RecordedMeetings::drop_unmet(std::span<const MeetingProcess> processes) {
  std::erase_if(meetings_, [&](const Met& met) {
    int64_t last_begin = std::numeric_limits<int64_t>::min();
    int64_t first_end = std::numeric_limits<int64_t>::max();
    for (const Member& member : met.members) {
      const GpuEvent& event = event_of(processes[member.process], member.work);
      const int64_t offset = processes[member.process].context->offset_ns;
      last_begin = std::max(last_begin, event.begin_ns + offset);
      first_end = std::min(first_end, event.end_ns + offset);
    }
    return !members_wait(*met.matched, last_begin, first_end) || last_begin > first_end + kClockTolerance;
  });
}

void RecordedMeetings::link(std::span<const MeetingProcess> processes) const {
  for (const Met& met : meetings_) {
    int64_t transfer = std::numeric_limits<int64_t>::max();
    for (const Member& member : met.members) {
      const GpuEvent& event = event_of(processes[member.process], member.work);
      transfer = std::min(transfer, event.end_ns - event.begin_ns);
    }
    RecordedGraph& graph = processes[met.members.front().process].context->graph();
    const Moment all_there = graph.at(0);  // on no single clock
    for (const Member& member : met.members) {
      ProcessContext& context = *processes[member.process].context;
      const GpuWork& work = processes[member.process].gpu->work()[member.work];
      const uint32_t part = context.part_of(context.pieces().gpu()->label_of(work.event).id);
      graph.fix(all_there, Cause{work.begin, 0, kFixedPart, kNoSite, Link::kPeer}, 0, false);
      graph.fix(work.end, Cause{all_there, 0, part, kNoSite, Link::kRun}, transfer,
                context.counted(work.event.begin_ns));
    }
  }
}

}  // namespace stepscope::analysis
