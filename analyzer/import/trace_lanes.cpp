// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/trace_lanes.hpp"

#include <limits>

#include <fmt/format.h>

#include "analyzer/import/decimal.hpp"

namespace stepscope::analysis::importing {
namespace {

constexpr size_t kMaxThreadNames = 65536;
constexpr int64_t kTextBit = int64_t{1} << 62U;  // numbers made from texts do not meet real ones

// Processes and threads are numbers, or texts such as "Spans" and "PyTorch Profiler".
int64_t number_of(std::string_view text) {
  if (const std::optional<int64_t> number = parse_integer(text)) {
    return *number;
  }
  return static_cast<int64_t>(std::hash<std::string_view>()(text) >> 2U) | kTextBit;
}

uint32_t system_id(int64_t number) {
  return number > 0 && number <= std::numeric_limits<uint32_t>::max() ? static_cast<uint32_t>(number) : 0;
}

}  // namespace

size_t TraceLanes::KeyHash::operator()(const Key& key) const {
  uint64_t hash = static_cast<uint64_t>(key.use) + 0x9E3779B97F4A7C15ULL;
  for (const int64_t part : {key.a, key.b, key.c}) {
    hash = (hash ^ static_cast<uint64_t>(part)) * 0xBF58476D1CE4E5B9ULL;
    hash ^= hash >> 29U;
  }
  return hash;
}

uint32_t TraceLanes::lane(const Key& key, std::string_view name) {
  const size_t slot = key.use == LaneUse::kThread ? 0 : 1;
  if (last_lane_[slot] != 0 && last_key_[slot] == key) {
    return last_lane_[slot];
  }
  auto found = ids_.find(key);
  if (found == ids_.end()) {
    if (lanes_.size() >= kMaxLanes) {
      return 0;
    }
    lanes_.push_back({key, std::string(name)});
    events_.push_back(0);
    found = ids_.emplace(key, static_cast<uint32_t>(lanes_.size())).first;
  }
  last_key_[slot] = key;
  last_lane_[slot] = found->second;
  return found->second;
}

uint32_t TraceLanes::thread(std::string_view pid, std::string_view tid) {
  const bool named = !parse_integer(tid).has_value();
  return lane({LaneUse::kThread, number_of(pid), number_of(tid), 0}, named ? tid : std::string_view());
}

uint32_t TraceLanes::thread(int64_t pid, int64_t tid) {
  return lane({LaneUse::kThread, pid, tid, 0});
}

uint32_t TraceLanes::stream(int64_t device, int64_t context, int64_t stream) {
  return lane({LaneUse::kStream, device, context, stream});
}

uint32_t TraceLanes::annotation(int64_t device, int64_t stream) {
  return lane({LaneUse::kAnnotation, device, 0, stream});
}

uint32_t TraceLanes::sync(int64_t context) {
  return lane({LaneUse::kSync, context, 0, 0});
}

uint32_t TraceLanes::overhead() {
  return lane({LaneUse::kOverhead, 0, 0, 0});
}

uint32_t TraceLanes::communicator(std::string_view name, uint32_t* comm) {
  auto found = communicators_.find(name);
  if (found == communicators_.end() && communicators_.size() < kMaxLanes) {
    found = communicators_.emplace(name, static_cast<uint32_t>(communicators_.size() + 1)).first;
  }
  *comm = found == communicators_.end() ? 0 : found->second;
  return lane({LaneUse::kCommunicator, *comm, 0, 0}, name);
}

void TraceLanes::name_thread(std::string_view pid, std::string_view tid, std::string_view name) {
  name_thread(number_of(pid), number_of(tid), name);
}

void TraceLanes::name_thread(int64_t pid, int64_t tid, std::string_view name) {
  if (thread_names_.size() < kMaxThreadNames) {
    thread_names_[{pid, tid}] = name;
  }
}

uint32_t TraceLanes::profiled_process() const {
  std::map<int64_t, uint64_t> events;
  for (size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].key.use == LaneUse::kThread && system_id(lanes_[i].key.a) != 0) {
      events[lanes_[i].key.a] += events_[i + 1];
    }
  }
  int64_t best = 0;
  uint64_t most = 0;
  for (const auto& [pid, count] : events) {
    if (count > most) {
      most = count;
      best = pid;
    }
  }
  return system_id(best);
}

uint32_t TraceLanes::main_thread() const {
  const int64_t process = profiled_process();
  const auto found = ids_.find({LaneUse::kThread, process, process, 0});
  return process == 0 || found == ids_.end() ? 0 : found->second;
}

bool TraceLanes::several_contexts(int64_t device) const {
  std::optional<int64_t> context;
  for (const Lane& lane : lanes_) {
    if (lane.key.use == LaneUse::kStream && lane.key.a == device) {
      if (context.has_value() && *context != lane.key.b) {
        return true;
      }
      context = lane.key.b;
    }
  }
  return false;
}

std::string TraceLanes::name_of(const Lane& lane) const {
  const Key& key = lane.key;
  switch (key.use) {
    case LaneUse::kThread: {
      const auto named = thread_names_.find({key.a, key.b});
      // A stream of GPU 0 gives its name to thread 0 of process 0 as well.
      if (named != thread_names_.end() && !named->second.starts_with("stream ")) {
        return named->second;
      }
      return lane.name.empty() ? fmt::format("thread {}", key.b) : lane.name;
    }
    case LaneUse::kStream:
      return several_contexts(key.a) ? fmt::format("GPU {} context {} stream {}", key.a, key.b, key.c)
                                     : fmt::format("GPU {} stream {}", key.a, key.c);
    case LaneUse::kAnnotation:
      return fmt::format("GPU {} stream {} annotations", key.a, key.c);
    case LaneUse::kSync:
      return fmt::format("CUDA waits, context {}", key.a);
    case LaneUse::kOverhead:
      return "profiler overhead";
    case LaneUse::kCommunicator:
      break;
  }
  return lane.name.empty() ? "communicator" : lane.name;
}

void TraceLanes::declare(trace::RecordingBuilder& builder) const {
  static constexpr std::string_view kTypes[] = {"thread", "stream", "annotation",
                                                "sync",   "driver", "communicator"};
  for (size_t i = 0; i < lanes_.size(); ++i) {
    const Lane& lane = lanes_[i];
    const uint32_t tid = lane.key.use == LaneUse::kThread ? system_id(lane.key.b) : 0;
    builder.add_lane({static_cast<uint32_t>(i + 1), std::string(kTypes[static_cast<size_t>(lane.key.use)]),
                      name_of(lane), tid});
  }
}

}  // namespace stepscope::analysis::importing
