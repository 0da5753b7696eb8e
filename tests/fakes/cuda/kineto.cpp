// SPDX-License-Identifier: Apache-2.0
//
// See kineto.hpp.
#include "tests/fakes/cuda/kineto.hpp"

#include <dlfcn.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "tests/fakes/cuda/records.hpp"

#define FAKE_KINETO_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

constexpr size_t kBufferSize = 4U << 20;
constexpr uint32_t kKinds[] = {fakecuda::kConcurrentKernel, fakecuda::kMemcpy, fakecuda::kMemset,
                               fakecuda::kRuntime};

void* g_cupti = nullptr;
bool g_tried = false;
int g_subscribed = -1;  // the result of the one attempt
void* g_subscriber = nullptr;
std::mutex g_lock;
fake_kineto_counts g_counts;

template <typename F>
F function(const char* name) {
  F result = nullptr;
  void* symbol = dlsym(g_cupti, name);
  if (symbol == nullptr) {
    abort();  // every version has what is used here
  }
  std::memcpy(&result, &symbol, sizeof(result));
  return result;
}

template <typename T>
T field(const uint8_t* record, size_t offset) {
  T value;
  std::memcpy(&value, record + offset, sizeof(value));
  return value;
}

void requested(uint8_t** buffer, size_t* size, size_t* max_records) {
  *buffer = static_cast<uint8_t*>(malloc(kBufferSize));
  *size = kBufferSize;
  *max_records = 0;
}

void count(const uint8_t* record) {
  switch (field<uint32_t>(record, 0)) {
    case fakecuda::kConcurrentKernel:
      ++g_counts.kernels;
      g_counts.kernel_ns +=
          field<uint64_t>(record, fakecuda::kernel::kEnd) - field<uint64_t>(record, fakecuda::kernel::kStart);
      break;
    case fakecuda::kMemcpy:
      ++g_counts.copies;
      break;
    case fakecuda::kMemset:
      ++g_counts.memsets;
      break;
    case fakecuda::kRuntime:
      ++g_counts.runtime_calls;
      break;
    default:
      break;
  }
}

void requested_v2(uint8_t** buffer, size_t* size, size_t* max_records, void*) {
  requested(buffer, size, max_records);
}

void completed(void*, uint32_t, uint8_t* buffer, size_t, size_t valid) {
  auto next = function<int (*)(uint8_t*, size_t, uint8_t**)>("cuptiActivityGetNextRecord");
  {
    std::lock_guard<std::mutex> guard(g_lock);
    ++g_counts.buffers;
    for (uint8_t* record = nullptr; next(buffer, valid, &record) == 0;) {
      count(record);
    }
  }
  free(buffer);
}

void completed_v2(uint8_t* buffer, size_t size, size_t valid, void*) {
  completed(nullptr, 0, buffer, size, valid);
}

// As tools do that share CUPTI with others, from 13.3 on.
int start_shared() {
  struct {
    size_t size;
    const char* name;
    char* old_name;
    size_t old_name_size;
    uint8_t allow_multiple;
    uint8_t padding[7];
  } params = {sizeof(params), "Kineto", nullptr, 0, 1, {}};
  int result = function<int (*)(void**, void (*)(void*, uint32_t, uint32_t, const void*), void*, void*)>(
      "cuptiSubscribe_v2")(&g_subscriber, nullptr, nullptr, &params);
  if (result != 0) {
    return result;
  }
  function<int (*)(void*, void (*)(uint8_t**, size_t*, size_t*, void*),
                   void (*)(uint8_t*, size_t, size_t, void*))>("cuptiActivityRegisterCallbacks_v2")(
      g_subscriber, requested_v2, completed_v2);
  for (uint32_t kind : kKinds) {
    function<int (*)(void*, uint32_t, void*)>("cuptiActivityEnable_v2")(g_subscriber, kind, nullptr);
  }
  return 0;
}

void callback(void*, uint32_t, uint32_t, const void*) {}

}  // namespace

FAKE_KINETO_EXPORT int fake_kineto_load() {
  if (g_cupti == nullptr) {
    const char* name = getenv("FAKE_KINETO_CUPTI");
    g_cupti = dlopen(name == nullptr ? "libcupti.so.13" : name, RTLD_NOW);
  }
  return g_cupti == nullptr ? -1 : 0;
}

FAKE_KINETO_EXPORT int fake_kineto_start() {
  if (fake_kineto_load() != 0) {
    return -1;
  }
  if (getenv("FAKE_KINETO_SHARES") != nullptr) {
    g_counts = {};
    g_subscribed = start_shared();
    return g_subscribed;
  }
  if (!g_tried) {
    g_tried = true;
    g_subscribed = function<int (*)(void**, void (*)(void*, uint32_t, uint32_t, const void*), void*)>(
        "cuptiSubscribe")(&g_subscriber, callback, nullptr);
  }
  if (g_subscribed != 0) {
    return g_subscribed;
  }
  g_counts = {};
  function<int (*)(void (*)(uint8_t**, size_t*, size_t*),
                   void (*)(void*, uint32_t, uint8_t*, size_t, size_t))>("cuptiActivityRegisterCallbacks")(
      requested, completed);
  for (uint32_t kind : kKinds) {
    function<int (*)(uint32_t)>("cuptiActivityEnable")(kind);
  }
  return 0;
}

FAKE_KINETO_EXPORT fake_kineto_counts fake_kineto_stop(int finalize) {
  if (g_subscribed != 0) {
    return {};
  }
  function<int (*)(uint32_t)>("cuptiActivityFlushAll")(1);
  for (uint32_t kind : kKinds) {
    function<int (*)(uint32_t)>("cuptiActivityDisable")(kind);
  }
  function<int (*)(uint32_t)>("cuptiActivityFlushAll")(1);
  if (finalize != 0) {
    function<int (*)()>("cuptiFinalize")();
    g_tried = false;  // it subscribes anew after a teardown
  }
  std::lock_guard<std::mutex> guard(g_lock);
  return g_counts;
}
