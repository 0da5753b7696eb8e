// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/set_up.hpp"

#include "collector/clock.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/nccl/network.hpp"
#include "collector/thread_state.hpp"
#include "trace/kinds.hpp"

namespace stepscope::collector::nccl {
namespace {

bool waits(const Communicator& communicator) noexcept {
  return communicator.record.load(std::memory_order_acquire) == RecordState::kWaits;
}

void write_arrival(trace::Ring* ring, const Communicator& communicator, const SetupCall* call) noexcept {
  // Within one node NCCL needs no network, and up to v3 it does not say how many nodes there are.
  const uint32_t network = network_of_process();
  const int64_t transport = communicator.nodes > 1 ? network : 0;
  int64_t values[kCommunicatorColumns] = {call != nullptr ? call->start_ns : communicator.init_ns,
                                          call != nullptr ? call->end_ns - call->start_ns : 0,
                                          communicator.name,
                                          static_cast<int64_t>(communicator.id),
                                          communicator.ranks,
                                          communicator.rank,
                                          communicator.nodes,
                                          transport,
                                          static_cast<int64_t>(trace::Source::kNcclPlugin),
                                          call != nullptr ? static_cast<int64_t>(trace::Source::kNvtx) : 0};
  spool().push(ring, trace::Kind::kCommunicator, communicator.lane, values, kCommunicatorColumns);
}

}  // namespace

Join join_call(const Arrival& arrival, const SetupCall* calls, size_t count, SetupCall& found) noexcept {
  size_t fits = 0;
  for (size_t i = 0; i < count; ++i) {
    const SetupCall& call = calls[i];
    const bool open = call.end_ns == 0;
    if (arrival.call != 0 ? call.number == arrival.call : open && call.start_ns <= arrival.init_ns) {
      if (open) {
        return Join::kWait;
      }
      found = call;
      return Join::kFound;
    }
    const bool encloses = call.start_ns <= arrival.init_ns && arrival.init_ns <= call.end_ns;
    if (arrival.call == 0 && encloses && call.comm != 0 && call.comm == arrival.id) {
      found = call;
      ++fits;
    }
  }
  return fits == 1 && (found.inits == 1 || found.all_ranks) ? Join::kFound : Join::kNone;
}

uint32_t open_setup_call() noexcept {
  const ThreadState& thread = thread_state();
  for (int i = thread.message_count; i > 0; --i) {
    if (thread.messages[i - 1].setup_call != 0) {
      return thread.messages[i - 1].setup_call;
    }
  }
  return 0;
}

bool write_arrivals(EventStore& store, trace::Ring* ring, bool all) noexcept {
  if (store.waiting.load(std::memory_order_acquire) == 0) {
    return false;
  }
  SetupCall calls[kMaxSetupCalls];
  size_t count = 0;
  const bool known = copy_setup_calls(calls, count);
  const bool sought = network_is_sought();
  const int64_t now = now_ns();
  uint32_t written = 0;
  for (Communicator& communicator : store.communicators) {
    if (!waits(communicator)) {
      continue;
    }
    const Arrival arrival = {communicator.id, communicator.init_ns, communicator.setup_call};
    SetupCall call;
    const Join join = known ? join_call(arrival, calls, count, call) : Join::kWait;
    if (!all && !is_due(sought ? Join::kWait : join, communicator.init_ns, now)) {
      continue;
    }
    if (written == kWrittenAtOnce) {
      return true;
    }
    write_arrival(ring, communicator, join == Join::kFound ? &call : nullptr);
    ++written;
    store.waiting.fetch_sub(1, std::memory_order_relaxed);
    communicator.record.store(RecordState::kNone, std::memory_order_release);
  }
  return false;
}

}  // namespace stepscope::collector::nccl
