// SPDX-License-Identifier: Apache-2.0
//
// Our place at CUPTI: one subscriber, and which of its two interfaces it speaks.
//
// Before CUDA 13.3 CUPTI serves one subscriber per process, and the calls are not tied to it. From 13.3 on (and driver r610)
// several can subscribe at once if all use the _v2 calls; those are taken when the loaded library has them and accepts us,
// else the classic ones. Records have the predefined layout in both.
// All calls return CUPTI's result. Which thread may call what is CUPTI's rule, not ours: FlushAll never from a callback.
#pragma once

#include "collector/level.hpp"
#include "collector/sources/cupti/library.hpp"
#include "collector/sources/cupti/records.hpp"

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
  // tells it (13.0).
  abi::Result open(const Functions& functions, const Callbacks& callbacks, TextBuffer<96>& holder) noexcept;
  void close() noexcept;  // unsubscribes

  abi::Result enable(uint32_t kind) noexcept;
  abi::Result disable(uint32_t kind) noexcept;
  abi::Result enable_callback(int domain, uint32_t id) noexcept;
  abi::Result set_attribute(int attribute, size_t size, void* value) noexcept;
  abi::Result flush(uint32_t flag) noexcept { return functions_.flush_all(flag); }
  // Records that CUPTI itself had to drop since the last call.
  [[nodiscard]] size_t dropped() noexcept;
  [[nodiscard]] int64_t now_ns() const noexcept;
  abi::Result next_record(uint8_t* buffer, size_t valid, void** record) const noexcept;

  [[nodiscard]] const Functions& functions() const noexcept { return functions_; }
  [[nodiscard]] bool shares() const noexcept { return v2_; }
  [[nodiscard]] uint32_t version() const noexcept { return version_; }

 private:
  abi::Result open_v2(const Callbacks& callbacks, TextBuffer<96>& holder) noexcept;
  abi::Result open_v1(const Callbacks& callbacks, TextBuffer<96>& holder) noexcept;

  Functions functions_;
  abi::Subscriber handle_ = nullptr;
  uint32_t version_ = 0;
  bool v2_ = false;
};

// What a level records. A kind that the loaded version refuses is a counted loss, not a failure.
class Activities {
 public:
  // Enables the kinds of `level`; `layout` learns what the records have. Returns the result for kernels: without them there
  // is nothing to record.
  abi::Result enable(Subscription& subscription, Level level, Layout& layout) noexcept;
  // Also puts back the attributes that enable() set.
  void disable_all(Subscription& subscription) noexcept;

 private:
  static constexpr size_t kMax = 24;
  abi::Result enable_kind(Subscription& subscription, uint32_t kind) noexcept;
  void enable_calls(Subscription& subscription) noexcept;

  uint32_t enabled_[kMax] = {};
  size_t count_ = 0;
};

}  // namespace stepscope::collector::cupti
