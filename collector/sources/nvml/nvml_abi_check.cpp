// SPDX-License-Identifier: Apache-2.0
//
// Compares nvml_abi.hpp with the real nvml.h. Compiled only where it is installed; generates no code.
#include <nvml.h>
#include <stddef.h>

#include "collector/sources/nvml/library.hpp"

namespace stepscope::collector::nvml {

#define SAME_MEMBER(OURS, MEMBER, THEIRS, THEIR_MEMBER)                    \
  static_assert(offsetof(OURS, MEMBER) == offsetof(THEIRS, THEIR_MEMBER)); \
  static_assert(sizeof(static_cast<OURS*>(nullptr)->MEMBER) ==             \
                sizeof(static_cast<THEIRS*>(nullptr)->THEIR_MEMBER))

SAME_MEMBER(Utilization, gpu, nvmlUtilization_t, gpu);
static_assert(sizeof(Utilization) == sizeof(nvmlUtilization_t));
SAME_MEMBER(Memory, used, nvmlMemory_t, used);
static_assert(sizeof(Memory) == sizeof(nvmlMemory_t));
SAME_MEMBER(EventData, device, nvmlEventData_t, device);
SAME_MEMBER(EventData, type, nvmlEventData_t, eventType);
SAME_MEMBER(EventData, data, nvmlEventData_t, eventData);
SAME_MEMBER(EventData, compute_instance, nvmlEventData_t, computeInstanceId);
static_assert(sizeof(EventData) == sizeof(nvmlEventData_t));
SAME_MEMBER(FieldValue, id, nvmlFieldValue_t, fieldId);
SAME_MEMBER(FieldValue, scope, nvmlFieldValue_t, scopeId);
SAME_MEMBER(FieldValue, type, nvmlFieldValue_t, valueType);
SAME_MEMBER(FieldValue, result, nvmlFieldValue_t, nvmlReturn);
SAME_MEMBER(FieldValue, value, nvmlFieldValue_t, value);
static_assert(sizeof(FieldValue) == sizeof(nvmlFieldValue_t));
#ifdef nvmlTemperature_v1
SAME_MEMBER(Temperature, version, nvmlTemperature_v1_t, version);
SAME_MEMBER(Temperature, sensor, nvmlTemperature_v1_t, sensorType);
SAME_MEMBER(Temperature, celsius, nvmlTemperature_v1_t, temperature);
static_assert(kTemperatureVersion == nvmlTemperature_v1);
#endif

static_assert(int{kSuccess} == NVML_SUCCESS && int{kUninitialized} == NVML_ERROR_UNINITIALIZED);
static_assert(int{kInvalidArgument} == NVML_ERROR_INVALID_ARGUMENT);
static_assert(int{kNotSupported} == NVML_ERROR_NOT_SUPPORTED);
static_assert(int{kNoPermission} == NVML_ERROR_NO_PERMISSION && int{kNotFound} == NVML_ERROR_NOT_FOUND);
static_assert(int{kDriverNotLoaded} == NVML_ERROR_DRIVER_NOT_LOADED && int{kTimeout} == NVML_ERROR_TIMEOUT);
static_assert(int{kFunctionNotFound} == NVML_ERROR_FUNCTION_NOT_FOUND);
static_assert(int{kGpuIsLost} == NVML_ERROR_GPU_IS_LOST && int{kResetRequired} == NVML_ERROR_RESET_REQUIRED);
static_assert(int{kLibraryMismatch} == NVML_ERROR_LIB_RM_VERSION_MISMATCH);
static_assert(int{kVersionMismatch} == NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
static_assert(int{kUnknown} == NVML_ERROR_UNKNOWN);
static_assert(kInitNoAttach == NVML_INIT_FLAG_NO_ATTACH);
static_assert(kClockSm == NVML_CLOCK_SM && kClockMemory == NVML_CLOCK_MEM);
static_assert(kSensorGpu == NVML_TEMPERATURE_GPU && kEventXid == nvmlEventTypeXidCriticalError);
static_assert(kEccCorrected == NVML_MEMORY_ERROR_TYPE_CORRECTED && kEccVolatile == NVML_VOLATILE_ECC);
static_assert(kEccUncorrected == NVML_MEMORY_ERROR_TYPE_UNCORRECTED && kMigEnabled == NVML_DEVICE_MIG_ENABLE);
static_assert(kReasonIdle == nvmlClocksThrottleReasonGpuIdle);
static_assert(kReasonAppClocks == nvmlClocksThrottleReasonApplicationsClocksSetting);
static_assert(kReasonPowerCap == nvmlClocksThrottleReasonSwPowerCap);
static_assert(kReasonHwSlowdown == nvmlClocksThrottleReasonHwSlowdown);
static_assert(kReasonSyncBoost == nvmlClocksThrottleReasonSyncBoost);
static_assert(kReasonThermalSw == nvmlClocksThrottleReasonSwThermalSlowdown);
static_assert(kReasonThermalHw == nvmlClocksThrottleReasonHwThermalSlowdown);
static_assert(kReasonPowerBrake == nvmlClocksThrottleReasonHwPowerBrakeSlowdown);
static_assert(int{kTypeUlongLong} == NVML_VALUE_TYPE_UNSIGNED_LONG_LONG);
static_assert(int{kTypeUint} == NVML_VALUE_TYPE_UNSIGNED_INT && int{kTypeDouble} == NVML_VALUE_TYPE_DOUBLE);
static_assert(kFieldPowerCap == NVML_FI_DEV_PERF_POLICY_POWER);
static_assert(kFieldThermal == NVML_FI_DEV_PERF_POLICY_THERMAL);
static_assert(kFieldSyncBoost == NVML_FI_DEV_PERF_POLICY_SYNC_BOOST);
static_assert(kFieldPcieReplays == NVML_FI_DEV_PCIE_REPLAY_COUNTER);
static_assert(kFieldNvlinkCrcFlit == NVML_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL);
static_assert(kFieldNvlinkCrcData == NVML_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL);
static_assert(kFieldNvlinkReplay == NVML_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL);
static_assert(kFieldNvlinkRecovery == NVML_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL);
#ifdef NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN
static_assert(NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN ==
              (NVML_API_VERSION >= 13 ? kFieldThermalSw13 : kFieldThermalSw12));
static_assert(NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN ==
              (NVML_API_VERSION >= 13 ? kFieldThermalHw13 : kFieldThermalHw12));
static_assert(NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN ==
              (NVML_API_VERSION >= 13 ? kFieldPowerBrake13 : kFieldPowerBrake12));
#endif
static_assert(kUuidSize == NVML_DEVICE_UUID_V2_BUFFER_SIZE && kNameSize == NVML_DEVICE_NAME_V2_BUFFER_SIZE);
static_assert(kVersionSize == NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE);
static_assert(kVersionSize == NVML_SYSTEM_NVML_VERSION_BUFFER_SIZE);

}  // namespace stepscope::collector::nvml
