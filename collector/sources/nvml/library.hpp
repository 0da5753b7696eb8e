// SPDX-License-Identifier: Apache-2.0
//
// libnvidia-ml.so.1 as a function table. Found at run time, initialised once, neither shut down nor closed.
//
// Calls can take milliseconds, seconds to initialise, and hang with a sick GPU: only a thread of their own makes them.
#pragma once

#include <stdint.h>

#include "collector/sources/nvml/nvml_abi.hpp"

namespace stepscope::collector::nvml {

// A function that the library does not have is nullptr.
struct Functions {
  Result (*init_with_flags)(uint32_t flags);
  Result (*init)();
  Result (*driver_version)(char* text, uint32_t size);
  Result (*nvml_version)(char* text, uint32_t size);
  Result (*device_count)(uint32_t* count);
  Result (*device_by_index)(uint32_t index, Device* device);
  Result (*device_by_uuid)(const char* uuid, Device* device);
  Result (*uuid)(Device device, char* text, uint32_t size);
  Result (*name)(Device device, char* text, uint32_t size);
  Result (*mig_mode)(Device device, uint32_t* current, uint32_t* pending);
  Result (*parent_of_mig)(Device mig, Device* device);
  Result (*clock)(Device device, uint32_t type, uint32_t* mhz);
  Result (*power)(Device device, uint32_t* milliwatt);
  Result (*temperature_v)(Device device, Temperature* temperature);
  Result (*temperature)(Device device, uint32_t sensor, uint32_t* celsius);
  Result (*utilization)(Device device, Utilization* utilization);
  Result (*memory)(Device device, Memory* memory);
  Result (*clock_reasons)(Device device, uint64_t* reasons);
  Result (*ecc_errors)(Device device, uint32_t type, uint32_t counter, uint64_t* count);
  Result (*field_values)(Device device, int32_t count, FieldValue* values);
  Result (*event_set_create)(EventSet* set);
  Result (*register_events)(Device device, uint64_t types, EventSet set);
  Result (*event_set_wait)(EventSet set, EventData* event, uint32_t timeout_ms);
};

// Finds the library and binds what it has. False when it is not there.
bool load(Functions& functions) noexcept;
// Initialises NVML: not attaching GPUs that nobody asks about, where it can.
Result initialize(const Functions& functions) noexcept;
// For people: "the GPU has fallen off the bus".
[[nodiscard]] const char* result_text(Result result) noexcept;

}  // namespace stepscope::collector::nvml
