// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: the calls of 13.3 that name the subscriber they are for. They give the same records as the classic
// calls, each subscriber into buffers of its own; records with fields of the tool's choice are not imitated.
#include <array>
#include <cstring>

#include "tests/fakes/cuda/cupti_state.hpp"

extern "C" {  // cupti_activity.cpp, cupti_subscriber.cpp
int cuptiActivityEnable(uint32_t kind);
int cuptiActivityDisable(uint32_t kind);
int cuptiActivityGetNextRecord(uint8_t* buffer, size_t valid, uint8_t** record);
int cuptiActivityGetNumDroppedRecords(void* context, uint32_t stream, size_t* dropped);
int cuptiActivityRegisterCallbacks(fakecuda::BufferRequested requested, fakecuda::BufferCompleted completed);
int cuptiActivitySetAttribute(uint32_t attribute, size_t* size, void* value);
int cuptiGetTimestamp(uint64_t* timestamp);
}

using namespace fakecuda;

namespace {

using BufferRequestedV2 = void (*)(uint8_t** buffer, size_t* size, size_t* max_records, void* info);
using BufferCompletedV2 = void (*)(uint8_t* buffer, size_t size, size_t valid, void* info);

struct Functions {
  BufferRequestedV2 requested;
  BufferCompletedV2 completed;
};

// By session. What the real info structures say is not imitated: they are there and empty.
std::array<Functions, kSessions> g_functions = {};

void requested(uint8_t** buffer, size_t* size, size_t* max_records) {
  uint64_t info[8] = {sizeof(info)};
  g_functions[cupti().index].requested(buffer, size, max_records, info);
}

void completed(void*, uint32_t, uint8_t* buffer, size_t size, size_t valid) {
  uint64_t info[8] = {sizeof(info)};
  g_functions[cupti().index].completed(buffer, size, valid, info);
}

template <typename F>
int for_subscriber(const void* subscriber, F&& function) {
  Cupti* state = session_of(subscriber);
  if (state == nullptr) {
    return kInvalidParameter;
  }
  InSession inside(*state);
  return function();
}

}  // namespace

FAKE_CUPTI_EXPORT int cuptiActivityRegisterCallbacks_v2(void* subscriber, BufferRequestedV2 request,
                                                        BufferCompletedV2 complete) {
  return for_subscriber(subscriber, [&]() -> int {
    if (request == nullptr || complete == nullptr) {
      return kInvalidParameter;
    }
    g_functions[cupti().index] = {request, complete};
    return cuptiActivityRegisterCallbacks(requested, completed);
  });
}

FAKE_CUPTI_EXPORT int cuptiActivityEnable_v2(void* subscriber, uint32_t kind, void* /*config*/) {
  return for_subscriber(subscriber, [&] { return cuptiActivityEnable(kind); });
}

FAKE_CUPTI_EXPORT int cuptiActivityDisable_v2(void* subscriber, uint32_t kind, void* /*config*/) {
  return for_subscriber(subscriber, [&] { return cuptiActivityDisable(kind); });
}

FAKE_CUPTI_EXPORT int cuptiActivityGetNextRecord_v2(void* subscriber, uint8_t* buffer, size_t valid,
                                                    uint8_t** record) {
  return for_subscriber(subscriber, [&] { return cuptiActivityGetNextRecord(buffer, valid, record); });
}

FAKE_CUPTI_EXPORT int cuptiActivityGetNumDroppedRecords_v2(void* subscriber, void* context, uint32_t stream,
                                                           size_t* dropped) {
  return for_subscriber(subscriber,
                        [&] { return cuptiActivityGetNumDroppedRecords(context, stream, dropped); });
}

FAKE_CUPTI_EXPORT int cuptiActivitySetAttribute_v2(void* subscriber, uint32_t attribute, size_t* size,
                                                   void* value) {
  return for_subscriber(subscriber, [&] { return cuptiActivitySetAttribute(attribute, size, value); });
}

FAKE_CUPTI_EXPORT int cuptiGetTimestamp_v2(void* subscriber, uint64_t* timestamp) {
  return for_subscriber(subscriber, [&] { return cuptiGetTimestamp(timestamp); });
}
