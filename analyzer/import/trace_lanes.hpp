// SPDX-License-Identifier: Apache-2.0
//
// TraceLanes: which lane of a recording the events of a trace belong to.
//
// A Chrome trace calls everything a thread of a process: GPU streams, annotations on the GPU, waits. So that a Python thread 0 of
// process 0 is not taken for stream 0 of GPU 0, lanes differ by what they are for. Names come with metadata events, which
// may stand at the end: lanes are declared to the builder by declare(). One thread. Internal to analyzer/import.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "trace/recording_builder.hpp"

namespace stepscope::analysis::importing {

// A trace with more lanes is damaged, or has its counters in the wrong place.
inline constexpr size_t kMaxLanes = 16384;

enum class LaneUse : uint8_t {
  kThread,        // process, thread
  kStream,        // device, context and stream
  kAnnotation,    // what the host called the work on a stream; device, stream
  kSync,          // context
  kOverhead,      // the driver and the profiler
  kCommunicator,  // by name
};

class TraceLanes {
 public:
  // 0: there are too many lanes. Ids count from 1 in the order of first use.
  [[nodiscard]] uint32_t thread(std::string_view pid, std::string_view tid);
  [[nodiscard]] uint32_t thread(int64_t pid, int64_t tid);
  [[nodiscard]] uint32_t stream(int64_t device, int64_t context, int64_t stream);
  [[nodiscard]] uint32_t annotation(int64_t device, int64_t stream);
  [[nodiscard]] uint32_t sync(int64_t context);
  [[nodiscard]] uint32_t overhead();
  [[nodiscard]] uint32_t communicator(std::string_view name, uint32_t* comm);  // *comm: its number, from 1

  // What a metadata event says: thread_name.
  void name_thread(std::string_view pid, std::string_view tid, std::string_view name);
  void name_thread(int64_t pid, int64_t tid, std::string_view name);
  // The process whose threads have most events: the one that was profiled. 0 when its number is none.
  void count_event(uint32_t lane) { ++events_[lane]; }
  [[nodiscard]] uint32_t profiled_process() const;
  // The lane of that process's main thread (tid == pid), 0 when it has no events.
  [[nodiscard]] uint32_t main_thread() const;

  void declare(trace::RecordingBuilder& builder) const;

 private:
  struct Key {
    LaneUse use = LaneUse::kThread;
    int64_t a = 0, b = 0, c = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  struct Lane {
    Key key;
    std::string name;
  };

  [[nodiscard]] uint32_t lane(const Key& key, std::string_view name = {});
  [[nodiscard]] std::string name_of(const Lane& lane) const;
  [[nodiscard]] bool several_contexts(int64_t device) const;

  std::unordered_map<Key, uint32_t, KeyHash> ids_;
  std::vector<Lane> lanes_;             // by id - 1
  std::vector<uint64_t> events_ = {0};  // by id
  std::map<std::pair<int64_t, int64_t>, std::string> thread_names_;
  std::map<std::string, uint32_t, std::less<>> communicators_;
  Key last_key_[2];  // threads and the rest: neighbours in a file are neighbours in time
  uint32_t last_lane_[2] = {0, 0};
};

}  // namespace stepscope::analysis::importing
