// SPDX-License-Identifier: Apache-2.0
//
// CUPTI records as bytes, at the offsets that were measured on the headers of CUDA 13.0: written as numbers, so that a
// mistake in the collector's own table shows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace stepscope::testing {

struct RecordBytes {
  alignas(8) std::array<uint8_t, 256> bytes{};

  explicit RecordBytes(uint32_t kind) { put(0, kind); }

  template <typename T>
  RecordBytes& put(size_t offset, T value) {
    std::memcpy(bytes.data() + offset, &value, sizeof(value));
    return *this;
  }
  [[nodiscard]] const void* data() const { return bytes.data(); }
};

struct KernelSpec {
  const char* name = "gemm";
  uint64_t start = 1000;
  uint64_t end = 1500;
  uint32_t device = 1;
  uint32_t context = 2;
  uint32_t stream = 7;
  uint32_t correlation = 99;
  uint32_t graph = 0;
  uint64_t node = 0;
  uint32_t grid_x = 128;
};

inline RecordBytes kernel_record(const KernelSpec& spec = {}) {
  RecordBytes record(10);
  record.put<uint16_t>(6, 40).put(16, spec.start).put(24, spec.end);
  record.put(40, spec.device).put(44, spec.context).put(48, spec.stream);
  record.put(52, spec.grid_x).put<uint32_t>(56, 2).put<uint32_t>(60, 1);
  record.put<uint32_t>(64, 256).put<uint32_t>(68, 1).put<uint32_t>(72, 1);
  record.put<uint32_t>(76, 1024).put<uint32_t>(80, 4096);
  record.put(92, spec.correlation).put(104, spec.name).put(144, spec.node).put(156, spec.graph);
  return record;
}

}  // namespace stepscope::testing
