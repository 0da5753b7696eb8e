// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvml/library.hpp"

#include "collector/shared_library.hpp"

namespace stepscope::collector::nvml {

bool load(Functions& functions) noexcept {
  void* library = find_or_open_library("libnvidia-ml.so.1");
  if (library == nullptr) {
    return false;
  }
  bind_symbol(library, "nvmlInitWithFlags", functions.init_with_flags);
  bind_symbol(library, "nvmlInit_v2", functions.init);
  bind_symbol(library, "nvmlSystemGetDriverVersion", functions.driver_version);
  bind_symbol(library, "nvmlSystemGetNVMLVersion", functions.nvml_version);
  bind_symbol(library, "nvmlDeviceGetCount_v2", functions.device_count);
  bind_symbol(library, "nvmlDeviceGetHandleByIndex_v2", functions.device_by_index);
  bind_symbol(library, "nvmlDeviceGetHandleByUUID", functions.device_by_uuid);
  bind_symbol(library, "nvmlDeviceGetUUID", functions.uuid);
  bind_symbol(library, "nvmlDeviceGetName", functions.name);
  bind_symbol(library, "nvmlDeviceGetMigMode", functions.mig_mode);
  bind_symbol(library, "nvmlDeviceGetDeviceHandleFromMigDeviceHandle", functions.parent_of_mig);
  bind_symbol(library, "nvmlDeviceGetClockInfo", functions.clock);
  bind_symbol(library, "nvmlDeviceGetPowerUsage", functions.power);
  bind_symbol(library, "nvmlDeviceGetTemperatureV", functions.temperature_v);
  bind_symbol(library, "nvmlDeviceGetTemperature", functions.temperature);
  bind_symbol(library, "nvmlDeviceGetUtilizationRates", functions.utilization);
  bind_symbol(library, "nvmlDeviceGetMemoryInfo", functions.memory);
  bind_symbol(library, "nvmlDeviceGetCurrentClocksEventReasons", functions.clock_reasons);
  if (functions.clock_reasons == nullptr) {  // before NVML 12.2
    bind_symbol(library, "nvmlDeviceGetCurrentClocksThrottleReasons", functions.clock_reasons);
  }
  bind_symbol(library, "nvmlDeviceGetTotalEccErrors", functions.ecc_errors);
  bind_symbol(library, "nvmlDeviceGetFieldValues", functions.field_values);
  bind_symbol(library, "nvmlEventSetCreate", functions.event_set_create);
  bind_symbol(library, "nvmlDeviceRegisterEvents", functions.register_events);
  bind_symbol(library, "nvmlEventSetWait_v2", functions.event_set_wait);
  return true;
}

Result initialize(const Functions& functions) noexcept {
  Result result = kFunctionNotFound;
  if (functions.init_with_flags != nullptr) {
    result = functions.init_with_flags(kInitNoAttach);
  }
  if (result != kSuccess && functions.init != nullptr) {
    result = functions.init();
  }
  return result;
}

const char* result_text(Result result) noexcept {
  switch (result) {
    case kSuccess:
      return "success";
    case kUninitialized:
      return "not initialized";
    case kInvalidArgument:
      return "invalid argument";
    case kNotSupported:
      return "not supported";
    case kNoPermission:
      return "no permission";
    case kNotFound:
      return "not found";
    case kDriverNotLoaded:
      return "the NVIDIA driver is not loaded";
    case kTimeout:
      return "timeout";
    case kFunctionNotFound:
      return "a function is missing in libnvidia-ml.so.1";
    case kGpuIsLost:
      return "the GPU has fallen off the bus";
    case kResetRequired:
      return "the GPU needs a reset";
    case kLibraryMismatch:
      return "the driver and libnvidia-ml.so.1 are of different versions";
    case kVersionMismatch:
    case kDeprecated:
      return "this NVML wants another version of the call";
    case kUnknown:
      return "unknown error";
  }
  return "another error";
}

}  // namespace stepscope::collector::nvml
