// SPDX-License-Identifier: Apache-2.0
//
// Inside of Run, shared by run.cpp (opening), run_handles.cpp (its files) and run_scan.cpp (reading). Not for other files.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

// Handles to one recording: one per concurrent reader, reused. Those at rest count against what the process may hold open: beyond that
// they are closed, and opened again when they are needed.
class HandlePool {
 public:
  explicit HandlePool(const trace::Recording& recording) : closed_(recording.closed()) {}
  HandlePool(const HandlePool&) = delete;
  HandlePool& operator=(const HandlePool&) = delete;
  ~HandlePool();

  // What was read when it was opened; cannot scan.
  [[nodiscard]] const trace::Recording& facts() const { return closed_; }
  // Takes a free handle or opens another.
  [[nodiscard]] Result<trace::Recording> take();
  void give_back(trace::Recording handle);

 private:
  trace::Recording closed_;
  std::mutex mutex_;
  std::vector<trace::Recording> free_;
};

struct ProcessData {
  explicit ProcessData(const trace::Recording& recording);

  HandlePool handles;
  std::vector<uint32_t> names;  // recording's string id -> run-global id; [0] = 0
  std::vector<trace::KindSummary> kinds;
  std::array<uint64_t, 64> events{};                        // of the kinds with the lowest ids, by id
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
