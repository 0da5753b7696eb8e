// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/buffer_walk.hpp"

#include "collector/sources/cupti/source_state.hpp"

namespace stepscope::collector::cupti {

const void* next_record(void*, uint8_t* buffer, size_t valid, const void* previous) noexcept {
  SourceState& s = state();
  if (valid == 0) {
    return nullptr;
  }
  if (s.fatal.load(
          std::memory_order_acquire)) {  // CUPTI finalized itself: no call any more, not even this one
    s.fatal_buffers.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  if (s.subscription.has_own_calls() && s.phase.load(std::memory_order_acquire) == Phase::kReleased) {
    s.late_buffers.fetch_add(
        1, std::memory_order_relaxed);  // records are a subscriber's, and we are none any more
    return nullptr;
  }
  void* record = const_cast<void*>(previous);
  const abi::Result result = s.subscription.next_record(buffer, valid, &record);
  if (result == abi::kSuccess && record != nullptr) {
    return record;
  }
  if (result != abi::kMaxLimitReached) {
    s.cut_buffers.fetch_add(1, std::memory_order_relaxed);
  }
  return nullptr;
}

}  // namespace stepscope::collector::cupti
