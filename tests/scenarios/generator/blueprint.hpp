// SPDX-License-Identifier: Apache-2.0
//
// The program that one rank of a job runs each step, as a list of what its threads do in order: calls, launches, waits.
// What of it takes how long on the GPU follows from the simulation (simulation.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/scenarios/generator/job.hpp"
#include "trace/kinds.hpp"

namespace stepscope::scenarios {

enum class Thread : uint8_t {
  kMain,
  kAutograd
};  // one runs at a time: backward() waits for autograd's thread
enum class Stream : uint8_t { kCompute, kCommunication };
inline constexpr size_t kStreams = 2;

struct Op {
  enum class Kind : uint8_t {
    kHost,         // Python
    kLaunch,       // a kernel
    kGraph,        // a CUDA graph: the kNode operations that follow
    kNode,         //
    kCopy,         //
    kCollective,   // a kernel that ends when all ranks of its group have come and the data has passed
    kWaitStream,   // what comes next on `stream` waits for all there is on `other`
    kSynchronize,  // the thread waits for `stream`, or for all when `whole_device`
    kOpen,         // of a phase or range, to the matching kClose
    kClose,        //
    kBatch,        // the loader's next()
    kGcPoint,      // where the garbage collector runs, in steps where it does
    kCheckpointPoint,
    kMark,  // a step boundary
  };
  Kind kind = Kind::kHost;
  Thread thread = Thread::kMain;
  Stream stream = Stream::kCompute, other = Stream::kCompute;
  bool whole_device = false, computes = true, pageable = false, range = false;
  std::string name;  // of the kernel, call, range or phase
  uint64_t key = 0;  // what its noise is drawn for: the same for the same work of two jobs
  int64_t host_ns = 0, call_ns = 0, gpu_ns = 0, bytes = 0;
  trace::PhaseOp phase = trace::PhaseOp::kOther;
  trace::CopyKind copy = trace::CopyKind::kHostToDevice;
  const char* collective = "";                    // as NCCL calls it
  int64_t group = 0, group_ranks = 0, peer = -1;  // who takes part
};

[[nodiscard]] std::vector<Op> step_program(const Job& job, int64_t rank);

}  // namespace stepscope::scenarios
