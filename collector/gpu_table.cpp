// SPDX-License-Identifier: Apache-2.0
#include "collector/gpu_table.hpp"

#include <string.h>

#include <atomic>

namespace stepscope::collector {
namespace {

struct Entry {
  std::atomic<bool> complete{false};
  uint32_t ordinal = 0;
  uint8_t uuid[kGpuUuidSize] = {};
};

constinit Entry g_entries[kMaxGpus];
constinit std::atomic<int> g_claimed{0};

}  // namespace

int known_gpus() noexcept {
  int count = 0;
  while (count < kMaxGpus && g_entries[count].complete.load(std::memory_order_acquire)) {
    ++count;
  }
  return count;
}

bool note_gpu(uint32_t ordinal, const uint8_t (&uuid)[kGpuUuidSize]) noexcept {
  for (int i = 0; i < known_gpus(); ++i) {
    if (g_entries[i].ordinal == ordinal && memcmp(g_entries[i].uuid, uuid, kGpuUuidSize) == 0) {
      return true;
    }
  }
  // Two threads that note the same GPU at the same time make two entries, which say the same.
  int at = g_claimed.load(std::memory_order_relaxed);
  do {
    if (at >= kMaxGpus) {
      return false;
    }
  } while (!g_claimed.compare_exchange_weak(at, at + 1, std::memory_order_relaxed));
  g_entries[at].ordinal = ordinal;
  memcpy(g_entries[at].uuid, uuid, kGpuUuidSize);
  g_entries[at].complete.store(true, std::memory_order_release);
  return true;
}

KnownGpu known_gpu(int index) noexcept {
  KnownGpu gpu = {g_entries[index].ordinal, "GPU-"};
  char* to = gpu.uuid + 4;
  for (size_t i = 0; i < kGpuUuidSize; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      *to++ = '-';
    }
    *to++ = "0123456789abcdef"[g_entries[index].uuid[i] >> 4];
    *to++ = "0123456789abcdef"[g_entries[index].uuid[i] & 15];
  }
  *to = '\0';
  return gpu;
}

void forget_gpus() noexcept {
  g_claimed.store(0, std::memory_order_relaxed);
  for (Entry& entry : g_entries) {
    entry.complete.store(false, std::memory_order_relaxed);
  }
}

}  // namespace stepscope::collector
