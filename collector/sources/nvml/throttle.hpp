// SPDX-License-Identifier: Apache-2.0
//
// How long a GPU's clocks were held down, per reason, in cumulative ns.
//
// Where NVML counts (field values), its counters are recorded as they are: since the driver was loaded, advancing in steps of
// about 100 ms. Where it does not, the reasons in force at each sample are integrated: from one sample to the next a reason
// counts whole when both have it and half when one of them has. That misses what comes and goes between two samples, and
// starts at 0 with the recording. idle, hw_slowdown and app_clocks are never counted by NVML, so they are always sampled.
//
// Pure; one thread at a time.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "collector/sources/nvml/nvml_abi.hpp"

namespace stepscope::collector::nvml {

// In the order of kThrottleNames.
enum class Throttle : uint8_t {
  kPowerCap,
  kThermalSw,
  kThermalHw,
  kPowerBrake,
  kSyncBoost,
  kHwSlowdown,
  kIdle,
  kAppClocks,
};
inline constexpr int kThrottleCount = 8;

// "gpu.throttle.power_cap_ns"
[[nodiscard]] const char* throttle_name(Throttle reason) noexcept;
// Its bit in what nvmlDeviceGetCurrentClocksEventReasons returns.
[[nodiscard]] uint64_t throttle_bit(Throttle reason) noexcept;

// Longer than this between two samples nothing is known of the time between (the process was stopped).
inline constexpr int64_t kLongestGapNs = 40'000'000'000;

class ThrottleIntegral {
 public:
  void add(int64_t now_ns, uint64_t reasons) noexcept;
  [[nodiscard]] int64_t ns(Throttle reason) const noexcept;

 private:
  bool started_ = false;
  int64_t last_ns_ = 0;
  uint64_t last_reasons_ = 0;
  int64_t half_ns_[kThrottleCount] = {};  // in half nanoseconds, so that no rounding adds up
};

// The fields that tell of throttling, in the order the functions below expect.
inline constexpr uint32_t kThrottleFields[] = {kFieldPowerCap,    kFieldThermal,     kFieldSyncBoost,
                                               kFieldThermalSw13, kFieldThermalHw13, kFieldPowerBrake13,
                                               kFieldThermalSw12, kFieldThermalHw12, kFieldPowerBrake12};
inline constexpr size_t kThrottleFieldCount = sizeof(kThrottleFields) / sizeof(kThrottleFields[0]);

// What of a field value is a number, as an unsigned one; false when the call failed for it.
bool field_number(const FieldValue& field, uint64_t& number) noexcept;
// A field that counts ns: those are always unsigned 64-bit, what else the id may mean is not.
bool field_counter(const FieldValue& field, uint64_t& ns) noexcept;

// The counter for `reason` among the values of kThrottleFields. False when NVML does not count it. Of the two sets of ids the
// one whose three members are all counters is taken, the newer first.
bool throttle_counter(const FieldValue (&fields)[kThrottleFieldCount], Throttle reason,
                      uint64_t& ns) noexcept;

}  // namespace stepscope::collector::nvml
