// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/generator/machine.hpp"

#include <algorithm>
#include <utility>

namespace stepscope::scenarios {

uint32_t Machine::enqueue(size_t rank, const Work& work) {
  Gpu& gpu = gpus_[rank];
  const auto index = static_cast<uint32_t>(gpu.works.size());
  Queue& queue = gpu.queues[static_cast<size_t>(work.op->stream)];
  Work& added = gpu.works.emplace_back(work);
  added.after = std::exchange(queue.wait_for, kNoWork);
  if (work.op->kind == Op::Kind::kCollective) {
    added.sequence = gpu.sequences[work.op->group]++;
  }
  queue.works.push_back(index);
  resolve(rank);
  return index;
}

uint32_t Machine::last(size_t rank, Stream stream) const {
  const Queue& queue = gpus_[rank].queues[static_cast<size_t>(stream)];
  return queue.works.empty() ? kNoWork : queue.works.back();
}

void Machine::wait(size_t rank, Stream stream, uint32_t work) {
  gpus_[rank].queues[static_cast<size_t>(stream)].wait_for = work;
}

std::optional<int64_t> Machine::end_of(size_t rank, uint32_t work) const {
  if (work == kNoWork) {
    return 0;
  }
  const int64_t end = gpus_[rank].works[work].end_ns;
  return end < 0 ? std::nullopt : std::optional(end);
}

// A collective that completes lets other ranks go on, which may complete another.
void Machine::resolve(size_t rank) {
  bool more = true;
  std::vector<size_t> ranks = {rank};
  while (more) {
    more = false;
    for (const size_t one : ranks) {
      for (Queue& queue : gpus_[one].queues) {
        more = resolve_stream(one, queue) || more;
      }
    }
    if (more && ranks.size() == 1) {
      ranks.clear();
      for (size_t i = 0; i < gpus_.size(); ++i) {
        ranks.push_back(i);
      }
    }
  }
}

bool Machine::resolve_stream(size_t rank, Queue& queue) {
  Gpu& gpu = gpus_[rank];
  bool any = false;
  for (; queue.next < queue.works.size(); ++queue.next) {
    const uint32_t index = queue.works[queue.next];
    Work& work = gpu.works[index];
    if (work.start_ns < 0) {
      const std::optional<int64_t> other = end_of(rank, work.after);
      if (!other.has_value()) {
        return any;
      }
      work.start_ns = std::max({queue.free_ns + work.gap_ns, work.ready_ns, *other});
      if (work.op->kind != Op::Kind::kCollective) {
        work.end_ns = work.start_ns + work.gpu_ns;
      } else if (!arrive(rank, index)) {
        return any;
      }
    }
    if (work.end_ns < 0) {
      return any;  // the others have not come yet
    }
    queue.free_ns = work.end_ns;
    any = true;
  }
  return any;
}

// Whether this was the last rank to come.
bool Machine::arrive(size_t rank, uint32_t index) {
  Work& work = gpus_[rank].works[index];
  const std::pair key(work.op->group, work.sequence);
  Meeting& meeting = meetings_[key];
  meeting.arrived.emplace_back(rank, index);
  meeting.last_ns = std::max(meeting.last_ns, work.start_ns);
  if (meeting.arrived.size() < static_cast<size_t>(work.op->group_ranks)) {
    return false;
  }
  for (const auto& [one, arrived] : meeting.arrived) {
    gpus_[one].works[arrived].end_ns = meeting.last_ns + work.gpu_ns;
  }
  meetings_.erase(key);
  return true;
}

}  // namespace stepscope::scenarios
