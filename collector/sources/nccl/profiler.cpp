// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/profiler.hpp"

#include <stdlib.h>

#include "collector/clock.hpp"
#include "collector/collective_voice.hpp"
#include "collector/drain_thread.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/nccl/chained_plugin.hpp"
#include "collector/sources/nccl/closing.hpp"
#include "collector/sources/nccl/event_store.hpp"
#include "collector/sources/nccl/nccl_abi.hpp"
#include "collector/sources/nccl/network.hpp"

namespace stepscope::collector::nccl {
namespace {

constexpr uint64_t kHostEvents = kGroupApi | kCollApi | kP2pApi | kColl | kP2p;
constexpr int kCopyEnginesSince = 6;

Communicator* take_communicator(EventStore& store, const InitCall& call) noexcept {
  for (Communicator& communicator : store.communicators) {
    CommunicatorState free = CommunicatorState::kFree;
    if (communicator.state.compare_exchange_strong(free, CommunicatorState::kBusy,
                                                   std::memory_order_acq_rel)) {
      if (communicator.record.load(std::memory_order_acquire) == RecordState::kNone) {
        begin_communicator(communicator, call);
        return &communicator;
      }
      communicator.state.store(CommunicatorState::kFree, std::memory_order_release);
    }
  }
  return nullptr;
}

uint64_t part_type(uint64_t mask, int version) noexcept {
  if ((mask & kKernelCh) != 0 && version >= 3) {
    return kKernelCh;
  }
  return mask & kProxyOp;
}

void report_interface(int version, uint64_t mask) noexcept {
  TextBuffer<24> text;
  text.add('v').add_i64(version);
  spool().meta("nccl.plugin_api", text.c_str());
  text.clear();
  text.add_u64(mask);
  spool().meta("nccl.mask", text.c_str());
}

}  // namespace

uint64_t default_mask(int version) noexcept {
  // A collective that the copy engines run has no other event that tells of it; it has no parts either.
  const uint64_t copy_engines = version >= kCopyEnginesSince ? uint64_t{kCeColl} : 0;
  return kHostEvents | (version >= 4 ? kKernelCh : kProxyOp) | copy_engines;
}

uint64_t mask_from_text(const char* text, uint64_t fallback) noexcept {
  if (text == nullptr || text[0] < '0' || text[0] > '9') {
    return fallback;
  }
  char* end = nullptr;
  const uint64_t mask = strtoull(text, &end, 0);
  return *end == '\0' ? mask & kAllEvents : fallback;
}

int init(const InitCall& call, void** context, int* mask) noexcept {
  if (context == nullptr || mask == nullptr) {
    return kInternalError;
  }
  // Inert in a forked child, also in one that records in light mode: nobody would close what NCCL leaves open there.
  const bool recorded = open_door(Door::kNccl, Role::kMain, false) && !light_mode();
  const ChainedTable* table = chained_table(call.version);
  EventStore* store = recorded || table != nullptr ? make_event_store() : nullptr;
  if (store == nullptr) {
    return kInternalError;
  }
  *context = nullptr;
  Communicator* communicator = take_communicator(*store, call);
  if (communicator == nullptr) {
    spool().loss("nccl.too_many_communicators", 1);
    return kInternalError;
  }
  const uint64_t ours =
      recorded ? mask_from_text(getenv("STEPSCOPE_NCCL_MASK"), default_mask(call.version)) : 0;
  int their_mask = *mask;
  const bool chained =
      table != nullptr && chained_init(*table, call, &communicator->chained_context, &their_mask) == kSuccess;
  communicator->chained = chained ? table : nullptr;
  communicator->recorded = recorded;
  communicator->part_type = part_type(ours, call.version);
  communicator->state.store(CommunicatorState::kLive, std::memory_order_release);
  if (recorded) {
    claim_collectives_for_plugin();
    report_interface(call.version, ours);
    report_chained(call.version, table != nullptr && !chained);
    if (EventScope scope(Door::kNccl); scope) {
      find_network();
      if (call.has_comm) {
        communicator->describe(call.comm_id, call.name, call.rank);
      }
    }
  }
  *context = communicator;
  *mask = static_cast<int>(ours) | (chained ? their_mask : 0);
  return kSuccess;
}

int finalize(void* context) noexcept {
  Communicator* communicator = communicator_of(context);
  if (communicator == nullptr) {
    return kSuccess;
  }
  EventStore& store = *event_store();
  CommunicatorState live = CommunicatorState::kLive;
  if (!communicator->state.compare_exchange_strong(live, CommunicatorState::kBusy,
                                                   std::memory_order_acq_rel)) {
    return kSuccess;
  }
  if (communicator->recorded) {
    if (EventScope scope(Door::kNccl); scope) {
      close_all(store, index_of(store, *communicator), scope.thread().ring, now_ns(),
                []() noexcept { (void)drain_now(); });
    }
  }
  const ChainedTable* table = communicator->chained;
  if (table != nullptr) {
    table->finalize(communicator->chained_context);
  }
  communicator->state.store(CommunicatorState::kFree, std::memory_order_release);
  return kSuccess;
}

}  // namespace stepscope::collector::nccl
