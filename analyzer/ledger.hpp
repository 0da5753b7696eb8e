// SPDX-License-Identifier: Apache-2.0
//
// build_ledger: the wall time of every step, partitioned into exclusive leaves that add up to the nanosecond.
//
// Invariant: for every step, sum of leaves == end - begin, exactly (Ledger::residual_ns == 0; selfcheck tests it).
//
// Level A, the driving thread. Every instant of a step has exactly one label: the innermost open interval among
//   gc pause                       idle.gc
//   checkpoint save/load           idle.checkpoint
//   loader start, reset, shutdown  data.worker_start
//   wait for a batch               the cause chain below
//   optimizer / backward phase     optimizer, compute/backward
//   other phases                   host/eval, host/import, host/startup, host/<phase name>
//   NVTX and C API ranges          host/<name>  (not those that mark steps or span the whole step)
// and where none is open: compute/forward inside the outermost module's call and from it to the start of the backward
// (where no such call was recorded: from the hand-over of the data, else the end of the previous optimizer step or
// backward), host.other elsewhere. Sources of labels are a
// list with precedence tiers (label_sources.hpp).
//
// Level A with GPU lanes: where the process recorded anything that ran on a GPU, each instant is named by what its GPUs did,
// over all streams of all its devices; the highest of
//   a kernel                       compute/<family> (kernel_name.hpp), compute/triton/<operations>
//   a CUDA graph recorded whole    the leaves of its nodes, and idle.graph between them, in the proportions measured when
//                                  they were recorded one by one (graph_launches.hpp), else compute/graph
//   a communication kernel         comm.exposed/<collective>: exposed, since no other kernel ran
//   a copy or memset               copy.exposed/{h2d,d2h,d2d,h2h,p2p,other,memset}
//   nothing, between two nodes of one launch of a CUDA graph recorded node by node   idle.graph
//   nothing: the GPU is idle       named by the driving thread, by the rules above, in other words:
//     data.*, idle.gc, idle.checkpoint                 as they are
//     a call that waits for the GPU (cudaStreamSynchronize, cudaMemcpy, ...)   idle.sync
//     a call that allocates or frees memory            idle.alloc
//     loading modules, the driver's JIT compiler, a range or phase that says "compile" or "autotune"   idle.compile
//     compute/forward, compute/backward, optimizer     idle.launch: the host did not feed the GPU
//     host/<name>                                      idle.host/<name>
//     host.other                                       idle.unknown
// Of several kernels at once the one that started last names the instant (then: the one that ends first, then the
// family met first). Events that take no or negative time name nothing.
//
// Level B, the cause chain of a wait [w0, w1) for batch t of worker k. Each instant is handed to what worker
// k did then:
//   fetching t, a batch before it, or already one   data.fetch.{cpu,starved,io,blocked}, in the proportions measured
//   after it (while t was on its way)               over that fetch (scheduler time, run-queue wait, the rest); the
//                                                   rest is io or blocked by the samples of what the worker was
//                                                   blocked on, or by its read bytes when it was not sampled
//   collating any of these                          data.collate (its share of run-queue wait: data.fetch.starved)
//   idle, t put but not yet received                data.transfer
//   idle before the index was dispatched or taken   data.dispatch
//   before its first batch                          data.worker_start
//   nothing, t received and being pinned            data.pin
//   anything else, or no recording of worker k      data.other
// That a worker at work outranks a transfer under way is what makes the wait add up to the cause: a worker that never
// rests is the bottleneck, however late each batch arrives (its hand-over thread competes with it for the interpreter).
// Shares of an interval are whole ns by largest remainder, so nothing is lost to rounding. The chain of a whole step: replay/cause_chain.hpp.
//
// The result is cached in the recordings (roll-up, kLedgerVersion and a fingerprint of the inputs); a warm
// build decodes no event, and reads on several threads. Deterministic.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis {

inline constexpr int32_t kLedgerVersion = 4;

// Names of the fixed leaves; prefixes of those that are made as names are met.
namespace leaf {
inline constexpr std::string_view kForward = "compute/forward";
inline constexpr std::string_view kBackward = "compute/backward";
inline constexpr std::string_view kOptimizer = "optimizer";
inline constexpr std::string_view kGc = "idle.gc";
inline constexpr std::string_view kCheckpoint = "idle.checkpoint";
inline constexpr std::string_view kDataPrefix = "data.";
inline constexpr std::string_view kFetchCpu = "data.fetch.cpu";
inline constexpr std::string_view kFetchIo = "data.fetch.io";
inline constexpr std::string_view kFetchBlocked = "data.fetch.blocked";
inline constexpr std::string_view kFetchStarved = "data.fetch.starved";
inline constexpr std::string_view kCollate = "data.collate";
inline constexpr std::string_view kTransfer = "data.transfer";
inline constexpr std::string_view kDispatch = "data.dispatch";
inline constexpr std::string_view kWorkerStart = "data.worker_start";
inline constexpr std::string_view kPin = "data.pin";
inline constexpr std::string_view kDataOther = "data.other";
inline constexpr std::string_view kHostOther = "host.other";
inline constexpr std::string_view kHostPrefix = "host/";
// With GPU lanes:
inline constexpr std::string_view kComputePrefix = "compute/";
inline constexpr std::string_view kTritonPrefix = "compute/triton/";
inline constexpr std::string_view kGraph = "compute/graph";
inline constexpr std::string_view kCommPrefix = "comm.exposed/";
inline constexpr std::string_view kCopyPrefix = "copy.exposed/";
inline constexpr std::string_view kIdlePrefix = "idle.";
inline constexpr std::string_view kIdleLaunch = "idle.launch";
inline constexpr std::string_view kIdleSync = "idle.sync";
inline constexpr std::string_view kIdleAlloc = "idle.alloc";
inline constexpr std::string_view kIdleCompile = "idle.compile";
inline constexpr std::string_view kIdleGraph = "idle.graph";
inline constexpr std::string_view kIdleUnknown = "idle.unknown";
}  // namespace leaf

// The ledger of one training process: steps x leaves, ns. Columns are Ledger::leaves.
struct ProcessLedger {
  ProcessSteps steps;
  std::vector<int64_t> ns;  // row-major: ns[step * leaves + leaf]
  uint64_t waits = 0;       // batches waited for inside steps
  uint64_t unjoined = 0;    // of these, how many had no record of the worker that made them
  bool from_cache = false;
};

struct Ledger {
  std::vector<std::string> leaves;  // ascending; the same set for all processes of the run
  std::vector<ProcessLedger> processes;

  // The leaves of one step.
  [[nodiscard]] std::span<const int64_t> row(const ProcessLedger& process, size_t step) const;
  // Index of a leaf, or leaves.size() when this run has none of it.
  [[nodiscard]] size_t leaf_index(std::string_view name) const;
  // Sum over all steps of |sum of leaves - wall time|. 0, or the library has a bug.
  [[nodiscard]] int64_t residual_ns() const;
  // Mean over the steps of a class of all processes, whole ns per leaf by largest remainder: adds up to
  // *mean_step. Empty when there is no such step.
  [[nodiscard]] std::vector<int64_t> class_means(StepClass step_class, int64_t* mean_step,
                                                 size_t* count) const;
};

enum class Cache : uint8_t { kNone, kRead, kReadWrite };

struct LedgerOptions {
  StepOptions steps;
  Cache cache = Cache::kReadWrite;  // a cache that cannot be written (read-only medium) is no error
  std::function<bool()> cancelled;
};

[[nodiscard]] Result<Ledger> build_ledger(const Run& run, const LedgerOptions& options);

}  // namespace stepscope::analysis
