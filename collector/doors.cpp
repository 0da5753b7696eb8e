// SPDX-License-Identifier: Apache-2.0
#include "collector/doors.hpp"

#include <limits.h>
#include <link.h>
#include <stdlib.h>

#include <atomic>

#include "collector/redact.hpp"

namespace stepscope::collector {
namespace {

constexpr const char* kNames[kDoorCount] = {"preload", "cuda", "nvtx", "nccl", "c-api", "python"};
constexpr const char* kVariables[kDoorCount] = {
    "LD_PRELOAD", "CUDA_INJECTION64_PATH", "NVTX_INJECTION64_PATH", "NCCL_PROFILER_PLUGIN", nullptr, nullptr};

constinit std::atomic<uint32_t> g_opened{0};
constinit char g_path[PATH_MAX];

// dladdr lives in libdl before glibc 2.34; walking the program headers needs libc only.
int note_path(dl_phdr_info* info, size_t, void*) {
  auto here = reinterpret_cast<uintptr_t>(&note_path);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && here >= begin && here < begin + segment.p_memsz) {
      TextView name(info->dlpi_name);
      if (name.size < sizeof(g_path) && name.starts_with("/")) {
        memcpy(g_path, name.data, name.size + 1);
      } else if (realpath(info->dlpi_name, g_path) == nullptr) {
        g_path[0] = '\0';
      }
      return 1;
    }
  }
  return 0;
}

}  // namespace

const char* door_name(Door door) noexcept {
  return kNames[static_cast<int>(door)];
}

const char* door_variable(Door door) noexcept {
  return kVariables[static_cast<int>(door)];
}

Door door_from_name(TextView name) noexcept {
  for (int i = 0; i < kDoorCount; ++i) {
    if (name.equals(kNames[i])) {
      return static_cast<Door>(i);
    }
  }
  return Door::kCApi;
}

bool mark_door_opened(Door door) noexcept {
  if ((g_opened.load(std::memory_order_relaxed) & door_bit(door)) != 0) {
    return false;
  }
  return (g_opened.fetch_or(door_bit(door), std::memory_order_relaxed) & door_bit(door)) == 0;
}

bool door_opened(Door door) noexcept {
  return (g_opened.load(std::memory_order_relaxed) & door_bit(door)) != 0;
}

void describe_door(Door door, DoorStatus& out) noexcept {
  if (door_opened(door)) {
    out.add("opened");
    return;
  }
  const char* variable = door_variable(door);
  const char* value = variable == nullptr ? nullptr : getenv(variable);
  if (value == nullptr || value[0] == '\0') {
    out.add("absent");
  } else if (strstr(value, own_path()) != nullptr && own_path()[0] != '\0') {
    out.add("present");
  } else if (door == Door::kPreload) {
    out.add("absent");
  } else {
    RedactedText redacted;
    redact_value(TextView(value), redacted);
    out.add("yielded to ").add(redacted.view());
  }
}

const char* own_path() noexcept {
  if (g_path[0] == '\0') {
    dl_iterate_phdr(note_path, nullptr);
  }
  return g_path;
}

}  // namespace stepscope::collector
