// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/flight_entry.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include <nlohmann/json.hpp>

#include "analyzer/import/decimal.hpp"
#include "analyzer/import/gpu_words.hpp"
#include "trace/collective_names.hpp"

namespace stepscope::analysis::importing {
namespace {

using Json = nlohmann::json;

constexpr int64_t kLatestMoment = std::numeric_limits<int64_t>::max() / 2;  // 146 years after 1970

// Elements of all tensors of a list of shapes; 0 where it is none, or too large to be one.
int64_t elements(const Json& entry, const char* key) {
  const auto shapes = entry.find(key);
  if (shapes == entry.end() || !shapes->is_array()) {
    return 0;
  }
  constexpr double kMost = 1e15;
  double all = 0;
  for (const Json& shape : *shapes) {
    double product = shape.is_array() ? 1 : 0;
    for (const Json& size : shape.is_array() ? shape : Json::array()) {
      product *= size.is_number() ? size.get<double>() : 0;
    }
    all += product;
  }
  return all >= 0 && all < kMost ? static_cast<int64_t>(all) : 0;
}

std::string first_text(const Json& entry, const char* key) {
  const auto list = entry.find(key);
  const bool any = list != entry.end() && list->is_array() && !list->empty() && list->front().is_string();
  return any ? list->front().get<std::string>() : std::string();
}

void read_group(const Json& entry, FlightEntry* out) {
  const auto group = entry.find("process_group");
  if (group != entry.end() && group->is_array()) {
    const auto text = [&group](size_t at) {
      return group->size() > at && (*group)[at].is_string() ? (*group)[at].get<std::string>() : std::string();
    };
    out->group_name = text(0);
    out->group_text = text(1);
  }
  out->group_id = integer_member(entry, "pg_id", -1);
  if (out->group_name.empty()) {
    out->group_name = std::to_string(out->group_id);
  }
}

bool read_times(const Json& entry, FlightEntry* out) {
  const auto time = [&entry](const char* key) {
    const int64_t ns = integer_member(entry, key, 0);
    return ns > 0 && ns < kLatestMoment ? ns : 0;
  };
  out->created_ns = time("time_created_ns");
  out->started_ns = time("time_discovered_started_ns");
  out->completed_ns = time("time_discovered_completed_ns");
  const auto duration = entry.find("duration_ms");
  if (duration != entry.end() && duration->is_number()) {
    const double ns = duration->get<double>() * 1e6;
    out->duration_ns = ns >= 0 && ns < 1e17 ? std::llround(ns) : -1;
  }
  return out->created_ns > 0;
}

bool read_state(const Json& entry, FlightEntry* out) {
  const std::string state = text_member(entry, "state");
  if (state == "completed") {
    out->state = FlightState::kCompleted;
  } else if (state == "started") {
    out->state = FlightState::kStarted;
  } else if (state != "scheduled") {
    return false;
  }
  return true;
}

}  // namespace

int64_t integer_member(const Json& object, const char* key, int64_t otherwise) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) {
    return otherwise;
  }
  if (found->is_number_unsigned()) {
    const auto value = found->get<uint64_t>();
    return value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) ? static_cast<int64_t>(value)
                                                                               : otherwise;
  }
  return found->get<int64_t>();
}

std::string text_member(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<FlightEntry> parse_flight_entry(const Json& entry) {
  if (!entry.is_object()) {
    return std::nullopt;
  }
  FlightEntry out;
  read_group(entry, &out);
  const auto message = entry.find("is_p2p");
  out.message = message != entry.end() && message->is_boolean() && message->get<bool>();
  out.sequence = integer_member(entry, out.message ? "p2p_seq_id" : "collective_seq_id", -1);
  if (!read_times(entry, &out) || !read_state(entry, &out) || out.sequence < 0) {
    return std::nullopt;
  }
  // "nccl:all_reduce", "nccl:send 0->1", "nccl:recv 0<-1"
  out.operation = text_member(entry, "profiling_name");
  if (const size_t colon = out.operation.find(':'); colon != std::string::npos) {
    out.operation.erase(0, colon + 1);
  }
  if (const size_t arrow = out.operation.find_first_of("<>"); out.message && arrow != std::string::npos) {
    const size_t digits = out.operation.find_first_of("0123456789", arrow);
    out.peer = digits == std::string::npos
                   ? -1
                   : parse_integer(std::string_view(out.operation).substr(digits)).value_or(-1);
  }
  const bool receives = trace::collective_op(out.operation) == "reduce_scatter";
  out.count = elements(entry, receives ? "output_sizes" : "input_sizes");
  const ElementType type = element_type(first_text(entry, receives ? "output_dtypes" : "input_dtypes"));
  out.element_bytes = type.bytes;
  out.dtype = type.name;
  return out;
}

}  // namespace stepscope::analysis::importing
