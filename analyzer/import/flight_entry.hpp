// SPDX-License-Identifier: Apache-2.0
//
// One entry of a flight-recorder dump of PyTorch: a collective or a message as one rank saw it. Internal to analyzer/import.
//
// PyTorch writes a dump per rank (TORCH_NCCL_TRACE_BUFFER_SIZE). A time that was not discovered is 0 in its JSON and null in a
// pickle that was turned into JSON. Discovered times are when a watchdog looked: later than what they tell of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace stepscope::analysis::importing {

enum class FlightState : uint8_t { kScheduled, kStarted, kCompleted };

struct FlightEntry {
  std::string group_name;  // "0", or a hash
  std::string group_text;  // "default_pg"; may be empty
  int64_t group_id = -1;   // number of the process group in this process
  int64_t sequence = 0;    // counts collectives of the group, messages apart
  bool message = false;    // send or receive
  std::string operation;   // "all_reduce", "send 0->1", "coalesced"
  int64_t peer = -1;       // of a message, as its name tells: rank in the group
  int64_t count =
      0;  // elements, in NCCL's sense: what one rank contributes, of a reduce-scatter what it receives
  int64_t element_bytes = 0;
  std::string dtype;
  FlightState state = FlightState::kScheduled;
  int64_t created_ns = 0;  // wall clock; > 0
  int64_t started_ns = 0;  // discovered; 0: not
  int64_t completed_ns = 0;
  int64_t duration_ns = -1;  // measured on the GPU; -1: timing was off
};

// nullopt: no entry, or without a time, a sequence number or a state.
[[nodiscard]] std::optional<FlightEntry> parse_flight_entry(const nlohmann::json& entry);

// An integer member; `otherwise` where there is none that fits.
[[nodiscard]] int64_t integer_member(const nlohmann::json& object, const char* key, int64_t otherwise);
[[nodiscard]] std::string text_member(const nlohmann::json& object, const char* key);

}  // namespace stepscope::analysis::importing
