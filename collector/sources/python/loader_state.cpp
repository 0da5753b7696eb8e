// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/python/loader_state.hpp"

#include "collector/clock.hpp"
#include "trace/kinds.hpp"

namespace stepscope::collector::python {
namespace {

constexpr uint32_t kMinSlots = 16;
// Beyond half of it tasks in flight are forgotten: their batches have no dispatch and arrival.
constexpr uint32_t kMaxSlots = 4096;

}  // namespace

uint32_t LoaderState::slots_for(int64_t in_flight) noexcept {
  uint32_t slots = kMinSlots;
  while (slots < kMaxSlots && slots < 2 * in_flight) {
    slots *= 2;
  }
  return slots;
}

size_t LoaderState::bytes(uint32_t slots) noexcept {
  return sizeof(LoaderState) + slots * sizeof(LoaderTask);
}

void LoaderState::begin() noexcept {
  next_task = received = sent = out_of_order = 0;
  one_for_one = in_turn = workers != 0 && in_order && (flags & trace::kBatchIterable) == 0;
  begun_ns = now_ns();
  last_arrived = -1;
  for (uint32_t i = 0; i < slots; ++i) {
    tasks()[i] = {-1, 0, 0, -1, 0};
  }
}

LoaderTask* LoaderState::claim(int64_t number) noexcept {
  if (number < 0) {
    return nullptr;
  }
  LoaderTask* task = find(number);
  if (task != nullptr) {
    return task;
  }
  const auto wanted = static_cast<uint64_t>(number);
  task = slot(wanted);
  // Out of order a slow task stays while the numbers of others come round to its slot.
  for (uint32_t i = 0; !in_order && task->number >= 0 && i < slots; ++i) {
    task = slot(wanted + i);
  }
  *task = {number, 0, 0, -1, 0};
  return task;
}

LoaderTask* LoaderState::find(int64_t number) noexcept {
  if (number < 0) {
    return nullptr;
  }
  const auto wanted = static_cast<uint64_t>(number);
  for (uint32_t i = 0; i < (in_order ? 1 : slots); ++i) {
    if (slot(wanted + i)->number == number) {
      return slot(wanted + i);
    }
  }
  return nullptr;
}

}  // namespace stepscope::collector::python
