// SPDX-License-Identifier: Apache-2.0
//
// CUDA_VISIBLE_DEVICES: which GPUs the process sees, in CUDA's order. Pure; any thread.
#pragma once

#include <stdint.h>

#include "collector/text.hpp"

namespace stepscope::collector::nvml {

struct VisibleDevice {
  enum class Form : uint8_t {
    kIndex,  // of the order that CUDA_DEVICE_ORDER names
    kUuid,   // "GPU-8d2a", whole or the beginning of one
    kMig,    // "MIG-...": a slice of a GPU
  };
  Form form = Form::kIndex;
  uint32_t index = 0;
  TextView uuid;
};

// Up to `capacity` devices of the list. As in CUDA, the list ends at the first entry that is none: "0,-1,1" is device 0, and an
// empty text no device at all. `text` must outlive the result.
int parse_visible_devices(TextView text, VisibleDevice* devices, int capacity) noexcept;

}  // namespace stepscope::collector::nvml
