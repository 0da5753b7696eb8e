// SPDX-License-Identifier: Apache-2.0
//
// A small recording tool for CUDA_INJECTION64_PATH, by which the stand-ins are tested without stepscope: enables the kinds
// of FAKE_TOOL_KINDS (comma-separated), writes each record as one line to FAKE_TOOL_OUT, and breaks the one rule that
// FAKE_TOOL_SIN names.
#include <dlfcn.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sstream>
#include <string>

#include "tests/fakes/cuda/records.hpp"

namespace {

using namespace fakecuda;

constexpr size_t kBufferSize = 16384;

void* g_cupti = nullptr;
FILE* g_out = nullptr;
std::mutex g_lock;
std::string g_sin;
uint8_t* g_last_given = nullptr;

template <typename F>
F function(void* library, const char* name) {
  F result = nullptr;
  void* symbol = dlsym(library, name);
  if (symbol == nullptr) {
    fprintf(stderr, "fake_cuda_tool: no %s\n", name);
    abort();
  }
  std::memcpy(&result, &symbol, sizeof(result));
  return result;
}

int flush(uint32_t flag) {
  return function<int (*)(uint32_t)>(g_cupti, "cuptiActivityFlushAll")(flag);
}

void requested(uint8_t** buffer, size_t* size, size_t* max_records) {
  *size = kBufferSize;
  *max_records = 0;
  if (g_sin == "flush in bufferRequested") {
    flush(0);
  }
  if (g_sin == "no buffer") {
    *buffer = nullptr;
    return;
  }
  if (g_sin == "the same buffer twice" && g_last_given != nullptr) {
    *buffer = g_last_given;
    return;
  }
  *buffer = static_cast<uint8_t*>(calloc(1, kBufferSize));
  if (g_sin == "a dirty buffer") {
    (*buffer)[kBufferSize / 2] = 1;
  }
  g_last_given = *buffer;
}

template <typename T>
unsigned long long at(const uint8_t* record, size_t offset) {
  T value;
  std::memcpy(&value, record + offset, sizeof(value));
  return static_cast<unsigned long long>(value);
}

// In the format of the job's truth, without the launching thread: TYPE START END DEVICE CONTEXT STREAM CORRELATION GRAPH
// NODE BYTES NAME.
void print_work(const char* type, const uint8_t* r, const std::array<size_t, 9>& o, const char* name) {
  fprintf(g_out, "%s %llu %llu %llu %llu %llu %llu %llu %llu %llu %s\n", type, at<uint64_t>(r, o[0]),
          at<uint64_t>(r, o[1]), at<uint32_t>(r, o[2]), at<uint32_t>(r, o[3]), at<uint32_t>(r, o[4]),
          at<uint32_t>(r, o[5]), at<uint32_t>(r, o[6]), at<uint64_t>(r, o[7]),
          o[8] == 0 ? 0 : at<uint64_t>(r, o[8]), name);
}

void print(const uint8_t* r) {
  auto kind = static_cast<uint32_t>(at<uint32_t>(r, 0));
  switch (kind) {
    case kConcurrentKernel: {
      const char* name = nullptr;
      std::memcpy(&name, r + kernel::kName, sizeof(name));
      return print_work("kernel", r,
                        {kernel::kStart, kernel::kEnd, kernel::kDevice, kernel::kContext, kernel::kStream,
                         kernel::kCorrelation, kernel::kGraph, kernel::kGraphNode, 0},
                        name == nullptr ? "(null)" : name);
    }
    case kMemcpy:
      return print_work("memcpy", r,
                        {copy::kStart, copy::kEnd, copy::kDevice, copy::kContext, copy::kStream,
                         copy::kCorrelation, copy::kGraph, copy::kGraphNode, copy::kBytes},
                        "");
    case kMemcpy2:
      return print_work("memcpy", r,
                        {copy::kStart, copy::kEnd, copy::kDevice, copy::kContext, copy::kStream,
                         peer_copy::kCorrelation, peer_copy::kGraph, peer_copy::kGraphNode, copy::kBytes},
                        "");
    case kMemset:
      return print_work("memset", r,
                        {set::kStart, set::kEnd, set::kDevice, set::kContext, set::kStream, set::kCorrelation,
                         set::kGraph, set::kGraphNode, set::kBytes},
                        "");
    case kGraphTrace:
      fprintf(g_out, "graph %llu %llu\n", at<uint64_t>(r, graph_trace::kStart),
              at<uint64_t>(r, graph_trace::kEnd));
      return;
    case kRuntime:
    case kDriver:
      fprintf(g_out, "%s %llu %llu %llu\n", kind == kRuntime ? "runtime" : "driver",
              at<uint32_t>(r, api::kCbid), at<uint32_t>(r, api::kCorrelation), at<uint32_t>(r, api::kThread));
      return;
    default:
      fprintf(g_out, "other %u\n", kind);
  }
}

void completed(void*, uint32_t, uint8_t* buffer, size_t, size_t valid) {
  if (g_sin == "flush in bufferCompleted") {
    flush(0);
  }
  if (g_sin == "the same buffer twice") {
    return;  // what is in it makes no sense
  }
  auto next = function<int (*)(uint8_t*, size_t, uint8_t**)>(g_cupti, "cuptiActivityGetNextRecord");
  {
    std::lock_guard<std::mutex> guard(g_lock);
    for (uint8_t* record = nullptr; next(buffer, valid, &record) == 0;) {
      print(record);
    }
  }
  free(buffer);
}

void callback(void*, uint32_t domain, uint32_t, const void*) {
  constexpr uint32_t kState = 6;
  if (domain == kState) {
    std::lock_guard<std::mutex> guard(g_lock);
    fprintf(g_out, "fatal\n");
  }
}

void at_end() {
  int result = flush(1);
  size_t dropped = 0;
  function<int (*)(void*, uint32_t, size_t*)>(g_cupti, "cuptiActivityGetNumDroppedRecords")(nullptr, 0,
                                                                                            &dropped);
  fprintf(g_out, "end %d dropped %zu\n", result, dropped);
  fflush(g_out);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int InitializeInjection() {
  g_cupti = dlopen(getenv("FAKE_KINETO_CUPTI"), RTLD_NOW);
  g_out = fopen(getenv("FAKE_TOOL_OUT"), "we");
  if (g_cupti == nullptr || g_out == nullptr) {
    return 0;
  }
  if (const char* sin = getenv("FAKE_TOOL_SIN")) {
    g_sin = sin;
  }
  void* subscriber = nullptr;
  int result = function<int (*)(void**, void (*)(void*, uint32_t, uint32_t, const void*), void*)>(
      g_cupti, "cuptiSubscribe")(&subscriber, callback, nullptr);
  fprintf(g_out, "subscribe %d\n", result);
  if (result != 0) {
    fflush(g_out);
    return 1;
  }
  constexpr uint32_t kState = 6;
  function<int (*)(uint32_t, void*, uint32_t)>(g_cupti, "cuptiEnableDomain")(1, subscriber, kState);
  function<int (*)(void (*)(uint8_t**, size_t*, size_t*),
                   void (*)(void*, uint32_t, uint8_t*, size_t, size_t))>(
      g_cupti, "cuptiActivityRegisterCallbacks")(requested, completed);
  uint8_t zeroed = 1;
  size_t size = sizeof(zeroed);
  constexpr uint32_t kZeroedOut = 5;
  function<int (*)(uint32_t, size_t*, void*)>(g_cupti, "cuptiActivitySetAttribute")(kZeroedOut, &size,
                                                                                    &zeroed);
  std::istringstream kinds(getenv("FAKE_TOOL_KINDS"));
  for (std::string kind; std::getline(kinds, kind, ',');) {
    result =
        function<int (*)(uint32_t)>(g_cupti, "cuptiActivityEnable")(static_cast<uint32_t>(std::stoul(kind)));
    fprintf(g_out, "enable %s %d\n", kind.c_str(), result);
  }
  if (g_sin == "a CUDA call in InitializeInjection") {
    int devices = 0;
    function<int (*)(int*)>(dlopen("libcuda.so.1", RTLD_NOW), "cuDeviceGetCount")(&devices);
  }
  atexit(at_end);
  return 1;
}
