// SPDX-License-Identifier: Apache-2.0
//
// The events of a communicator: start, stop, recordEventState.
#include <string.h>

#include "collector/clock.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/nccl/chained_plugin.hpp"
#include "collector/sources/nccl/closing.hpp"
#include "collector/sources/nccl/descriptor.hpp"
#include "collector/sources/nccl/event_store.hpp"
#include "collector/sources/nccl/nccl_abi.hpp"
#include "collector/sources/nccl/profiler.hpp"

namespace stepscope::collector::nccl {
namespace {

constexpr uint64_t kApiEvents = kGroupApi | kCollApi | kP2pApi;

constexpr const char* kStaleHandle = "nccl.stale_handle";
constexpr const char* kPoolFull = "nccl.pool_full";

uint32_t intern_text(const char* text) noexcept {
  return text == nullptr ? 0 : intern_cached(text, strlen(text));
}

Facts facts_of(Communicator& communicator, const Descriptor& event) noexcept {
  Facts facts;
  facts.enqueue_ns = now_ns();
  facts.op = intern_text(event.func);
  facts.dtype = intern_text(event.dtype);
  facts.algo = intern_text(event.algo);
  facts.proto = intern_text(event.proto);
  facts.point_to_point = event.type == kP2p;
  facts.seq = facts.point_to_point ? communicator.next_number(
                                         event.peer, event.func != nullptr && strcmp(event.func, "Send") == 0)
                                   : event.seq;
  facts.count = event.count;
  const size_t element = dtype_size(event.dtype);
  if (element == 0) {
    spool().loss("nccl.unknown_dtype", 1);
  }
  facts.bytes = event.count * element;
  facts.peer = event.peer;
  facts.channels = event.channels;
  facts.captured = decode(event.parent).captured;
  return facts;
}

// How many parts will start, as far as NCCL says.
uint32_t expected_parts(const Communicator& communicator, const Descriptor& event) noexcept {
  if (communicator.part_type == 0 || event.type == kCeColl) {
    return 0;
  }
  const bool known = communicator.part_type == kKernelCh && communicator.version >= 4 && event.channels != 0;
  return known ? event.channels : kUnknownParts;
}

// At its first operation: up to v3 nobody said before which communicator it is. Later versions say it to init alone, where
// it may not have been possible to write it.
bool describe_late(Communicator& communicator, const Descriptor& event) noexcept {
  const uint64_t id = event.has_comm ? event.comm_id : communicator.id;
  const int rank = event.rank >= 0 ? event.rank : communicator.rank;
  return communicator.describe(id, event.comm_name, rank);
}

// nullptr when there is no room (counted) or nothing to write to.
void* start_operation(EventStore& store, Communicator& communicator, const Descriptor& event,
                      void* theirs) noexcept {
  EventScope scope(Door::kNccl);
  if (!scope) {
    return nullptr;
  }
  if (communicator.described.load(std::memory_order_acquire) != Described::kYes &&
      !describe_late(communicator, event)) {
    return nullptr;
  }
  const uint32_t index = store.operations.take();
  if (index == kNoSlot) {
    spool().loss(kPoolFull, 1);
    return nullptr;
  }
  Operation& operation = *store.operations.at(index);
  operation.reset(index_of(store, communicator), facts_of(communicator, event), theirs);
  const uint32_t generation = operation.life.begin(expected_parts(communicator, event));
  return encode({HandleKind::kOperation, operation.facts.captured, index, generation});
}

// An event that is tied to an operation, or only to a handle of the chained plugin.
void* take_part(EventStore& store, const Communicator& communicator, const Descriptor& event, void* operation,
                void* theirs) noexcept {
  const uint32_t index = store.parts.take();
  if (index == kNoSlot) {
    spool().loss(kPoolFull, 1);
    return nullptr;
  }
  Part& part = *store.parts.at(index);
  part.communicator = index_of(store, communicator);
  part.operation = operation;
  part.start_timer = event.p_timer;
  part.stop_timer.store(0, std::memory_order_relaxed);
  part.chained = theirs;
  const bool captured = event.captured || decode(event.parent).captured;
  return encode({HandleKind::kPart, captured, index, part.life.begin(0)});
}

void end_part_of(EventStore& store, const Handle& handle, int64_t now, uint64_t start_timer,
                 uint64_t stop_timer) noexcept {
  Operation* operation = store.operations.at(handle.index);
  operation->part_stopped(now, start_timer, stop_timer);
  switch (operation->life.end_part(handle.generation)) {
    case Ending::kOver: {
      EventScope scope(Door::kNccl);
      write_and_give(store, handle.index, scope);
      break;
    }
    case Ending::kReusable:
      store.operations.give(handle.index);
      break;
    default:
      break;
  }
}

void* start_part(EventStore& store, Communicator& communicator, const Descriptor& event,
                 void* theirs) noexcept {
  const Handle parent = decode(event.parent);
  Operation* operation = parent.kind == HandleKind::kOperation ? store.operations.at(parent.index) : nullptr;
  const bool ours = operation != nullptr && (event.type != kProxyOp || event.pid == store.pid);
  if (!ours || !operation->life.add_part(parent.generation)) {
    if (ours) {
      spool().loss("nccl.late_part", 1);
    }
    return theirs != nullptr ? take_part(store, communicator, event, nullptr, theirs) : nullptr;
  }
  communicator.saw_parts.store(true, std::memory_order_relaxed);
  const int64_t now = now_ns();
  operation->part_started(now);
  void* handle = take_part(store, communicator, event, const_cast<void*>(event.parent), theirs);
  if (handle == nullptr) {
    end_part_of(store, parent, now, 0, 0);
  }
  return handle;
}

void* start_ours(EventStore& store, Communicator& communicator, const Descriptor& event,
                 void* theirs) noexcept {
  if (communicator.recorded && is_recording()) {
    switch (event.type) {
      case kColl:
      case kP2p:
      case kCeColl:
        return start_operation(store, communicator, event, theirs);
      case kKernelCh:
      case kProxyOp:
        if (event.type == communicator.part_type) {
          return start_part(store, communicator, event, theirs);
        }
        break;
      default:
        if ((event.type & kAllEvents) == 0) {
          spool().loss("nccl.unknown_event", 1);
        }
        break;
    }
  }
  if (theirs != nullptr) {
    return take_part(store, communicator, event, nullptr, theirs);
  }
  if ((event.type & kApiEvents) != 0) {
    return encode({HandleKind::kMark, event.captured || decode(event.parent).captured, 0, 0});
  }
  return nullptr;
}

void stop_operation(EventStore& store, const Handle& handle) noexcept {
  Operation* operation = store.operations.at(handle.index);
  if (operation == nullptr || !operation->life.alive(handle.generation)) {
    spool().loss(kStaleHandle, 1);
    return;
  }
  void* theirs = operation->chained;
  const ChainedTable* table =
      store.communicators[operation->communicator.load(std::memory_order_relaxed)].chained;
  int64_t not_yet = 0;  // a second stop does not move it
  operation->enqueued_ns.compare_exchange_strong(not_yet, now_ns(), std::memory_order_relaxed);
  const Ending ending = operation->life.end_own(handle.generation);
  if (ending == Ending::kStale) {
    spool().loss(kStaleHandle, 1);
    return;
  }
  if (ending == Ending::kOver) {
    EventScope scope(Door::kNccl);
    write_and_give(store, handle.index, scope);
  }
  if (theirs != nullptr && table != nullptr) {
    table->stop_event(theirs);
  }
}

void stop_part(EventStore& store, const Handle& handle) noexcept {
  Part* part = store.parts.at(handle.index);
  if (part == nullptr || !part->life.alive(handle.generation)) {
    spool().loss(kStaleHandle, 1);
    return;
  }
  if (part->life.end_own(handle.generation) != Ending::kOver) {
    spool().loss(kStaleHandle, 1);
    return;
  }
  void* theirs = part->chained;
  const ChainedTable* table = store.communicators[part->communicator].chained;
  const Handle operation = decode(part->operation);
  const uint64_t start_timer = part->start_timer;
  const uint64_t stop_timer = part->stop_timer.load(std::memory_order_relaxed);
  store.parts.give(handle.index);
  if (operation.kind == HandleKind::kOperation) {
    end_part_of(store, operation, now_ns(), start_timer, stop_timer);
  }
  if (theirs != nullptr && table != nullptr) {
    table->stop_event(theirs);
  }
}

}  // namespace

int start(void* context, void** handle, void* descriptor) noexcept {
  if (handle == nullptr) {
    return kSuccess;
  }
  *handle = nullptr;  // NCCL does not clear what is left alone, and would stop it twice
  Communicator* communicator = communicator_of(context);
  if (communicator == nullptr || descriptor == nullptr) {
    return kSuccess;
  }
  const ChainedTable* table = communicator->chained;
  void* theirs = table != nullptr ? chained_start(*communicator, descriptor) : nullptr;
  *handle =
      start_ours(*event_store(), *communicator, read_descriptor(communicator->version, descriptor), theirs);
  if (theirs != nullptr && *handle == nullptr) {
    spool().loss("nccl.chained_dropped", 1);
    table->stop_event(theirs);  // nobody could stop it later
  }
  return kSuccess;
}

int stop(void* handle) noexcept {
  EventStore* store = event_store();
  if (store == nullptr || handle == nullptr) {
    return kSuccess;
  }
  const Handle ours = decode(handle);
  switch (ours.kind) {
    case HandleKind::kOperation:
      stop_operation(*store, ours);
      break;
    case HandleKind::kPart:
      stop_part(*store, ours);
      break;
    case HandleKind::kMark:
      break;
    case HandleKind::kForeign:
      spool().loss(kStaleHandle, 1);
      break;
  }
  return kSuccess;
}

int record_state(void* handle, int state, void* arguments) noexcept {
  EventStore* store = event_store();
  if (store == nullptr) {
    return kSuccess;
  }
  const Handle ours = decode(handle);
  const ChainedTable* table = nullptr;
  void* theirs = nullptr;
  if (ours.kind == HandleKind::kPart) {
    Part* part = store->parts.at(ours.index);
    if (part == nullptr || !part->life.alive(ours.generation)) {
      spool().loss(kStaleHandle, 1);
      return kSuccess;
    }
    const Communicator& communicator = store->communicators[part->communicator];
    const uint64_t timer = read_kernel_stop(communicator.version, state, arguments);
    if (timer != 0) {
      part->stop_timer.store(timer, std::memory_order_relaxed);
    }
    table = communicator.chained;
    theirs = part->chained;
  } else if (ours.kind == HandleKind::kOperation) {
    const Operation* operation = store->operations.at(ours.index);
    if (operation != nullptr && operation->life.alive(ours.generation)) {
      table = store->communicators[operation->communicator.load(std::memory_order_relaxed)].chained;
      theirs = operation->chained;
    }
  }
  if (theirs != nullptr && table != nullptr) {
    table->record_event_state(theirs, state, arguments);
  }
  return kSuccess;
}

}  // namespace stepscope::collector::nccl
