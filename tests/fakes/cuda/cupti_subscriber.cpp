// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: its callback API. One subscriber; a second one is told 39, and through cuptiSubscribe_v2 who the
// first is. From 13.3 on there may be several, when the driver is as new and all of them ask for it.
#include <dlfcn.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "tests/fakes/cuda/clock.hpp"
#include "tests/fakes/cuda/cupti_callback_data.hpp"
#include "tests/fakes/cuda/cupti_state.hpp"
#include "tests/fakes/cuda/violations.hpp"

namespace fakecuda {

const void* library_of(const void* code) {
  Dl_info info{};
  return dladdr(code, &info) == 0 ? nullptr : info.dli_fbase;
}

namespace {

constexpr size_t kSubscriberNameMax = 64;

void tell_holder(const SubscriberParams* params, const std::string& holder) {
  if (params != nullptr && params->old_name != nullptr && params->old_name_size > 0) {
    std::strncpy(params->old_name, holder.c_str(), params->old_name_size - 1);
    params->old_name[params->old_name_size - 1] = '\0';
  }
}

constexpr size_t kParamsBefore133 = offsetof(SubscriberParams, allow_multiple);

bool wants_to_share(const SubscriberParams* params) {
  return params != nullptr && params->size > kParamsBefore133 && params->allow_multiple != 0;
}

// Several subscribers need CUDA 13.3 in the library and the driver.
bool can_share() {
  constexpr uint32_t kFirstLibrary = 130300;
  constexpr int kFirstDriver = 13030;
  const char* driver_version = getenv("FAKE_CUDA_DRIVER_VERSION");
  return g_version.api >= kFirstLibrary && driver_version != nullptr && atoi(driver_version) >= kFirstDriver;
}

// The session for one more subscriber, or whose fault it is that there is none.
Cupti* free_session(bool shares, const Subscriber*& holder) {
  bool taken = false;
  for (size_t i = 0; i < session_count(); ++i) {
    const Subscriber* subscriber = session(i).subscriber.load();
    if (subscriber != nullptr && (!shares || !session(i).shares)) {
      holder = subscriber;
      return nullptr;
    }
    taken = taken || subscriber != nullptr;
  }
  for (size_t i = 0; i < session_count(); ++i) {
    if (session(i).subscriber.load() == nullptr) {
      return &session(i);
    }
  }
  return taken ? new_session() : nullptr;
}

int subscribe(void** handle, Callback callback, void* user, const SubscriberParams* params,
              const char* function, const void* caller) {
  if (Result refused = enter(function); refused != kSuccess) {
    return refused;
  }
  if (handle == nullptr || (params != nullptr && params->size < kParamsBefore133)) {
    return kInvalidParameter;
  }
  std::lock_guard<std::recursive_mutex> guard(session(0).lock);
  if (options().subscribe_result != 0) {
    if (options().subscribe_result == kMultipleSubscribers) {
      tell_holder(params, options().holder);
    }
    return options().subscribe_result;
  }
  const bool shares = wants_to_share(params);
  if (shares && !can_share()) {
    return kMultipleSubscribers;  // the request cannot be fulfilled; there is no one to name
  }
  const Subscriber* holder = nullptr;
  Cupti* state = free_session(shares, holder);
  if (state == nullptr) {
    tell_holder(params, holder == nullptr ? "" : holder->name);
    return kMultipleSubscribers;
  }
  auto* subscriber = new Subscriber;  // never freed: a callback may be under way
  subscriber->callback = callback;
  subscriber->user = user;
  subscriber->library = library_of(caller);
  if (params != nullptr && params->name != nullptr) {
    subscriber->name = "CUPTI for " + std::string(params->name).substr(0, kSubscriberNameMax);
  }
  state->shares = shares;
  state->own_calls = false;
  state->user.turn(false);
  state->subscriber.store(subscriber);
  driver()->attach(&kHooks);
  *handle = subscriber;
  return kSuccess;
}

}  // namespace

Cupti* session_of(const void* handle) {
  for (size_t i = 0; i < session_count(); ++i) {
    if (handle != nullptr && session(i).subscriber.load() == handle) {
      return &session(i);
    }
  }
  return nullptr;
}

}  // namespace fakecuda

using namespace fakecuda;

FAKE_CUPTI_EXPORT int cuptiSubscribe(void** subscriber, Callback callback, void* user) {
  return subscribe(subscriber, callback, user, nullptr, "cuptiSubscribe", __builtin_return_address(0));
}

FAKE_CUPTI_EXPORT int cuptiSubscribe_v2(void** subscriber, Callback callback, void* user,
                                        SubscriberParams* params) {
  return subscribe(subscriber, callback, user, params, "cuptiSubscribe_v2", __builtin_return_address(0));
}

