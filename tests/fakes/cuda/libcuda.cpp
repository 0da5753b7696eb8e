// SPDX-License-Identifier: Apache-2.0
//
// Stand-in for libcuda.so.1, the CUDA driver. It imitates:
// - cuInit: opens the library that CUDA_INJECTION64_PATH names and calls its InitializeInjection, under the driver's lock;
//   a CUDA call from in there would deadlock, so here it ends the process with a message;
// - work on streams, contexts, events, graphs and memory, told to a profiler as the driver tells libcupti;
// - a forked child, in which CUDA is not initialised any more, and the end: once the driver's own exit handler has run,
//   nothing works.
// Environment: FAKE_CUDA_DEVICES (1), FAKE_CUDA_DRIVER_VERSION (13000), FAKE_CUDA_NESTED.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "tests/fakes/cuda/cuda_state.hpp"
#include "tests/fakes/cuda/violations.hpp"

#define FAKE_CUDA_EXPORT extern "C" __attribute__((visibility("default")))

namespace fakecuda {
namespace {

std::mutex g_init_lock;
std::atomic<pid_t> g_initialized_in{0};
std::atomic<bool> g_torn_down{false};
thread_local bool t_in_injection = false;

void refuse_calls_of_the_tool() {
  if (t_in_injection) {
    fatal_violation("a CUDA call from within InitializeInjection: the driver holds its lock");
  }
}

// The real one ignores a path that does not load, and a library without the function.
void inject() {
  const char* path = getenv("CUDA_INJECTION64_PATH");
  void* library = path == nullptr || path[0] == '\0' ? nullptr : dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void* symbol = library == nullptr ? nullptr : dlsym(library, "InitializeInjection");
  if (symbol == nullptr) {
    return;
  }
  int (*initialize)() = nullptr;
  std::memcpy(&initialize, &symbol, sizeof(initialize));
  t_in_injection = true;
  initialize();
  t_in_injection = false;
}

// The driver's exit handlers are registered when it is loaded: they run after those of what cuInit brought in.
__attribute__((constructor)) void register_teardown() {
  std::atexit([] { g_torn_down.store(true); });
}

void attach(const ProfilerHooks* profiler) {
  state().hooks.store(profiler, std::memory_order_release);
}

bool initialized() {
  return g_initialized_in.load(std::memory_order_acquire) == getpid() || t_in_injection;
}

bool torn_down() {
  return g_torn_down.load();
}

uint32_t context_id(const Context* context) {
  return context->info.id;
}

uint32_t context_device(const Context* context) {
  return context->info.device;
}

uint32_t stream_id(const Stream* stream) {
  return stream->info.id;
}

uint32_t graph_id(const Graph* graph) {
  return graph->id;
}

uint32_t graph_exec_id(const GraphExec* graph) {
  return graph->id;
}

const Driver kDriver = {create_context,
                        destroy_context,
                        create_stream,
                        null_stream,
                        submit,
                        synchronize_stream,
                        synchronize_context,
                        record_event,
                        synchronize_event,
                        wait_event,
                        allocate,
                        release,
                        compile,
                        instantiate,
                        launch_graph,
                        destroy_graph,
                        profiler_start,
                        profiler_stop,
                        peek,
                        attach,
                        initialized,
                        torn_down,
                        devices,
                        contexts,
                        streams,
                        context_id,
                        context_device,
                        stream_id,
                        graph_id,
                        graph_exec_id};

}  // namespace

State& state() {
  static auto* instance = new State;
  return *instance;
}

bool nested_calls_are_told() {
  static const bool told = getenv("FAKE_CUDA_NESTED") != nullptr;
  return told;
}

bool usable() {
  refuse_calls_of_the_tool();
  return g_initialized_in.load(std::memory_order_acquire) == getpid();
}

}  // namespace fakecuda

FAKE_CUDA_EXPORT const fakecuda::Driver* fake_cuda_driver() {
  return &fakecuda::kDriver;
}

FAKE_CUDA_EXPORT int cuInit(unsigned int flags) {
  using namespace fakecuda;
  refuse_calls_of_the_tool();
  pid_t initialized_in = g_initialized_in.load();
  if (initialized_in != 0) {
    return initialized_in == getpid() ? 0 : kNotInitialized;
  }
  if (flags != 0) {
    return kInvalidValue;
  }
  {
    std::lock_guard<std::mutex> guard(g_init_lock);
    if (g_initialized_in.load() != 0) {
      return 0;
    }
    inject();
    g_initialized_in.store(getpid(), std::memory_order_release);
  }
  if (const ProfilerHooks* profiler = hooks()) {
    ResourceEvent finished;
    profiler->resource(&finished);
  }
  return 0;
}

FAKE_CUDA_EXPORT int cuDriverGetVersion(int* version) {
  using namespace fakecuda;
  refuse_calls_of_the_tool();
  const char* text = getenv("FAKE_CUDA_DRIVER_VERSION");
  *version = text == nullptr ? 13000 : atoi(text);
  return 0;
}

FAKE_CUDA_EXPORT int cuDeviceGetCount(int* count) {
  using namespace fakecuda;
  if (!usable()) {
    return kNotInitialized;
  }
  *count = static_cast<int>(device_count());
  return 0;
}

FAKE_CUDA_EXPORT int cuProfilerStart() {
  using namespace fakecuda;
  if (!usable()) {
    return kNotInitialized;
  }
  Call driver(kDriverApi, cbid::kCuProfilerStart, "cuProfilerStart", nullptr);
  return 0;
}

FAKE_CUDA_EXPORT int cuProfilerStop() {
  using namespace fakecuda;
  if (!usable()) {
    return kNotInitialized;
  }
  Call driver(kDriverApi, cbid::kCuProfilerStop, "cuProfilerStop", nullptr);
  return 0;
}
