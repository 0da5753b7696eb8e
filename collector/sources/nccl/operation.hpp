// SPDX-License-Identifier: Apache-2.0
//
// One collective or point-to-point operation on its way from enqueue to its end, and its parts.
//
// Facts are written before the operation's handle exists and never change; stamps are set by the threads on which NCCL
// reports the parts. All in zero-filled memory, see event_store.hpp.
#pragma once

#include <stdint.h>

#include <atomic>

#include "collector/sources/nccl/lifetime.hpp"

namespace stepscope::collector::nccl {

// String ids are of the recording.
struct Facts {
  int64_t enqueue_ns = 0;
  uint32_t op = 0;
  uint32_t dtype = 0;
  uint32_t algo = 0;
  uint32_t proto = 0;
  uint64_t seq = 0;
  uint64_t count = 0;
  uint64_t bytes = 0;
  int32_t peer = -1;
  uint32_t channels = 0;
  bool point_to_point = false;
  bool captured = false;
};

// When its parts ran; 0 = not seen. Host stamps are those of the thread on which NCCL noticed, device stamps are the GPU's
// globaltimer.
struct Stamps {
  int64_t enqueued_ns = 0;  // the own stop
  int64_t first_start_ns = 0;
  int64_t last_stop_ns = 0;
  uint64_t device_start = 0;
  uint64_t device_stop = 0;
};

struct alignas(64) Operation {
  Lifetime life;
  std::atomic<uint32_t> next;
  std::atomic<uint32_t> communicator;
  std::atomic<int64_t> enqueued_ns;
  std::atomic<int64_t> first_start_ns;
  std::atomic<int64_t> last_stop_ns;
  std::atomic<uint64_t> device_start;
  std::atomic<uint64_t> device_stop;
  void* chained;  // the handle of the chained plugin
  Facts facts;

  void reset(uint32_t communicator_index, const Facts& its_facts, void* its_chained) noexcept;
  // A part ran from then to then.
  void part_started(int64_t now_ns) noexcept;
  void part_stopped(int64_t now_ns, uint64_t start_timer, uint64_t stop_timer) noexcept;
  [[nodiscard]] Stamps stamps() const noexcept;
};

// A channel of a kernel or an operation of the proxy; or, for a chained plugin, an event that means nothing to us.
struct alignas(64) Part {
  Lifetime life;
  std::atomic<uint32_t> next;
  uint32_t communicator;
  void* operation;  // our own handle of the operation, nullptr when the event is only passed on
  uint64_t start_timer;
  std::atomic<uint64_t> stop_timer;
  void* chained;
};

// The communicator's side of a record.
struct Place {
  uint64_t comm = 0;
  int64_t ranks = 0;  // 0: not known
  int64_t rank = -1;
};

// How an operation ended.
enum class Conclusion : uint8_t { kDone, kUnfinished };

inline constexpr size_t kCollectiveColumns = 18;

// The columns of kind `collective`. `now_ns` ends what is unfinished.
void make_record(const Facts& facts, const Stamps& stamps, const Place& place, Conclusion conclusion,
                 int64_t now_ns, int64_t (&values)[kCollectiveColumns]) noexcept;

}  // namespace stepscope::collector::nccl
