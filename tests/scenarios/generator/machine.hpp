// SPDX-License-Identifier: Apache-2.0
//
// Machine: the GPUs of a job. Each has in-order streams; work starts when what is before it on its stream has ended, the
// host has launched it, and what it waits for on another stream has ended. A collective starts on each rank like any
// kernel and ends on all of them when the last rank has come and the data has passed.
//
// Work is resolved as soon as everything it depends on is; a rank that asks for the end of unresolved work has to come back
// after other ranks have gone on. Times are ns of one true clock.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "tests/scenarios/generator/blueprint.hpp"

namespace stepscope::scenarios {

inline constexpr uint32_t kNoWork = 0xFFFFFFFFU;

struct Work {
  const Op* op = nullptr;
  int64_t step = 0;
  int64_t correlation = 0;
  int64_t call_ns = 0;       // when the host called
  int64_t sequence = 0;      // of collectives: NCCL's number
  int64_t ready_ns = 0;      // launched: not before
  int64_t gap_ns = 0;        // after what is before it on the stream
  int64_t gpu_ns = 0;        // how long it runs; of a collective: how long the data takes
  uint32_t after = kNoWork;  // of this rank, another stream: not before its end
  int64_t start_ns = -1, end_ns = -1;
};

class Machine {
 public:
  explicit Machine(size_t ranks) : gpus_(ranks) {}

  // The number of the work; ascending per rank.
  uint32_t enqueue(size_t rank, const Work& work);
  // The last work on a stream; kNoWork when there is none.
  [[nodiscard]] uint32_t last(size_t rank, Stream stream) const;
  // What comes next on `stream` starts after `work`.
  void wait(size_t rank, Stream stream, uint32_t work);
  [[nodiscard]] std::optional<int64_t> end_of(size_t rank, uint32_t work) const;
  [[nodiscard]] uint32_t count(size_t rank) const { return static_cast<uint32_t>(gpus_[rank].works.size()); }
  [[nodiscard]] std::vector<Work> take(size_t rank) { return std::move(gpus_[rank].works); }

 private:
  struct Queue {
    std::vector<uint32_t> works;
    size_t next = 0;  // the first unresolved one
    int64_t free_ns = 0;
    uint32_t wait_for = kNoWork;  // for what is enqueued next
  };
  struct Gpu {
    std::vector<Work> works;
    std::array<Queue, kStreams> queues;
    std::map<int64_t, int64_t> sequences;  // by group
  };
  struct Meeting {
    std::vector<std::pair<size_t, uint32_t>> arrived;  // rank, work
    int64_t last_ns = 0;
  };

  void resolve(size_t rank);
  bool resolve_stream(size_t rank, Queue& queue);
  bool arrive(size_t rank, uint32_t index);

  std::vector<Gpu> gpus_;
  std::map<std::pair<int64_t, int64_t>, Meeting> meetings_;  // by group and sequence
};

}  // namespace stepscope::scenarios
