// SPDX-License-Identifier: Apache-2.0
//
// ChromeTracks: which pid and tid the events of a run get in a Chrome trace.
//
// As in Kineto's files a host thread is its process and thread id, a GPU is a process whose pid is its number, and a stream
// is a thread of that. Where that would put two things on one track the later one gets a number that no operating system
// gives: another process with the same pid, GPUs of a second process, lanes that are no threads, a second context's stream of
// the same number. Names and order of the tracks that were used are written at the end. One thread. Internal to
// analyzer/export.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "analyzer/export/chrome_events.hpp"
#include "analyzer/export/exporter.hpp"

namespace stepscope::analysis::exporting {

class ChromeTracks {
 public:
  explicit ChromeTracks(const ExportJob& job);

  // Lanes by the recording's own id.
  [[nodiscard]] Track thread(uint32_t process, uint32_t trace_lane);
  // A lane of the process beside its threads.
  [[nodiscard]] Track steps(uint32_t process);
  [[nodiscard]] Track ledger(uint32_t process);
  [[nodiscard]] Track stream(uint32_t process, int64_t device, int64_t stream, uint32_t trace_lane);
  // An annotation that lies over the work of a stream: on the stream's track.
  [[nodiscard]] Track annotations(uint32_t process, int64_t device, int64_t stream);
  // What belongs to a GPU and to none of its streams.
  [[nodiscard]] Track device(uint32_t process, int64_t device, uint32_t trace_lane);
  // Ids of flows count per process in a recording; in a file they must differ.
  [[nodiscard]] uint64_t flow_id(uint32_t process, int64_t correlation) const;

  // process_name, process_labels, process_sort_index, thread_name and thread_sort_index.
  void write_names(ChromeEvents& events) const;

 private:
  struct Names {
    std::string process, labels;
    int64_t order = 0;
    std::map<int64_t, std::string> threads;  // by tid
  };

  [[nodiscard]] int64_t free_pid(int64_t wanted);
  [[nodiscard]] int64_t device_pid(uint32_t process, int64_t device);
  [[nodiscard]] Track special(uint32_t process, int64_t tid, const char* name);

  const ExportJob& job_;
  std::set<int64_t> taken_pids_;
  std::map<uint32_t, int64_t> host_pids_;                         // by process
  std::map<std::pair<uint32_t, int64_t>, int64_t> device_pids_;   // by process and device
  std::map<std::pair<int64_t, int64_t>, uint32_t> stream_lanes_;  // which lane has a stream's track
  std::map<int64_t, Names> used_;                                 // by pid
};

}  // namespace stepscope::analysis::exporting
