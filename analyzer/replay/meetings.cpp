// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/meetings.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>

namespace stepscope::analysis {
namespace {

// Members that do not overlap by more than this did not meet.
constexpr int64_t kClockTolerance = 5'000'000;

const GpuEvent& event_of(const MeetingProcess& process, uint32_t work) {
  return process.gpu->work()[work].event;
}

}  // namespace

RecordedMeetings RecordedMeetings::find(std::span<const MeetingProcess> processes) {
  RecordedMeetings out;
  std::map<MeetingKey, std::vector<Member>> members;
  std::map<MeetingKey, int64_t> ranks;
  for (uint32_t p = 0; p < processes.size(); ++p) {
    const GpuChain& gpu = *processes[p].gpu;
    for (uint32_t w = 0; w < gpu.work().size(); ++w) {
      if (const std::optional<MeetingKey>& key = gpu.work()[w].meeting; key.has_value()) {
        members[*key].push_back({p, w});
        ranks[*key] = gpu.meeting_ranks().at(*key);
      }
    }
  }
  for (auto& [key, all] : members) {
    const auto of = static_cast<size_t>(ranks[key]);
    if (all.size() > 1 && (of == 0 || all.size() == of)) {
      out.meetings_.push_back(std::move(all));
    }
  }
  out.align(processes);
  out.drop_impossible(processes);
  for (const std::vector<Member>& meeting : out.meetings_) {
    for (const Member& member : meeting) {
      processes[member.process].gpu->work()[member.work].met = true;
    }
  }
  return out;
}

// From process to process that met, the median difference of when they left.
void RecordedMeetings::align(std::span<const MeetingProcess> processes) {
  std::map<std::pair<uint32_t, uint32_t>, std::vector<int64_t>> differences;
  for (const std::vector<Member>& meeting : meetings_) {
    const Member& first = meeting.front();
    for (const Member& member : meeting) {
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

void RecordedMeetings::drop_impossible(std::span<const MeetingProcess> processes) {
  std::erase_if(meetings_, [&](const std::vector<Member>& meeting) {
    int64_t last_begin = std::numeric_limits<int64_t>::min();
    int64_t first_end = std::numeric_limits<int64_t>::max();
    for (const Member& member : meeting) {
      const GpuEvent& event = event_of(processes[member.process], member.work);
      const int64_t offset = processes[member.process].context->offset_ns;
      last_begin = std::max(last_begin, event.begin_ns + offset);
      first_end = std::min(first_end, event.end_ns + offset);
    }
    return last_begin > first_end + kClockTolerance;
  });
}

void RecordedMeetings::link(std::span<const MeetingProcess> processes) const {
  for (const std::vector<Member>& meeting : meetings_) {
    int64_t transfer = std::numeric_limits<int64_t>::max();
    for (const Member& member : meeting) {
      const GpuEvent& event = event_of(processes[member.process], member.work);
      transfer = std::min(transfer, event.end_ns - event.begin_ns);
    }
    RecordedGraph& graph = processes[meeting.front().process].context->graph();
    const Moment all_there = graph.at(0);  // on no single clock
    for (const Member& member : meeting) {
      ProcessContext& context = *processes[member.process].context;
      const GpuWork& work = processes[member.process].gpu->work()[member.work];
      const uint32_t part = context.part_of(context.pieces().gpu()->label_of(work.event).id);
      graph.fix(all_there, Cause{work.begin, 0, kFixedPart, kNoSite}, 0, false);
      graph.fix(work.end, Cause{all_there, 0, part, kNoSite}, transfer, context.counted(work.event.begin_ns));
    }
  }
}

}  // namespace stepscope::analysis
