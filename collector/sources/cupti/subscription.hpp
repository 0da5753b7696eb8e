// SPDX-License-Identifier: Apache-2.0
//
// Our place at CUPTI: one subscriber, and which of its two interfaces it speaks.
//
// Before CUDA 13.3 CUPTI serves one subscriber per process, and the calls are not tied to it. From 13.3 on there are calls of
// a subscriber's own (_v2). With driver r610 several can then subscribe at once, if all use them; and with any driver a
// subscriber can choose the fields of its records. We ask for what the loaded library has, in this order: a place among
// several, a place alone with calls of our own, the classic place.
// All calls return CUPTI's result. Which thread may call what is CUPTI's rule, not ours: FlushAll never from a callback.
#pragma once

#include "collector/sources/cupti/library.hpp"

namespace stepscope::collector::cupti {

struct Callbacks {
  abi::CallbackFunction subscriber;
  abi::BufferRequested requested;
  abi::BufferCompleted completed;
  abi::BufferRequestedV2 requested_v2;
  abi::BufferCompletedV2 completed_v2;
};

class Subscription {
 public:
  // Subscribes and hands over the callbacks. On abi::kMultipleSubscribers `holder` is the other tool's name, where CUPTI
  // tells it (13.0). alone: a place alone with calls of our own is better than the classic one. It is when fields are to be
  // chosen; not when the place will be left to a tool that uses the classic calls, as CUPTI does not take both in a process.
  abi::Result open(const Functions& functions, const Callbacks& callbacks, bool alone,
                   TextBuffer<96>& holder) noexcept;
  void close() noexcept;  // unsubscribes

  // User-defined records: from now on enable() asks for the fields that record_layout.hpp reads, of every kind. Only with
  // calls of our own, and before anything is enabled.
  abi::Result choose_fields(bool on) noexcept;
  abi::Result enable(uint32_t kind) noexcept;
  abi::Result disable(uint32_t kind) noexcept;
  abi::Result enable_callback(int domain, uint32_t id) noexcept;
  abi::Result set_attribute(int attribute, size_t size, void* value) noexcept;
  abi::Result set_thread_id_type(int type) noexcept;
  abi::Result enable_event_timestamps() noexcept;
  abi::Result flush(uint32_t flag) noexcept { return functions_.flush_all(flag); }
  // Records that CUPTI itself had to drop since the last call.
  [[nodiscard]] size_t dropped() noexcept;
  [[nodiscard]] int64_t now_ns() const noexcept;
  abi::Result next_record(uint8_t* buffer, size_t valid, void** record) const noexcept;

  [[nodiscard]] const Functions& functions() const noexcept { return functions_; }
  // Calls and records are of one subscriber: records can only be walked while we are it.
  [[nodiscard]] bool has_own_calls() const noexcept { return has_own_calls_; }
  [[nodiscard]] bool shares() const noexcept { return shares_; }
  [[nodiscard]] bool chooses_fields() const noexcept { return chooses_fields_; }
  [[nodiscard]] uint32_t version() const noexcept { return version_; }

 private:
  abi::Result open_v2(const Callbacks& callbacks, bool share, TextBuffer<96>& holder) noexcept;
  abi::Result open_v1(const Callbacks& callbacks, TextBuffer<96>& holder) noexcept;
  abi::Result enable_fields(uint32_t kind) noexcept;

  Functions functions_;
  abi::Subscriber handle_ = nullptr;
  uint32_t version_ = 0;
  bool has_own_calls_ = false;
  bool shares_ = false;
  bool chooses_fields_ = false;
};

}  // namespace stepscope::collector::cupti
