// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/trace_members.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

#include <nlohmann/json.hpp>

#include "analyzer/import/decimal.hpp"

namespace stepscope::analysis::importing {
namespace {

using nlohmann::json;

constexpr size_t kMaxDevices = 256;
constexpr size_t kLongestFact = 512;

struct MemberFact {
  std::string_view member;
  std::string_view meta;
};

constexpr MemberFact kMemberFacts[] = {
    {"host_name", "process.host"},
    {"cupti_version", "cupti.version"},
    {"cuda_runtime_version", "import.cuda_runtime"},
    {"cuda_driver_version", "import.cuda_driver"},
    {"roctracer_version", "import.roctracer"},
    {"hip_runtime_version", "import.hip_runtime"},
    {"hip_driver_version", "import.hip_driver"},
    {"record_shapes", "import.record_shapes"},
    {"profile_memory", "import.profile_memory"},
    {"with_stack", "import.with_stack"},
    {"with_flops", "import.with_flops"},
    {"with_modules", "import.with_modules"},
    {"trace_id", "import.trace_id"},
    {"displayTimeUnit", "import.display_time_unit"},
};

std::string fact_text(const json& value) {
  std::string text = value.is_string()                         ? value.get<std::string>()
                     : value.is_number() || value.is_boolean() ? value.dump()
                                                               : std::string();
  return text.size() > kLongestFact ? text.substr(0, kLongestFact) : text;
}

json parsed(std::string_view text) {
  return json::parse(text, nullptr, false);
}

// A whole number of an object, also when written as text; -1 when it has none that fits.
int32_t small_number(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) {
    return -1;
  }
  const std::optional<int64_t> number = parse_integer(fact_text(*found));
  return number.has_value() && *number >= 0 && *number <= std::numeric_limits<int32_t>::max()
             ? static_cast<int32_t>(*number)
             : -1;
}

}  // namespace

void TraceMembers::take(std::string_view key, std::string_view text) {
  kineto_ |= key == "schemaVersion" || key == "deviceProperties" || key == "distributedInfo";
  if (key == "distributedInfo") {
    return take_distributed(text);
  }
  if (key == "deviceProperties" || key == "computeProperties") {
    return take_devices(text);
  }
  if (key == "baseTimeNanoseconds") {
    base_ns_ = parse_integer(fact_text(parsed(text))).value_or(0);
    return;
  }
  const auto* const fact = std::find_if(std::begin(kMemberFacts), std::end(kMemberFacts),
                                        [key](const MemberFact& one) { return one.member == key; });
  if (fact != std::end(kMemberFacts)) {
    if (std::string value = fact_text(parsed(text)); !value.empty()) {
      facts_[std::string(fact->meta)] = std::move(value);
    }
  }
}

void TraceMembers::take_distributed(std::string_view text) {
  const json info = parsed(text);
  if (!info.is_object()) {
    return;
  }
  rank_ = small_number(info, "rank");
  world_size_ = small_number(info, "world_size");
  for (const auto& [member, meta] :
       {MemberFact{"backend", "import.backend"}, {"nccl_version", "nccl.version"}}) {
    const auto found = info.find(member);
    if (found != info.end() && !fact_text(*found).empty()) {
      facts_[std::string(meta)] = fact_text(*found);
    }
  }
}

void TraceMembers::take_devices(std::string_view text) {
  const json devices = parsed(text);
  if (!devices.is_array() || devices.size() > kMaxDevices) {
    return;
  }
  for (const json& device : devices) {
    if (device.is_object() && device.contains("name") && small_number(device, "id") >= 0) {
      facts_["device." + std::to_string(small_number(device, "id")) + ".name"] = fact_text(device["name"]);
    }
  }
}

void TraceMembers::store(trace::RecordingBuilder& builder) const {
  for (const auto& [key, value] : facts_) {
    builder.set_meta(key, value);
  }
}

}  // namespace stepscope::analysis::importing
