// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/subscription.hpp"

#include <initializer_list>

#include "collector/process_state.hpp"
#include "collector/sources/cupti/api_calls.hpp"

namespace stepscope::collector::cupti {
namespace {

constexpr char kOurName[] = "stepscope";
// CUPTI's default keeps up to 250 buffers of 3.2 MB of the GPU's memory. 64 hold some six million records; fewer than that
// have been seen to corrupt timestamps.
constexpr size_t kDeviceBuffers = 64;
constexpr size_t kDefaultDeviceBuffers = 250;  // what CUPTI documents

void copy_holder(const char* name, TextBuffer<96>& holder) noexcept {
  holder.clear();
  holder.add(name[0] != '\0' ? name : "another tool");
}

}  // namespace

abi::Result Subscription::open(const Functions& functions, const Callbacks& callbacks,
                               TextBuffer<96>& holder) noexcept {
  functions_ = functions;
  if (functions_.version(&version_) != abi::kSuccess) {
    version_ = 0;
  }
  const bool can_share = functions_.subscribe_v2 != nullptr && functions_.register_callbacks_v2 != nullptr &&
                         functions_.enable_v2 != nullptr && functions_.disable_v2 != nullptr &&
                         functions_.next_record_v2 != nullptr && functions_.timestamp_v2 != nullptr &&
                         functions_.dropped_records_v2 != nullptr;
  if (can_share) {
    const abi::Result result = open_v2(callbacks, holder);
    if (result == abi::kSuccess || result == abi::kMultipleSubscribers) {
      return result;
    }
    // An older driver: nothing was subscribed, the classic interface is still free.
  }
  return open_v1(callbacks, holder);
}

abi::Result Subscription::open_v2(const Callbacks& callbacks, TextBuffer<96>& holder) noexcept {
  char other[abi::kSubscriberNameBytes] = "";
  abi::SubscriberParams params{sizeof(abi::SubscriberParams), kOurName, other, sizeof(other), 1, {}};
  abi::Result result = functions_.subscribe_v2(&handle_, callbacks.subscriber, nullptr, &params);
  if (result != abi::kSuccess) {
    other[sizeof(other) - 1] = '\0';
    copy_holder(other, holder);
    return result;
  }
  result = functions_.register_callbacks_v2(handle_, callbacks.requested_v2, callbacks.completed_v2);
  v2_ = result == abi::kSuccess;
  if (!v2_) {
    close();
  }
  return result;
}

abi::Result Subscription::open_v1(const Callbacks& callbacks, TextBuffer<96>& holder) noexcept {
  char other[abi::kSubscriberNameBytes] = "";
  abi::Result result = abi::kUnknown;
  if (functions_.subscribe_v2 != nullptr && functions_.register_callbacks_v2 == nullptr) {
    // 13.0 to 13.2: the same single place, but it says who has it.
    abi::SubscriberParams params{abi::kSubscriberParams130, kOurName, other, sizeof(other), 0, {}};
    result = functions_.subscribe_v2(&handle_, callbacks.subscriber, nullptr, &params);
  } else {
    result = functions_.subscribe(&handle_, callbacks.subscriber, nullptr);
  }
  if (result != abi::kSuccess) {
    other[sizeof(other) - 1] = '\0';
    copy_holder(other, holder);
    return result;
  }
  result = functions_.register_callbacks(callbacks.requested, callbacks.completed);
  if (result != abi::kSuccess) {
    close();
  }
  return result;
}

void Subscription::close() noexcept {
  if (handle_ != nullptr) {
    (void)functions_.unsubscribe(handle_);
    handle_ = nullptr;
  }
}

abi::Result Subscription::enable(uint32_t kind) noexcept {
  return v2_ ? functions_.enable_v2(handle_, kind, nullptr) : functions_.enable(kind);
}

abi::Result Subscription::disable(uint32_t kind) noexcept {
  return v2_ ? functions_.disable_v2(handle_, kind, nullptr) : functions_.disable(kind);
}

abi::Result Subscription::enable_callback(int domain, uint32_t id) noexcept {
  return functions_.enable_callback(1, handle_, domain, id);
}

abi::Result Subscription::set_attribute(int attribute, size_t size, void* value) noexcept {
  if (v2_) {
    return functions_.set_attribute_v2 != nullptr
               ? functions_.set_attribute_v2(handle_, attribute, &size, value)
               : abi::kUnknown;
  }
  return functions_.set_attribute != nullptr ? functions_.set_attribute(attribute, &size, value)
                                             : abi::kUnknown;
}

size_t Subscription::dropped() noexcept {
  size_t dropped = 0;
  const abi::Result result = v2_ ? functions_.dropped_records_v2(handle_, nullptr, 0, &dropped)
                                 : functions_.dropped_records(nullptr, 0, &dropped);
  return result == abi::kSuccess ? dropped : 0;
}

int64_t Subscription::now_ns() const noexcept {
  uint64_t now = 0;
  const abi::Result result = v2_ ? functions_.timestamp_v2(handle_, &now) : functions_.timestamp(&now);
  return result == abi::kSuccess ? static_cast<int64_t>(now) : 0;
}

abi::Result Subscription::next_record(uint8_t* buffer, size_t valid, void** record) const noexcept {
  return v2_ ? functions_.next_record_v2(handle_, buffer, valid, record)
             : functions_.next_record(buffer, valid, record);
}

// ---- activities ----

abi::Result Activities::enable_kind(Subscription& subscription, uint32_t kind) noexcept {
  const abi::Result result = subscription.enable(kind);
  if (result == abi::kSuccess && count_ < kMax) {
    enabled_[count_++] = kind;
  } else if (result != abi::kSuccess) {
    TextBuffer<48> counter;
    counter.add("cupti.call_failed.enable_").add_u64(kind);
    spool().loss(counter.c_str(), 1);
  }
  return result;
}

// Since 12.5 CUPTI can leave out the calls we would throw away; before, it delivers them all.
void Activities::enable_calls(Subscription& subscription) noexcept {
  const Functions& functions = subscription.functions();
  for (const bool runtime : {true, false}) {
    const auto enable_one = runtime ? functions.enable_runtime_api : functions.enable_driver_api;
    const uint32_t kind = runtime ? abi::kRuntime : abi::kDriver;
    size_t count = 0;
    const ApiCall* calls = api_calls(runtime, count);
    size_t accepted = 0;
    for (size_t i = 0; i < count && enable_one != nullptr && !subscription.shares(); ++i) {
      accepted += enable_one(calls[i].id, 1) == abi::kSuccess ? 1U : 0U;
    }
    if (accepted == 0) {
      (void)enable_kind(subscription, kind);
    } else if (count_ < kMax) {
      enabled_[count_++] = kind;
    }
  }
}

abi::Result Activities::enable(Subscription& subscription, Level level, Layout& layout) noexcept {
  uint8_t yes = 1;
  if (subscription.set_attribute(abi::kZeroedOutBuffers, sizeof(yes), &yes) != abi::kSuccess) {
    spool().meta("cupti.zeroed_buffers", "refused");  // costs the program's threads a memset per buffer
  }
  size_t limit = kDeviceBuffers;
  (void)subscription.set_attribute(abi::kDeviceBufferPoolLimit, sizeof(limit), &limit);
  if (subscription.functions().set_thread_id_type != nullptr) {
    (void)subscription.functions().set_thread_id_type(abi::kThreadIdSystem);  // as in /proc
  }
  layout.green_contexts = subscription.version() >= abi::context::kGreenSince;
  const abi::Result kernels = enable_kind(subscription, abi::kConcurrentKernel);
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
    const auto enable_timestamps = subscription.functions().enable_event_timestamps;
    if (enable_timestamps != nullptr && enable_timestamps(1) == abi::kSuccess) {
      layout.event_timestamps = true;
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
  if (subscription.functions().set_thread_id_type != nullptr) {
    (void)subscription.functions().set_thread_id_type(abi::kThreadIdDefault);
  }
}

}  // namespace stepscope::collector::cupti
