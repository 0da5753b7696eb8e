// SPDX-License-Identifier: Apache-2.0
//
// Inside of Run, shared by run.cpp (opening) and run_scan.cpp (reading). Not for other files.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

// Handles to one recording: one per concurrent reader, reused.
class HandlePool {
 public:
  explicit HandlePool(std::string path) : path_(std::move(path)) {}

  // Takes a free handle or opens another.
  [[nodiscard]] Result<trace::Recording> take();
  void give_back(trace::Recording handle);

 private:
  std::string path_;
  std::mutex mutex_;
  std::vector<trace::Recording> free_;
};

struct ProcessData {
  explicit ProcessData(const std::string& path) : handles(path) {}

  HandlePool handles;
  std::vector<uint32_t> names;  // recording's string id -> run-global id; [0] = 0
  std::vector<trace::KindSummary> kinds;
  std::vector<trace::ClockAnchor> anchors;                  // ascending by raw clock
  std::unordered_map<uint32_t, uint32_t> lane_by_trace_id;  // -> global lane
};

// Texts by content; ids are dense, 0 is "".
class NameTable {
 public:
  NameTable() { (void)intern(""); }
  uint32_t intern(std::string_view text);
  [[nodiscard]] uint32_t find(std::string_view text) const;
  [[nodiscard]] std::string_view text(uint32_t id) const;
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }

 private:
  std::deque<std::string> texts_;  // stable addresses
  std::unordered_map<std::string_view, uint32_t> ids_;
};

struct Run::State {
  std::string path;
  std::vector<Process> processes;
  std::vector<std::unique_ptr<ProcessData>> data;  // parallel to processes
  std::vector<Lane> lanes;
  std::vector<RunLoss> losses;
  std::vector<Door> doors;
  std::vector<std::string> still_running;
  std::vector<std::string> problems;
  TimeRange range;
  uint64_t events = 0;
  NameTable names;
  std::unordered_map<int64_t, uint32_t> made_names;  // names of events that carry none; see run_scan.cpp
};

// Interns the names that run_scan.cpp gives to events without one.
void intern_made_names(Run::State& state);

}  // namespace stepscope::analysis
