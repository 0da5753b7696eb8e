// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/subscription.hpp"

#include <initializer_list>

#include "collector/sources/cupti/api_calls.hpp"
#include "collector/sources/cupti/record_layout.hpp"

namespace stepscope::collector::cupti {
namespace {

constexpr char kOurName[] = "stepscope";
constexpr char kSomebody[] = "another tool";

// A name that was told once is not forgotten when the next call tells none.
void note_holder(const char* name, TextBuffer<96>& holder) noexcept {
  if (name[0] != '\0') {
    holder.clear();
    holder.add(name);
  } else if (holder.empty()) {
    holder.add(kSomebody);
  }
}

}  // namespace

abi::Result Subscription::open(const Functions& functions, const Callbacks& callbacks, bool alone,
                               TextBuffer<96>& holder) noexcept {
  functions_ = functions;
  if (functions_.version(&version_) != abi::kSuccess) {
    version_ = 0;
  }
  const bool has_own_calls = functions_.subscribe_v2 != nullptr &&
                             functions_.register_callbacks_v2 != nullptr && functions_.enable_v2 != nullptr &&
                             functions_.disable_v2 != nullptr && functions_.next_record_v2 != nullptr &&
                             functions_.timestamp_v2 != nullptr && functions_.dropped_records_v2 != nullptr &&
                             functions_.set_attribute_v2 != nullptr;
  // An older driver refuses to share, with the result that says that another tool is there. Nothing is subscribed then.
  for (const bool share : {true, false}) {
    if (has_own_calls && (share || alone)) {
      const abi::Result result = open_v2(callbacks, share, holder);
      if (result == abi::kSuccess || (result == abi::kMultipleSubscribers && !share)) {
        return result;
      }
    }
  }
  return open_v1(callbacks, holder);
}

abi::Result Subscription::open_v2(const Callbacks& callbacks, bool share, TextBuffer<96>& holder) noexcept {
  char other[abi::kSubscriberNameBytes] = "";
  const uint8_t allow_multiple = share ? 1 : 0;
  abi::SubscriberParams params{
      sizeof(abi::SubscriberParams), kOurName, other, sizeof(other), allow_multiple, {}};
  abi::Result result = functions_.subscribe_v2(&handle_, callbacks.subscriber, nullptr, &params);
  if (result != abi::kSuccess) {
    other[sizeof(other) - 1] = '\0';
    note_holder(other, holder);
    return result;
  }
  result = functions_.register_callbacks_v2(handle_, callbacks.requested_v2, callbacks.completed_v2);
  has_own_calls_ = result == abi::kSuccess;
  shares_ = has_own_calls_ && share;
  if (!has_own_calls_) {
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
    note_holder(other, holder);
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

abi::Result Subscription::choose_fields(bool on) noexcept {
  uint8_t value = on ? 1 : 0;
  const abi::Result result = set_attribute(abi::kUserDefinedRecords, sizeof(value), &value);
  chooses_fields_ = on && result == abi::kSuccess;
  return result;
}

abi::Result Subscription::enable(uint32_t kind) noexcept {
  if (chooses_fields_) {
    return enable_fields(kind);
  }
  return has_own_calls_ ? functions_.enable_v2(handle_, kind, nullptr) : functions_.enable(kind);
}

// The same fields each time: another choice would need a flush in between.
abi::Result Subscription::enable_fields(uint32_t kind) noexcept {
  int ids[kMaxSelection];
  const size_t count = select_fields(kind, ids);
  abi::ActivityConfig config{abi::kActivityConfig133, {sizeof(abi::FieldSelection), count, ids}, nullptr};
  size_t call_count = 0;
  const uint32_t* call_ids = api_call_ids(kind == abi::kRuntime, call_count);
  const abi::CallSelection calls{sizeof(abi::CallSelection), call_ids, call_count, 1};
  const abi::CallOptions options{sizeof(abi::CallOptions), &calls};
  if (version_ >= abi::kCallSelectionSince) {
    config.struct_size = sizeof(abi::ActivityConfig);
    config.kind_options = kind == abi::kRuntime || kind == abi::kDriver ? &options : nullptr;
  }
  return functions_.enable_v2(handle_, kind, &config);
}

abi::Result Subscription::disable(uint32_t kind) noexcept {
  return has_own_calls_ ? functions_.disable_v2(handle_, kind, nullptr) : functions_.disable(kind);
}

abi::Result Subscription::enable_callback(int domain, uint32_t id) noexcept {
  return functions_.enable_callback(1, handle_, domain, id);
}

abi::Result Subscription::set_attribute(int attribute, size_t size, void* value) noexcept {
  if (has_own_calls_) {
    return functions_.set_attribute_v2(handle_, attribute, &size, value);
  }
  return functions_.set_attribute != nullptr ? functions_.set_attribute(attribute, &size, value)
                                             : abi::kUnknown;
}

abi::Result Subscription::set_thread_id_type(int type) noexcept {
  if (has_own_calls_) {
    return set_attribute(abi::kThreadIdType, sizeof(type), &type);
  }
  return functions_.set_thread_id_type != nullptr ? functions_.set_thread_id_type(type) : abi::kUnknown;
}

abi::Result Subscription::enable_event_timestamps() noexcept {
  uint8_t on = 1;
  if (has_own_calls_) {
    return set_attribute(abi::kEventTimestamps, sizeof(on), &on);
  }
  return functions_.enable_event_timestamps != nullptr ? functions_.enable_event_timestamps(on)
                                                       : abi::kUnknown;
}

size_t Subscription::dropped() noexcept {
  size_t dropped = 0;
  const abi::Result result = has_own_calls_ ? functions_.dropped_records_v2(handle_, nullptr, 0, &dropped)
                                            : functions_.dropped_records(nullptr, 0, &dropped);
  return result == abi::kSuccess ? dropped : 0;
}

int64_t Subscription::now_ns() const noexcept {
  uint64_t now = 0;
  const abi::Result result =
      has_own_calls_ ? functions_.timestamp_v2(handle_, &now) : functions_.timestamp(&now);
  return result == abi::kSuccess ? static_cast<int64_t>(now) : 0;
}

abi::Result Subscription::next_record(uint8_t* buffer, size_t valid, void** record) const noexcept {
  return has_own_calls_ ? functions_.next_record_v2(handle_, buffer, valid, record)
                        : functions_.next_record(buffer, valid, record);
}

}  // namespace stepscope::collector::cupti
