// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/chrome_tracks.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace stepscope::analysis::exporting {
namespace {

constexpr int64_t kFirstMadeUp = int64_t{1} << 22U;  // Linux gives no process or thread id from here on
constexpr int64_t kGpusFrom = 5000000;  // in the order of processes: behind all hosts, as Kineto has it
constexpr int64_t kStepsTid = kFirstMadeUp << 1U;
constexpr int64_t kLedgerTid = kStepsTid + 1;

}  // namespace

ChromeTracks::ChromeTracks(const ExportJob& job) : job_(job) {
  for (const uint32_t process : job.processes) {
    const Process& info = job.run.processes()[process];
    const int64_t pid = free_pid(info.pid == 0 ? kFirstMadeUp : info.pid);
    host_pids_[process] = pid;
    Names& names = used_[pid];
    names.process = info.base;
    names.labels = fmt::format("rank {} {}", info.rank, info.role);
    names.order = static_cast<int64_t>(host_pids_.size());
  }
}

int64_t ChromeTracks::free_pid(int64_t wanted) {
  for (int64_t pid = wanted;; pid = std::max(pid + 1, kFirstMadeUp)) {
    if (taken_pids_.insert(pid).second) {
      return pid;
    }
  }
}

// The GPUs of one process have the numbers they have there, as one file per rank has them.
int64_t ChromeTracks::device_pid(uint32_t process, int64_t device) {
  const auto [found, fresh] = device_pids_.try_emplace({process, device}, 0);
  if (fresh) {
    const Process& info = job_.run.processes()[process];
    found->second = free_pid(device);
    Names& names = used_[found->second];
    names.process = job_.processes.size() == 1 ? fmt::format("GPU {}", device)
                                               : fmt::format("GPU {} of {}", device, info.base);
    names.labels = fmt::format("GPU {}", device);
    names.order = kGpusFrom + static_cast<int64_t>(device_pids_.size());
  }
  return found->second;
}

Track ChromeTracks::thread(uint32_t process, uint32_t trace_lane) {
  const uint32_t index = job_.run.global_lane(process, trace_lane);
  Track track{host_pids_.at(process), kFirstMadeUp + trace_lane};
  std::string& name = used_[track.pid].threads[track.tid];
  if (index != kNoLane) {
    const Lane& lane = job_.run.lanes()[index];
    if (lane.tid != 0) {
      used_[track.pid].threads.erase(track.tid);
      track.tid = lane.tid;
      used_[track.pid].threads[track.tid] = lane.name;
    } else {
      name = lane.name;
    }
  }
  return track;
}

Track ChromeTracks::special(uint32_t process, int64_t tid, const char* name) {
  const Track track{host_pids_.at(process), tid};
  used_[track.pid].threads[tid] = name;
  return track;
}

Track ChromeTracks::steps(uint32_t process) {
  return special(process, kStepsTid, "steps");
}

Track ChromeTracks::ledger(uint32_t process) {
  return special(process, kLedgerTid, "step ledger");
}

Track ChromeTracks::stream(uint32_t process, int64_t device, int64_t stream, uint32_t trace_lane) {
  const int64_t pid = device_pid(process, device);
  const auto [owner, fresh] = stream_lanes_.try_emplace({pid, stream}, trace_lane);
  if (owner->second != trace_lane) {
    return this->device(process, device, trace_lane);
  }
  if (fresh) {
    used_[pid].threads[stream] = fmt::format("stream {}", stream);
  }
  return {pid, stream};
}

Track ChromeTracks::annotations(uint32_t process, int64_t device, int64_t stream) {
  const int64_t pid = device_pid(process, device);
  used_[pid].threads.try_emplace(stream, fmt::format("stream {}", stream));
  return {pid, stream};
}

Track ChromeTracks::device(uint32_t process, int64_t device, uint32_t trace_lane) {
  const Track track{device_pid(process, device), kFirstMadeUp + trace_lane};
  const uint32_t index = job_.run.global_lane(process, trace_lane);
  used_[track.pid].threads.try_emplace(
      track.tid, index == kNoLane ? std::string_view("GPU") : job_.run.lanes()[index].name);
  return track;
}

uint64_t ChromeTracks::flow_id(uint32_t process, int64_t correlation) const {
  const size_t place = static_cast<size_t>(
      std::lower_bound(job_.processes.begin(), job_.processes.end(), process) - job_.processes.begin());
  return (static_cast<uint64_t>(place) << 32U) + static_cast<uint64_t>(correlation);
}

void ChromeTracks::write_names(ChromeEvents& events) const {
  const auto text = [&](const char* what, const Track& track, const char* key, const std::string& value) {
    events.open('M', "", what, track, 0);
    events.text_argument(key, value);
    events.close();
  };
  const auto place = [&](const char* what, const Track& track, int64_t value) {
    events.open('M', "", what, track, 0);
    events.argument("sort_index", value);
    events.close();
  };
  for (const auto& [pid, names] : used_) {
    text("process_name", {pid, 0}, "name", names.process);
    text("process_labels", {pid, 0}, "labels", names.labels);
    place("process_sort_index", {pid, 0}, names.order);
    for (const auto& [tid, name] : names.threads) {
      text("thread_name", {pid, tid}, "name", name);
      // Steps and ledger above the threads they are made of.
      place("thread_sort_index", {pid, tid}, tid >= kStepsTid ? tid - kStepsTid - 2 : tid);
    }
  }
}

}  // namespace stepscope::analysis::exporting
