// SPDX-License-Identifier: Apache-2.0
//
// NVTX as a shared object of a program has it: performs NVTX's handshake with the library that NVTX_INJECTION64_PATH names,
// and calls through the tables it filled. Independent of the real headers.
#pragma once

#include <dlfcn.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "collector/sources/nvtx/nvtx_abi.hpp"

namespace stepscope::testing {

namespace abi = stepscope::collector::nvtx;

// One NVTX instance, as each shared object of a program has one.
struct NvtxInstance {
  abi::Function functions[7][32] = {};
  abi::Function* tables[7][32] = {};
  intptr_t payload_slots[63] = {};
};

inline thread_local NvtxInstance* t_instance = nullptr;

inline int get_module_table(uint32_t module, abi::Function*** table, unsigned int* size) {
  if (module == 0 || module > 6) {
    return 0;
  }
  for (int i = 0; i < 32; ++i) {
    t_instance->tables[module][i] = &t_instance->functions[module][i];
  }
  *table = t_instance->tables[module];
  *size = module == abi::kModuleCore || module == abi::kModuleCore2 ? 16 : 9;
  return 1;
}

inline const void* get_export_table(uint32_t id) {
  static const abi::ExportTableCallbacks callbacks = {sizeof(callbacks), get_module_table};
  return id == abi::kExportCallbacks ? &callbacks : nullptr;
}

template <typename F>
F symbol(void* library, const char* name) {
  F function = nullptr;
  void* address = dlsym(library, name);
  std::memcpy(&function, &address, sizeof(function));
  return function;
}

inline bool attach_nvtx(NvtxInstance& instance) {
  const char* path = getenv("NVTX_INJECTION64_PATH");
  void* library = path == nullptr ? nullptr : dlopen(path, RTLD_LAZY);
  if (library == nullptr) {
    return false;
  }
  t_instance = &instance;
  auto init = symbol<int (*)(const void* (*)(uint32_t))>(library, "InitializeInjectionNvtx2");
  auto extend = symbol<int (*)(void*)>(library, "InitializeInjectionNvtxExtension");
  abi::ExtensionSegment segment = {0, 63, instance.payload_slots};
  abi::ExtensionModule module = {3, sizeof(abi::ExtensionModule) + 16, abi::kPayloadModule, 260, 1, &segment};
  abi::ExtensionModule unknown = {3, sizeof(abi::ExtensionModule) + 16, 77, 260, 1, &segment};
  return init != nullptr && init(get_export_table) == 1 && extend != nullptr && extend(&module) == 1 &&
         extend(&unknown) == 1;
}

template <typename F>
F core(const NvtxInstance& instance, uint32_t slot) {
  return reinterpret_cast<F>(instance.functions[abi::kModuleCore][slot]);
}
template <typename F>
F core2(const NvtxInstance& instance, uint32_t slot) {
  return reinterpret_cast<F>(instance.functions[abi::kModuleCore2][slot]);
}

using PushText = int (*)(const char*);
using PushEvent = int (*)(const void*, const abi::EventAttributes*);
using Pop = int (*)();
using PopIn = int (*)(const void*);
using MakeHandle = void* (*)(const char*);
using RegisterString = void* (*)(const void*, const char*);

inline abi::EventAttributes event_of(int32_t type, const void* message) {
  abi::EventAttributes event = {};
  event.version = 3;
  event.size = sizeof(event);
  event.message_type = type;
  event.message = message;
  return event;
}

}  // namespace stepscope::testing
