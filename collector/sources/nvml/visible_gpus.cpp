// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvml/visible_gpus.hpp"

#include <stdlib.h>

#include "collector/sources/nvml/visible_devices.hpp"

namespace stepscope::collector::nvml {
namespace {

bool by_index(const Functions& functions, uint32_t index, Device& device) noexcept {
  return functions.device_by_index != nullptr && functions.device_by_index(index, &device) == kSuccess;
}

bool by_whole_uuid(const Functions& functions, const char* uuid, Device& device) noexcept {
  return functions.device_by_uuid != nullptr && functions.device_by_uuid(uuid, &device) == kSuccess;
}

// CUDA takes the beginning of a UUID that is enough to tell the GPUs apart.
bool by_uuid(const Functions& functions, uint32_t count, TextView beginning, Device& device) noexcept {
  for (uint32_t i = 0; i < count; ++i) {
    char uuid[kUuidSize] = {};
    if (by_index(functions, i, device) && functions.uuid != nullptr &&
        functions.uuid(device, uuid, sizeof(uuid)) == kSuccess &&
        TextView(uuid).substr(0, beginning.size).size == beginning.size &&
        memcmp(uuid, beginning.data, beginning.size) == 0) {
      return true;
    }
  }
  return false;
}

// UUIDs of slices are known to NVML under another first word.
bool by_table_entry(const Functions& functions, const KnownGpu& gpu, Device& device) noexcept {
  TextBuffer<sizeof(gpu.uuid)> slice;
  slice.add("MIG-").add(gpu.uuid + 4);
  return by_whole_uuid(functions, gpu.uuid, device) || by_whole_uuid(functions, slice.c_str(), device);
}

void add(VisibleGpus& found, bool known, Device device, uint32_t ordinal) noexcept {
  if (known && found.count < kMaxGpus) {
    found.gpus[found.count++] = {device, ordinal};
  } else {
    ++found.left_out;
  }
}

bool find(const Functions& functions, uint32_t count, const VisibleDevice& entry, Device& device) noexcept {
  switch (entry.form) {
    case VisibleDevice::Form::kIndex:
      return entry.index < count && by_index(functions, entry.index, device);
    case VisibleDevice::Form::kUuid:
      return by_uuid(functions, count, entry.uuid, device);
    case VisibleDevice::Form::kMig: {
      TextBuffer<kUuidSize> uuid;
      return by_whole_uuid(functions, uuid.add(entry.uuid).c_str(), device);
    }
  }
  return false;
}

}  // namespace

void CudaEnvironment::read() noexcept {
  const char* visible = getenv("CUDA_VISIBLE_DEVICES");
  lists = visible != nullptr;
  list.clear();
  list.add(lists ? visible : "");
  by_bus = TextView(getenv("CUDA_DEVICE_ORDER")).equals("PCI_BUS_ID");
  const char* directory = getenv("CUDA_MPS_PIPE_DIRECTORY");
  mps_directory.clear();
  mps_directory.add(directory == nullptr || directory[0] == '\0' ? "/tmp/nvidia-mps" : directory);
}

void find_visible_gpus(const Functions& functions, const CudaEnvironment& environment,
                       VisibleGpus& found) noexcept {
  found = VisibleGpus();
  Device device = nullptr;
  const int known = known_gpus();
  for (int i = 0; i < known; ++i) {
    const KnownGpu gpu = known_gpu(i);
    const bool there = by_table_entry(functions, gpu, device);
    add(found, there, device, gpu.ordinal);
  }
  if (known > 0) {
    found.order = "uuid";
    return;
  }
  uint32_t count = 0;
  if (functions.device_count == nullptr || functions.device_count(&count) != kSuccess) {
    return;
  }
  found.order = count <= 1 || environment.by_bus ? "bus" : "assumed";
  if (!environment.lists) {
    for (uint32_t i = 0; i < count; ++i) {
      const bool there = by_index(functions, i, device);
      add(found, there, device, i);
    }
    return;
  }
  VisibleDevice entries[kMaxGpus];
  const int wanted = parse_visible_devices(environment.list.view(), entries, kMaxGpus);
  bool by_number = false;
  for (int i = 0; i < wanted; ++i) {
    by_number = by_number || entries[i].form == VisibleDevice::Form::kIndex;
    if (!find(functions, count, entries[i], device)) {
      ++found.left_out;
      break;  // CUDA's list ends at the first one that does not exist
    }
    add(found, true, device, static_cast<uint32_t>(i));
  }
  found.order = by_number ? found.order : "uuid";
}

}  // namespace stepscope::collector::nvml
