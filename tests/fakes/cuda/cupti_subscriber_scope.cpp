// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: the calls of 13.3 that name the subscriber they are for. They give the same records as the classic
// calls, each subscriber into buffers of its own, or records with the fields that the subscriber chose.
#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <string>

#include "tests/fakes/cuda/cupti_state.hpp"
#include "tests/fakes/cuda/violations.hpp"

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
using BufferCompletedV2 = void (*)(uint8_t* buffer, size_t size, size_t valid, CompleteInfo* info);

struct Functions {
  BufferRequestedV2 requested;
  BufferCompletedV2 completed;
};

// By session.
std::array<Functions, kSessions> g_functions = {};

void requested(uint8_t** buffer, size_t* size, size_t* max_records) {
  size_t info = sizeof(info);  // has nothing but its size
  g_functions[cupti().index].requested(buffer, size, max_records, &info);
}

void completed(void*, uint32_t, uint8_t* buffer, size_t size, size_t valid) {
  CompleteInfo info = cupti().user.describe(cupti().user.is_on() && options().describes);
  g_functions[cupti().index].completed(buffer, size, valid, &info);
}

bool any_kind_enabled() {
  return std::any_of(cupti().kinds.begin(), cupti().kinds.end(), [](const auto& on) { return on.load(); });
}

int refusal_of_fields(const std::string& what) {
  auto fails = options().fields_fail.find(what);
  return fails == options().fields_fail.end() ? kSuccess : fails->second;
}

int turn_user_records(bool on) {
  if (const int refused = refusal_of_fields("attribute"); refused != kSuccess) {
    return refused;
  }
  if (any_kind_enabled()) {
    violation("USER_DEFINED_RECORDS set after an activity kind was enabled");
    return kInvalidOperation;
  }
  cupti().user.turn(on);
  return kSuccess;
}

// Attributes that only these calls have; false: not one of them.
bool set_own_attribute(uint32_t attribute, const size_t* size, const void* value, int& result) {
  if (attribute != kUserDefinedAttribute && attribute != kEventTimestampsAttribute &&
      attribute != kThreadIdTypeAttribute) {
    return false;
  }
  const size_t wanted = attribute == kThreadIdTypeAttribute ? sizeof(uint32_t) : 1;
  uint32_t number = 0;
  if (size == nullptr || value == nullptr || *size < wanted) {
    result = kInvalidParameter;
    return true;
  }
  std::memcpy(&number, value, wanted);
  if (result = enter("cuptiActivitySetAttribute"); result != kSuccess) {
    return true;
  }
  if (attribute == kUserDefinedAttribute) {
    result = turn_user_records(number != 0);
  } else if (attribute == kEventTimestampsAttribute) {
    cupti().event_timestamps.store(number != 0);
  } else {
    cupti().system_thread_ids.store(number == 1);
  }
  return true;
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
    cupti().own_calls = true;
    return cuptiActivityRegisterCallbacks(requested, completed);
  });
}

FAKE_CUPTI_EXPORT int cuptiActivityEnable_v2(void* subscriber, uint32_t kind, const ActivityConfig* config) {
  return for_subscriber(subscriber, [&]() -> int {
    if (cupti().user.is_on() && record_size(kind) != 0) {
      if (const int refused = refusal_of_fields(std::to_string(kind)); refused != kSuccess) {
        return refused;
      }
      std::lock_guard<std::recursive_mutex> guard(cupti().lock);
      if (const int refused = cupti().user.choose(kind, config); refused != kSuccess) {
        violation("a choice of fields that CUPTI does not take", std::to_string(kind).c_str());
        return refused;
      }
    }
    return cuptiActivityEnable(kind);
  });
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
  return for_subscriber(subscriber, [&] {
    int result = kSuccess;
    return set_own_attribute(attribute, size, value, result)
               ? result
               : cuptiActivitySetAttribute(attribute, size, value);
  });
}

FAKE_CUPTI_EXPORT int cuptiGetTimestamp_v2(void* subscriber, uint64_t* timestamp) {
  return for_subscriber(subscriber, [&] { return cuptiGetTimestamp(timestamp); });
}
