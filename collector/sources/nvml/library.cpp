// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvml/library.hpp"

#include "collector/dynamic_library.hpp"

namespace stepscope::collector::nvml {

bool load(Functions& functions) noexcept {
  // Part of the driver: there is one of it on a machine.
  DynamicLibrary library = DynamicLibrary::loaded("libnvidia-ml.so.1");
  if (!library) {
    library = DynamicLibrary::open("libnvidia-ml.so.1");
  }
  if (!library) {
    return false;
  }
  (void)library.find("nvmlInitWithFlags", functions.init_with_flags);
  (void)library.find("nvmlInit_v2", functions.init);
  (void)library.find("nvmlSystemGetDriverVersion", functions.driver_version);
  (void)library.find("nvmlSystemGetNVMLVersion", functions.nvml_version);
  (void)library.find("nvmlDeviceGetCount_v2", functions.device_count);
  (void)library.find("nvmlDeviceGetHandleByIndex_v2", functions.device_by_index);
  (void)library.find("nvmlDeviceGetHandleByUUID", functions.device_by_uuid);
  (void)library.find("nvmlDeviceGetUUID", functions.uuid);
  (void)library.find("nvmlDeviceGetName", functions.name);
  (void)library.find("nvmlDeviceGetMigMode", functions.mig_mode);
  (void)library.find("nvmlDeviceGetDeviceHandleFromMigDeviceHandle", functions.parent_of_mig);
  (void)library.find("nvmlDeviceGetClockInfo", functions.clock);
  (void)library.find("nvmlDeviceGetPowerUsage", functions.power);
  (void)library.find("nvmlDeviceGetTemperatureV", functions.temperature_v);
  (void)library.find("nvmlDeviceGetTemperature", functions.temperature);
  (void)library.find("nvmlDeviceGetUtilizationRates", functions.utilization);
  (void)library.find("nvmlDeviceGetMemoryInfo", functions.memory);
  (void)library.find("nvmlDeviceGetCurrentClocksEventReasons", functions.clock_reasons);
  if (functions.clock_reasons == nullptr) {  // before NVML 12.2
    (void)library.find("nvmlDeviceGetCurrentClocksThrottleReasons", functions.clock_reasons);
  }
  (void)library.find("nvmlDeviceGetTotalEccErrors", functions.ecc_errors);
  (void)library.find("nvmlDeviceGetFieldValues", functions.field_values);
  (void)library.find("nvmlEventSetCreate", functions.event_set_create);
  (void)library.find("nvmlDeviceRegisterEvents", functions.register_events);
  (void)library.find("nvmlEventSetWait_v2", functions.event_set_wait);
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
