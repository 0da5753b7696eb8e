// SPDX-License-Identifier: Apache-2.0
//
// The part of NVML's ABI that this room relies on: values that have not changed since NVML 11, compared with the real header
// in nvml_abi_check.cpp where it is installed.
#pragma once

#include <stdint.h>

namespace stepscope::collector::nvml {

using Device = struct DeviceHandle*;
using EventSet = struct EventSetHandle*;

// nvmlReturn_t
enum Result : int32_t {
  kSuccess = 0,
  kUninitialized = 1,
  kInvalidArgument = 2,
  kNotSupported = 3,
  kNoPermission = 4,
  kNotFound = 6,
  kDriverNotLoaded = 9,
  kTimeout = 10,
  kFunctionNotFound = 13,
  kGpuIsLost = 15,
  kResetRequired = 16,
  kLibraryMismatch = 18,
  kVersionMismatch = 25,
  kDeprecated = 26,
  kUnknown = 999,
};

inline constexpr uint32_t kInitNoAttach =
    2;  // nvmlInitWithFlags: an unhealthy GPU of somebody else does not fail it
inline constexpr uint32_t kClockSm = 1;
inline constexpr uint32_t kClockMemory = 2;
inline constexpr uint32_t kSensorGpu = 0;
inline constexpr uint32_t kEccCorrected = 0;
inline constexpr uint32_t kEccUncorrected = 1;
inline constexpr uint32_t kEccVolatile = 0;  // since the driver was loaded
inline constexpr uint64_t kEventXid = 8;
inline constexpr uint32_t kMigEnabled = 1;

// Bits of the reasons why clocks are not higher (nvmlClocksEventReason*, earlier nvmlClocksThrottleReason*).
inline constexpr uint64_t kReasonIdle = 0x1;
inline constexpr uint64_t kReasonAppClocks = 0x2;
inline constexpr uint64_t kReasonPowerCap = 0x4;
inline constexpr uint64_t kReasonHwSlowdown = 0x8;
inline constexpr uint64_t kReasonSyncBoost = 0x10;
inline constexpr uint64_t kReasonThermalSw = 0x20;
inline constexpr uint64_t kReasonThermalHw = 0x40;
inline constexpr uint64_t kReasonPowerBrake = 0x80;

struct Utilization {
  uint32_t gpu;  // % of the last sample period in which a kernel ran
  uint32_t memory;
};

struct Memory {
  uint64_t total;
  uint64_t free;
  uint64_t used;
};

struct Temperature {
  uint32_t version;
  uint32_t sensor;
  int32_t celsius;
};
inline constexpr uint32_t kTemperatureVersion = sizeof(Temperature) | (1U << 24);

struct EventData {
  Device device;
  uint64_t type;
  uint64_t data;  // the Xid
  uint32_t gpu_instance;
  uint32_t compute_instance;
};

// nvmlValueType_t
enum ValueType : int32_t {
  kTypeDouble = 0,
  kTypeUint = 1,
  kTypeUlong = 2,
  kTypeUlongLong = 3,
  kTypeLongLong = 4,
  kTypeInt = 5,
  kTypeUshort = 6,
};

struct FieldValue {
  uint32_t id;
  uint32_t scope;
  int64_t timestamp_us;
  int64_t latency_us;
  int32_t type;
  int32_t result;
  uint64_t value;  // a union of all types
};

enum FieldId : uint32_t {
  kFieldNvlinkCrcFlit = 38,  // totals over all links
  kFieldNvlinkCrcData = 45,
  kFieldNvlinkReplay = 52,
  kFieldNvlinkRecovery = 59,
  kFieldPowerCap = 74,  // ns
  kFieldThermal = 75,
  kFieldSyncBoost = 76,
  kFieldPcieReplays = 94,
  // The same three counters have two sets of ids. Those of NVML 12 mean switches of power smoothing in NVML 13 and the other
  // way around; only counters are kTypeUlongLong. See throttle.hpp.
  kFieldThermalSw12 = 251,
  kFieldThermalHw12 = 252,
  kFieldPowerBrake12 = 253,
  kFieldThermalSw13 = 269,
  kFieldThermalHw13 = 270,
  kFieldPowerBrake13 = 271,
};

inline constexpr uint32_t kUuidSize = 96;
inline constexpr uint32_t kNameSize = 96;
inline constexpr uint32_t kVersionSize = 80;

}  // namespace stepscope::collector::nvml
