// SPDX-License-Identifier: Apache-2.0
//
// One communicator of this process: what NCCL's init told (v4 on) or its first operation (v1 to v3), its lane in the
// recording, and the numbers of its point-to-point operations, which NCCL does not count.
#pragma once

#include <stdint.h>

#include <atomic>

#include "collector/sources/nccl/operation.hpp"
#include "collector/text.hpp"

namespace stepscope::collector::nccl {

struct ChainedTable;

// What init said. Up to v3 it says nothing: has_comm is false.
struct InitCall {
  int version = 0;
  bool has_comm = false;
  uint64_t comm_id = 0;
  const char* name = nullptr;
  int nodes = 0;
  int ranks = 0;
  int rank = -1;
  void (*log)(int, unsigned long, const char*, int, const char*, ...) = nullptr;
};

enum class CommunicatorState : uint32_t { kFree = 0, kBusy, kLive };
enum class Described : uint32_t { kNo = 0, kBusy, kYes };
// Its record in kind `communicator`, see set_up.hpp. While it waits the slot is not given to another one.
enum class RecordState : uint32_t { kNone = 0, kWaits };

struct Communicator {
  std::atomic<CommunicatorState> state;
  std::atomic<Described> described;
  std::atomic<RecordState> record;
  std::atomic<bool> saw_parts;  // NCCL reports when the operations of this one run
  bool recorded;
  int version;
  uint64_t part_type;  // kKernelCh, kProxyOp or 0: whose stops end an operation
  uint64_t id;
  int32_t ranks;
  int32_t rank;
  int32_t nodes;
  uint32_t lane;
  uint32_t name;        // as shown, a string id
  uint32_t setup_call;  // the program's call that was open on the thread of init; 0 = none
  int64_t init_ns;
  std::atomic<uint32_t>* peers;  // next number by peer and direction
  uint32_t peer_capacity;
  const ChainedTable* chained;  // nullptr: no other plugin has this communicator
  void* chained_context;

  // Declares the lane and leaves the record to write_arrivals(), once. Within an EventScope. False when another thread is at
  // it and did not end in time.
  bool describe(uint64_t comm_id, const char* its_name, int its_rank) noexcept;
  // The number of the next send to or receive from `peer`, from 0. 0 for a peer beyond the table (counted).
  uint64_t next_number(int peer, bool sends) noexcept;
  [[nodiscard]] Place place() const noexcept { return {id, ranks, rank}; }
};

// Gives the slot its initial values but for `state`, which the caller holds at kBusy.
void begin_communicator(Communicator& communicator, const InitCall& call) noexcept;

// "NAME rank 3/8", " #2" behind it when the process had this rank of this communicator before.
using LaneName = TextBuffer<128>;
void lane_name(const char* name, uint64_t id, int rank, int ranks, uint32_t earlier, LaneName& out) noexcept;

}  // namespace stepscope::collector::nccl
