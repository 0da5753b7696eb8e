// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvml/throttle.hpp"

#include <string.h>

#include <initializer_list>

namespace stepscope::collector::nvml {
namespace {

struct Reason {
  const char* name;
  uint64_t bit;
};

constexpr Reason kReasons[kThrottleCount] = {
    {"gpu.throttle.power_cap_ns", kReasonPowerCap},
    {"gpu.throttle.thermal_sw_ns", kReasonThermalSw},
    {"gpu.throttle.thermal_hw_ns", kReasonThermalHw},
    {"gpu.throttle.power_brake_ns", kReasonPowerBrake},
    {"gpu.throttle.sync_boost_ns", kReasonSyncBoost},
    {"gpu.throttle.hw_slowdown_ns", kReasonHwSlowdown},
    {"gpu.throttle.idle_ns", kReasonIdle},
    {"gpu.throttle.app_clocks_ns", kReasonAppClocks},
};

// Positions in kThrottleFields.
constexpr size_t kPowerCapAt = 0;
constexpr size_t kThermalAt = 1;
constexpr size_t kSyncBoostAt = 2;
constexpr size_t kNewerSet = 3;
constexpr size_t kOlderSet = 6;
constexpr size_t kSetSize = 3;

// Where the set with thermal_sw, thermal_hw and power_brake begins; kThrottleFieldCount when there is none.
size_t detailed_set(const FieldValue (&fields)[kThrottleFieldCount]) noexcept {
  for (size_t begin : {kNewerSet, kOlderSet}) {
    size_t counters = 0;
    for (size_t i = begin; i < begin + kSetSize; ++i) {
      uint64_t ns = 0;
      counters += size_t{field_counter(fields[i], ns)};
    }
    if (counters == kSetSize) {
      return begin;
    }
  }
  return kThrottleFieldCount;
}

}  // namespace

const char* throttle_name(Throttle reason) noexcept {
  return kReasons[static_cast<int>(reason)].name;
}

uint64_t throttle_bit(Throttle reason) noexcept {
  return kReasons[static_cast<int>(reason)].bit;
}

void ThrottleIntegral::add(int64_t now_ns, uint64_t reasons) noexcept {
  const int64_t gap = now_ns - last_ns_;
  if (started_ && gap > 0 && gap <= kLongestGapNs) {
    for (int i = 0; i < kThrottleCount; ++i) {
      const int ends = ((last_reasons_ & kReasons[i].bit) != 0) + ((reasons & kReasons[i].bit) != 0);
      half_ns_[i] += gap * ends;
    }
  }
  started_ = true;
  last_ns_ = now_ns;
  last_reasons_ = reasons;
}

int64_t ThrottleIntegral::ns(Throttle reason) const noexcept {
  return half_ns_[static_cast<int>(reason)] / 2;
}

bool field_number(const FieldValue& field, uint64_t& number) noexcept {
  if (field.result != kSuccess) {
    return false;
  }
  uint32_t low = 0;
  uint16_t lowest = 0;
  double real = 0;
  memcpy(&low, &field.value, sizeof(low));
  memcpy(&lowest, &field.value, sizeof(lowest));
  memcpy(&real, &field.value, sizeof(real));
  switch (field.type) {
    case kTypeUint:
    case kTypeInt:
      number = low;
      return true;
    case kTypeUshort:
      number = lowest;
      return true;
    case kTypeUlong:
    case kTypeUlongLong:
    case kTypeLongLong:
      number = field.value;
      return true;
    case kTypeDouble:
      number = real > 0 ? static_cast<uint64_t>(real) : 0;
      return true;
    default:
      return false;
  }
}

bool field_counter(const FieldValue& field, uint64_t& ns) noexcept {
  return field.type == kTypeUlongLong && field_number(field, ns);
}

bool throttle_counter(const FieldValue (&fields)[kThrottleFieldCount], Throttle reason,
                      uint64_t& ns) noexcept {
  const size_t set = detailed_set(fields);
  const bool detailed = set != kThrottleFieldCount;
  switch (reason) {
    case Throttle::kPowerCap:
      return field_counter(fields[kPowerCapAt], ns);
    case Throttle::kSyncBoost:
      return field_counter(fields[kSyncBoostAt], ns);
    case Throttle::kThermalSw:
      return field_counter(fields[detailed ? set : kThermalAt], ns);
    case Throttle::kThermalHw:
      return detailed && field_counter(fields[set + 1], ns);
    case Throttle::kPowerBrake:
      return detailed && field_counter(fields[set + 2], ns);
    default:
      return false;
  }
}

}  // namespace stepscope::collector::nvml