FAKE_CUPTI_EXPORT int cuptiUnsubscribe(void* subscriber) {
  Cupti* state = session_of(subscriber);
  if (state == nullptr) {
    return kInvalidParameter;
  }
  if (Result refused = enter("cuptiUnsubscribe"); refused != kSuccess) {
    return refused;
  }
  state->subscriber.store(nullptr);
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiEnableCallback(uint32_t enable, void* subscriber, uint32_t domain, uint32_t id) {
  Cupti* state = session_of(subscriber);
  if (state == nullptr || domain == 0 || domain >= kDomains || id >= kCallbackIds) {
    return kInvalidParameter;
  }
  if (Result refused = enter("cuptiEnableCallback"); refused != kSuccess) {
    return refused;
  }
  state->subscriber.load()->enabled[domain][id] = enable != 0 ? 1 : 0;
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiEnableDomain(uint32_t enable, void* subscriber, uint32_t domain) {
  Cupti* state = session_of(subscriber);
  if (state == nullptr || domain == 0 || domain >= kDomains) {
    return kInvalidParameter;
  }
  if (Result refused = enter("cuptiEnableDomain"); refused != kSuccess) {
    return refused;
  }
  state->subscriber.load()->enabled[domain].fill(enable != 0 ? 1 : 0);
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiGetVersion(uint32_t* version) {
  *version = g_version.api;
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiGetTimestamp(uint64_t* timestamp) {
  if (Result refused = enter("cuptiGetTimestamp", false); refused != kSuccess) {
    return refused;
  }
  *timestamp = now_ns();
  if (cupti().clock_readings.fetch_add(1) + 1 == options().fatal_at_clock) {
    cupti().fatal.store(true);
    tell_fatal();
  }
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiGetLastError() {
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiGetResultString(int result, const char** text) {
  switch (result) {
    case kSuccess:
      *text = "CUPTI_SUCCESS";
      return kSuccess;
    case kInvalidParameter:
      *text = "CUPTI_ERROR_INVALID_PARAMETER";
      return kSuccess;
    case kInsufficientPrivileges:
      *text = "CUPTI_ERROR_INSUFFICIENT_PRIVILEGES";
      return kSuccess;
    case kMultipleSubscribers:
      *text = "CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED";
      return kSuccess;
    case kUnknown:
      *text = "CUPTI_ERROR_UNKNOWN";
      return kSuccess;
    default:
      *text = "<unknown>";
      return kInvalidParameter;
  }
}

FAKE_CUPTI_EXPORT int cuptiSetThreadIdType(uint32_t type) {
  if (Result refused = enter("cuptiSetThreadIdType", false); refused != kSuccess) {
    return refused;
  }
  for (size_t i = 0; i < session_count(); ++i) {
    if (session(i).subscriber.load() != nullptr && session(i).own_calls) {
      violation("a classic call by a process with a subscriber that has its own", "cuptiSetThreadIdType");
      return kMultipleSubscribers;
    }
  }
  cupti().system_thread_ids.store(type == 1);
  return type > 1 ? kInvalidParameter : kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiGetThreadIdType(uint32_t* type) {
  *type = cupti().system_thread_ids.load() ? 1 : 0;
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiGetContextId(const Context* context, uint32_t* id) {
  if (Result refused = enter("cuptiGetContextId"); refused != kSuccess || context == nullptr) {
    return refused != kSuccess ? refused : kInvalidParameter;
  }
  *id = driver()->context_id(context);
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiGetDeviceId(const Context* context, uint32_t* id) {
  if (Result refused = enter("cuptiGetDeviceId"); refused != kSuccess || context == nullptr) {
    return refused != kSuccess ? refused : kInvalidParameter;
  }
  *id = driver()->context_device(context);
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiGetStreamIdEx(const Context* context, const Stream* stream, uint8_t /*per_thread*/,
                                         uint32_t* id) {
  if (Result refused = enter("cuptiGetStreamIdEx"); refused != kSuccess || context == nullptr) {
    return refused != kSuccess ? refused : kInvalidParameter;
  }
  *id =
      driver()->stream_id(stream == nullptr ? driver()->null_stream(const_cast<Context*>(context)) : stream);
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiGetGraphId(const Graph* graph, uint32_t* id) {
  if (Result refused = enter("cuptiGetGraphId"); refused != kSuccess || graph == nullptr) {
    return refused != kSuccess ? refused : kInvalidParameter;
  }
  *id = driver()->graph_id(graph);
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiGetGraphExecId(const GraphExec* graph, uint32_t* id) {
  if (Result refused = enter("cuptiGetGraphExecId"); refused != kSuccess || graph == nullptr) {
    return refused != kSuccess ? refused : kInvalidParameter;
  }
  *id = driver()->graph_exec_id(graph);
  return kSuccess;
}
