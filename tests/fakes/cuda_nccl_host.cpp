// SPDX-License-Identifier: Apache-2.0
//
// Stand-ins for libcuda and libnccl at the moment they load a tool: the CUDA driver calls InitializeInjection of the library
// that CUDA_INJECTION64_PATH names; NCCL takes the newest ncclProfiler_vN it finds and goes on without it when init fails.
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

struct Plugin {
  const char* name;
  void* init;
  int (*start_event)(void*, void**, void*);
  int (*stop_event)(void*);
  int (*record_event_state)(void*, int, void*);
  int (*finalize)(void*);
};

template <typename F>
F as(void* address) {
  F function = nullptr;
  std::memcpy(&function, &address, sizeof(function));
  return function;
}

// As each NCCL version calls it.
int call_init(const Plugin& plugin, int version) {
  void* context = nullptr;
  int mask = 0;
  if (version <= 3) {
    return as<int (*)(void**, int*)>(plugin.init)(&context, &mask);
  }
  if (version == 4) {
    return as<int (*)(void**, int*, const char*, uint64_t, int, int, int, void*)>(plugin.init)(
        &context, &mask, "c", 1, 1, 2, 0, nullptr);
  }
  return as<int (*)(void**, uint64_t, int*, const char*, int, int, int, void*)>(plugin.init)(
      &context, 1, &mask, "c", 1, 2, 0, nullptr);
}

int nccl() {
  void* library = dlopen(getenv("NCCL_PROFILER_PLUGIN"), RTLD_NOW | RTLD_LOCAL);
  for (int version = 1; version <= 6; ++version) {
    void* symbol =
        library == nullptr ? nullptr : dlsym(library, ("ncclProfiler_v" + std::to_string(version)).c_str());
    const auto* plugin = static_cast<const Plugin*>(symbol);
    if (plugin == nullptr || call_init(*plugin, version) == 0) {
      return version;
    }
    void* handle = &library;
    if (plugin->start_event(nullptr, &handle, nullptr) != 0 || handle != nullptr ||
        plugin->stop_event(nullptr) != 0 || plugin->record_event_state(nullptr, 0, nullptr) != 0 ||
        plugin->finalize(nullptr) != 0) {
      return 10 + version;
    }
  }
  dlclose(library);
  return 0;
}

int cuda() {
  void* library = dlopen(getenv("CUDA_INJECTION64_PATH"), RTLD_NOW);
  void* symbol = library == nullptr ? nullptr : dlsym(library, "InitializeInjection");
  return symbol != nullptr && as<int (*)()>(symbol)() == 1 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string what = argc > 1 ? argv[1] : "";
  return what == "cuda" ? cuda() : what == "nccl" ? nccl() : 2;
}
