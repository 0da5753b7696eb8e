// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/activities.hpp"

#include <initializer_list>

#include "collector/process_state.hpp"
#include "collector/sources/cupti/api_calls.hpp"

namespace stepscope::collector::cupti {
namespace {

// CUPTI's default keeps up to 250 buffers of 3.2 MB of the GPU's memory. 64 hold some six million records; fewer than that
// have been seen to corrupt timestamps.
constexpr size_t kDeviceBuffers = 64;
constexpr size_t kDefaultDeviceBuffers = 250;  // what CUPTI documents

void tell_form(const char* form, const char* why) noexcept {
  TextBuffer<192> text;
  spool().meta("cupti.records", text.add(form).add(why).c_str());
}

// Why our choice of fields cannot be asked for at all; null: it can.
const char* reason_against_fields(const Subscription& subscription, RecordForm form) noexcept {
  if (form == RecordForm::kClassic) {
    return ": asked for";
  }
  if (subscription.version() < abi::kFieldsSince) {
    return ": CUPTI is older than 13.3";
  }
  return subscription.has_own_calls() ? nullptr : ": only the classic calls are open to us";
}

}  // namespace

void Activities::note_enabled(uint32_t kind) noexcept {
  if (count_ < kMax) {
    enabled_[count_++] = kind;
  }
}

abi::Result Activities::enable_kind(Subscription& subscription, uint32_t kind) noexcept {
  const abi::Result result = subscription.enable(kind);
  if (result == abi::kSuccess) {
    note_enabled(kind);
  } else {
    TextBuffer<48> counter;
    counter.add("cupti.call_failed.enable_").add_u64(kind);
    spool().loss(counter.c_str(), 1);
  }
  return result;
}

abi::Result Activities::enable_kernels(Subscription& subscription, RecordForm form) noexcept {
  if (const char* reason = reason_against_fields(subscription, form); reason != nullptr) {
    tell_form("classic", reason);
    return enable_kind(subscription, abi::kConcurrentKernel);
  }
  abi::Result result = subscription.choose_fields(true);
  const char* refused = ": user-defined ones were refused, ";
  if (result == abi::kSuccess) {
    result = subscription.enable(abi::kConcurrentKernel);
    if (result == abi::kSuccess) {
      tell_form("user-defined", "");
      note_enabled(abi::kConcurrentKernel);
      return result;
    }
    refused = ": the fields of kernels were refused, ";
    (void)subscription.choose_fields(false);
  }
  TextBuffer<128> why;
  describe_result(subscription.functions(), result, why);
  TextBuffer<192> text;
  tell_form("classic", text.add(refused).add(why.c_str()).c_str());
  return enable_kind(subscription, abi::kConcurrentKernel);
}

// Since 12.5 CUPTI can leave out the calls we would throw away; before, it delivers them all. A subscriber with calls of its
// own says so when it enables the kind, from 13.4 on.
void Activities::enable_calls(Subscription& subscription) noexcept {
  const Functions& functions = subscription.functions();
  for (const bool runtime : {true, false}) {
    const auto enable_one = runtime ? functions.enable_runtime_api : functions.enable_driver_api;
    const uint32_t kind = runtime ? abi::kRuntime : abi::kDriver;
    size_t count = 0;
    const uint32_t* ids = api_call_ids(runtime, count);
    size_t accepted = 0;
    for (size_t i = 0; i < count && enable_one != nullptr && !subscription.has_own_calls(); ++i) {
      accepted += enable_one(ids[i], 1) == abi::kSuccess ? 1U : 0U;
    }
    if (accepted == 0) {
      (void)enable_kind(subscription, kind);
    } else {
      note_enabled(kind);
    }
  }
}

abi::Result Activities::enable(Subscription& subscription, Level level, RecordForm form,
                               RecordLayouts::Tail& tail) noexcept {
  uint8_t yes = 1;
  if (subscription.set_attribute(abi::kZeroedOutBuffers, sizeof(yes), &yes) != abi::kSuccess) {
    spool().meta("cupti.zeroed_buffers", "refused");  // costs the program's threads a memset per buffer
  }
  size_t limit = kDeviceBuffers;
  (void)subscription.set_attribute(abi::kDeviceBufferPoolLimit, sizeof(limit), &limit);
  (void)subscription.set_thread_id_type(abi::kThreadIdSystem);  // as in /proc
  tail.green_contexts = subscription.version() >= abi::context::kGreenSince;
  const abi::Result kernels = enable_kernels(subscription, form);
  if (kernels != abi::kSuccess) {
    return kernels;
  }
  for (const uint32_t kind : {abi::kMemcpy, abi::kMemcpyPeer, abi::kMemset, abi::kOverhead, abi::kDevice,
                              abi::kContext, abi::kStream}) {
    (void)enable_kind(subscription, kind);
  }
  if (level >= Level::kApi) {
    enable_calls(subscription);
    (void)enable_kind(subscription, abi::kSynchronization);
    (void)enable_kind(subscription, abi::kExternalCorrelation);
    if (subscription.enable_event_timestamps() == abi::kSuccess) {
      tail.event_timestamps = true;
      (void)enable_kind(subscription, abi::kCudaEvent);
    }
  }
  if (level >= Level::kFull) {
    for (const uint32_t kind : {abi::kMemory, abi::kMemoryPool, abi::kJit, abi::kEnvironment}) {
      (void)enable_kind(subscription, kind);
    }
  }
  return kernels;
}

void Activities::disable_all(Subscription& subscription) noexcept {
  while (count_ > 0) {
    (void)subscription.disable(enabled_[--count_]);
  }
  // The attributes are the process's, not ours: another tool may subscribe after us, and its buffers are not zeroed.
  uint8_t no = 0;
  (void)subscription.set_attribute(abi::kZeroedOutBuffers, sizeof(no), &no);
  size_t limit = kDefaultDeviceBuffers;
  (void)subscription.set_attribute(abi::kDeviceBufferPoolLimit, sizeof(limit), &limit);
  (void)subscription.set_thread_id_type(abi::kThreadIdDefault);
}

}  // namespace stepscope::collector::cupti
