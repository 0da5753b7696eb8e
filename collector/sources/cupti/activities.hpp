// SPDX-License-Identifier: Apache-2.0
//
// What a level records: which activity kinds are enabled, and in which form their records come.
#pragma once

#include "collector/level.hpp"
#include "collector/sources/cupti/record_layout.hpp"
#include "collector/sources/cupti/subscription.hpp"

namespace stepscope::collector::cupti {

enum class RecordForm : uint8_t {
  kBest,     // user-defined where the loaded version takes our choice, else classic
  kClassic,  // STEPSCOPE_CUPTI_RECORDS=classic
};

// A kind that the loaded version refuses is a counted loss, not a failure.
class Activities {
 public:
  // Enables the kinds of `level`; `tail` learns what classic records have. Returns the result for kernels: without them there
  // is nothing to record. Meta `cupti.records` says which form the records have, and why.
  //
  // CUPTI does not mix the two forms, and in a buffer with both they could not be told apart. So the form is settled before
  // there can be a record: by the attribute that announces our choice and by the first kind, kernels. If either is
  // refused, everything is classic.
  abi::Result enable(Subscription& subscription, Level level, RecordForm form,
                     RecordLayouts::Tail& tail) noexcept;
  // Also puts back the attributes that enable() set.
  void disable_all(Subscription& subscription) noexcept;

 private:
  static constexpr size_t kMax = 24;
  abi::Result enable_kernels(Subscription& subscription, RecordForm form) noexcept;
  abi::Result enable_kind(Subscription& subscription, uint32_t kind) noexcept;
  void note_enabled(uint32_t kind) noexcept;
  void enable_calls(Subscription& subscription) noexcept;

  uint32_t enabled_[kMax] = {};
  size_t count_ = 0;
};

}  // namespace stepscope::collector::cupti
