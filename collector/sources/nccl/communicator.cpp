// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nccl/communicator.hpp"

#include <sys/mman.h>

#include "collector/clock.hpp"
#include "collector/identity.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/nccl/event_store.hpp"
#include "collector/sources/nccl/nccl_abi.hpp"
#include "collector/sources/nccl/set_up.hpp"

namespace stepscope::collector::nccl {
namespace {

// Up to v3 nobody says how many ranks there are.
constexpr uint32_t kPeersWhenUnknown = 4096;
constexpr int64_t kDescribePatienceNs = 200'000'000;
constexpr int64_t kDescribePollNs = 20'000;

size_t peer_bytes(uint32_t capacity) noexcept {
  return size_t{2} * capacity * sizeof(std::atomic<uint32_t>);
}

// Numbers from 0 on. A mapping that is there from an earlier communicator is used again when it is large enough; events
// that come too late may still write to it, so it is never unmapped.
void reset_peers(Communicator& communicator, uint32_t wanted) noexcept {
  if (communicator.peers != nullptr && communicator.peer_capacity >= wanted) {
    madvise(communicator.peers, peer_bytes(communicator.peer_capacity),
            MADV_DONTNEED);  // reads as zero again
    return;
  }
  void* fresh = mmap(nullptr, peer_bytes(wanted), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (fresh != MAP_FAILED) {
    communicator.peers = static_cast<std::atomic<uint32_t>*>(fresh);
    communicator.peer_capacity = wanted;
  }
}

// How often this process had this rank of this communicator before.
uint32_t earlier_uses(const Communicator& communicator) noexcept {
  uint32_t found = 0;
  for (const Communicator& other : event_store()->communicators) {
    if (&other != &communicator && other.described.load(std::memory_order_acquire) == Described::kYes &&
        other.id == communicator.id && other.rank == communicator.rank) {
      ++found;
    }
  }
  return found;
}

void display_name(const char* name, uint64_t id, TextBuffer<96>& out) noexcept {
  if (name != nullptr && name[0] != '\0') {
    out.add(TextView(name).substr(0, 90));
  } else {
    out.add("communicator ").add_hex(id);
  }
}

}  // namespace

void begin_communicator(Communicator& communicator, const InitCall& call) noexcept {
  communicator.described.store(Described::kNo, std::memory_order_relaxed);
  communicator.saw_parts.store(false, std::memory_order_relaxed);
  communicator.recorded = false;
  communicator.version = call.version;
  communicator.part_type = 0;
  communicator.id = call.comm_id;
  communicator.ranks = call.ranks > 0 ? call.ranks : 0;
  communicator.rank = call.rank;
  communicator.nodes = call.nodes > 0 ? call.nodes : 0;
  communicator.lane = 0;
  communicator.name = 0;
  communicator.setup_call = open_setup_call();
  count_init_in_setup_calls();
  communicator.init_ns = now_ns();
  communicator.chained = nullptr;
  communicator.chained_context = nullptr;
  reset_peers(communicator,
              call.has_comm && call.ranks > 0 ? static_cast<uint32_t>(call.ranks) : kPeersWhenUnknown);
}

bool Communicator::describe(uint64_t comm_id, const char* its_name, int its_rank) noexcept {
  Described seen = Described::kNo;
  if (!described.compare_exchange_strong(seen, Described::kBusy, std::memory_order_acquire)) {
    for (int64_t waited = 0; seen == Described::kBusy && waited < kDescribePatienceNs;
         waited += kDescribePollNs) {
      sleep_ns(
          kDescribePollNs);  // once in the life of a communicator, when two threads begin to use it together
      seen = described.load(std::memory_order_acquire);
    }
    return seen == Described::kYes;
  }
  id = comm_id;
  rank = its_rank;
  TextBuffer<96> shown;
  display_name(its_name, id, shown);
  LaneName lane_text;
  lane_name(its_name, id, rank, ranks, earlier_uses(*this), lane_text);
  lane = spool().declare_lane("communicator", lane_text.c_str(), 0);
  name = spool().intern(shown.c_str(), shown.size());
  event_store()->waiting.fetch_add(1, std::memory_order_relaxed);
  record.store(RecordState::kWaits, std::memory_order_release);
  described.store(Described::kYes, std::memory_order_release);
  note_communicator_rank(spool(), rank, ranks);
  return true;
}

uint64_t Communicator::next_number(int peer, bool sends) noexcept {
  if (peers == nullptr || peer < 0 || static_cast<uint32_t>(peer) >= peer_capacity) {
    spool().loss("nccl.peer_not_numbered", 1);
    return 0;
  }
  return peers[2 * static_cast<size_t>(peer) + (sends ? 1 : 0)].fetch_add(1, std::memory_order_relaxed);
}

void lane_name(const char* name, uint64_t id, int rank, int ranks, uint32_t earlier, LaneName& out) noexcept {
  TextBuffer<96> shown;
  display_name(name, id, shown);
  out.clear();
  out.add(shown.view()).add(" rank ").add_i64(rank);
  if (ranks > 0) {
    out.add('/').add_i64(ranks);
  }
  if (earlier > 0) {
    out.add(" #").add_u64(earlier + 1);
  }
}

}  // namespace stepscope::collector::nccl
