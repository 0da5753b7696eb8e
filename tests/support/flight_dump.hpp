// SPDX-License-Identifier: Apache-2.0
//
// Dumps of PyTorch's flight recorder for tests, as its JSON writes them: keys in alphabetical order, undiscovered times 0, ranks and
// status numbers as texts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace stepscope::testing {

inline constexpr int64_t kFlightStart = 1700000000000000000;

struct FlightCall {
  int64_t sequence = 1;
  std::string state = "completed";  // "started", "scheduled"
  std::string op = "all_reduce";
  int64_t elements = 1000;
  double duration_ms = -1;  // below 0: timing is off
  std::string group = "0", group_text = "default_pg";
  int64_t group_id = 0;
  bool message = false;
};

// Calls are 10 ms apart; what completed did so 2 ms later, after 1 ms of waiting.
inline nlohmann::json flight_entry(const FlightCall& call, int64_t record) {
  const int64_t created = kFlightStart + call.sequence * 10000000;
  const bool completed = call.state == "completed";
  nlohmann::json out = {{"record_id", record},
                        {"pg_id", call.group_id},
                        {"process_group", {call.group, call.group_text}},
                        {"collective_seq_id", call.message ? 0 : call.sequence},
                        {"p2p_seq_id", call.message ? call.sequence : 0},
                        {"op_id", call.sequence},
                        {"profiling_name", "nccl:" + call.op},
                        {"time_created_ns", created},
                        {"input_sizes", {{call.elements}}},
                        {"input_dtypes", {"BFloat16"}},
                        {"output_sizes", {{call.elements}}},
                        {"output_dtypes", {"BFloat16"}},
                        {"state", call.state},
                        {"time_discovered_started_ns", call.state == "scheduled" ? 0 : created + 1000000},
                        {"time_discovered_completed_ns", completed ? created + 3000000 : 0},
                        {"retired", completed},
                        {"timeout_ms", 600000},
                        {"is_p2p", call.message},
                        {"thread_id", "139"},
                        {"thread_name", "pt_main_thread"}};
  if (call.duration_ms >= 0) {
    out["duration_ms"] = call.duration_ms;
  }
  return out;
}

struct FlightGroup {
  std::string name = "0", text = "default_pg", ranks = "[0, 1, 2, 3]";
  int64_t id = 0, enqueued = -1, completed = -1;
};

inline std::string flight_dump(const std::vector<FlightCall>& calls,
                               const std::vector<FlightGroup>& groups = {FlightGroup()}) {
  nlohmann::json out = {
      {"version", "2.10"}, {"nccl_version", "2.27.5"}, {"nccl_comm_state", nlohmann::json::object()}};
  for (const FlightGroup& group : groups) {
    out["pg_config"][group.name] = {{"name", group.name}, {"desc", group.text}, {"ranks", group.ranks}};
    out["pg_status"][std::to_string(group.id)] = {
        {"last_enqueued_collective", std::to_string(group.enqueued)},
        {"last_started_collective", std::to_string(group.enqueued)},
        {"last_completed_collective", std::to_string(group.completed)}};
  }
  for (const FlightCall& call : calls) {
    out["entries"].push_back(flight_entry(call, static_cast<int64_t>(out["entries"].size())));
  }
  return out.dump();
}

}  // namespace stepscope::testing
