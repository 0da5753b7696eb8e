// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvml/visible_devices.hpp"

namespace stepscope::collector::nvml {
namespace {

TextView trimmed(TextView text) noexcept {
  while (!text.empty() && text.data[0] == ' ') {
    text = text.substr(1);
  }
  while (!text.empty() && text.data[text.size - 1] == ' ') {
    text = text.substr(0, text.size - 1);
  }
  return text;
}

bool parse_device(TextView entry, VisibleDevice& device) noexcept {
  uint64_t index = 0;
  if (entry.starts_with("GPU-") || entry.starts_with("MIG-")) {
    device = {entry.data[0] == 'G' ? VisibleDevice::Form::kUuid : VisibleDevice::Form::kMig, 0, entry};
    return true;
  }
  if (entry.empty() || entry.data[0] < '0' || entry.data[0] > '9' || !parse_u64(entry, index) ||
      index > UINT32_MAX) {
    return false;
  }
  device = {VisibleDevice::Form::kIndex, static_cast<uint32_t>(index), TextView()};
  return true;
}

}  // namespace

int parse_visible_devices(TextView text, VisibleDevice* devices, int capacity) noexcept {
  int count = 0;
  TextView entry;
  while (count < capacity && next_field(text, ',', entry) && parse_device(trimmed(entry), devices[count])) {
    ++count;
  }
  return count;
}

}  // namespace stepscope::collector::nvml
