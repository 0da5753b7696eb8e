// SPDX-License-Identifier: Apache-2.0
//
// gather_evidence: the facts beside the ledger that a diff compares and a finding cites: how batches were
// made, what the host allowed, what the GPUs did, what the configuration was. Decodes batch, batch_fetch, gc and
// counter events, and what gpu_evidence.hpp says. A fact that was not recorded is absent (negative number, empty text), never zero. Deterministic. One
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/gpu_evidence.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/loader_config.hpp"
#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"
#include "analyzer/work.hpp"

namespace stepscope::analysis {

// Where the time of making one batch goes, mean ns per batch.
struct BatchCost {
  double cpu = 0;
  double starved = 0;  // runnable but not running: run queue, quota
  double io = 0;
  double blocked = 0;  // sleeping, locks
  double collate = 0;
  double put = 0;  // end of collate until handed to the queue

  [[nodiscard]] double total() const { return cpu + starved + io + blocked + collate + put; }
};

struct WorkerSupply {
  int32_t worker = 0;
  uint32_t process = 0;  // index into Run::processes()
  uint64_t batches = 0;  // made for steps of class train
  BatchCost cost;
  double standard_error = 0;  // of cost.total()
};

// How the batches of the train steps were made.
struct Supply {
  bool known = false;           // worker (or in-process) records were joined for most batches
  double batches_per_step = 0;  // of the loader that the train steps wait for
  double parallelism = 0;       // workers making batches; 1 when in-process
  bool in_process = false;      // num_workers = 0
  BatchCost cost;        // mean over workers, each with equal weight; without the slow one where there is one
  double transfer = -1;  // put until received, mean over batches that were waited for; -1: none was
  std::vector<WorkerSupply> workers;
  int32_t slow_worker = -1;   // a worker that stands out: its id, what it needs more than the others, and the
  double excess = 0;          // diff term ("data.blocked") that most of it is
  std::string slowest_stage;  //
  double unjoined_share = 0;  // batches without a record of their making
};

struct HostEvidence {
  double worker_affinity_cpus = -1;  // smallest over workers
  double main_affinity_cpus = -1;
  double quota_cpus = -1;       // cgroup quota; -1 unknown or none
  double throttled_share = -1;  // throttled time / wall time while training, largest over processes
  double psi_cpu_share = -1, psi_io_share = -1, psi_memory_share = -1;  // "some" pressure while training
  double read_bytes_per_s = -1;                                         // all processes of the run together
  double main_runq_share =
      -1;            // training processes: runnable without a CPU / wall time; can exceed 1 (threads)
  double cpus = -1;  // of the host
};

struct GcEvidence {
  std::array<uint64_t, 3> pauses{};  // per generation, inside train steps, driving threads
  std::array<int64_t, 3> total_ns{};
  int64_t max_ns = 0;
};

struct Evidence {
  Supply supply;
  LoaderConfig loader;
  HostEvidence host;
  GcEvidence gc;
  GpuEvidence gpu;
  Work work;
  std::string optimizer;    // class of the optimizer that takes most time
  std::string iterator;     // data iterator whose next() takes most time, where nothing recorded its batches
  double micro_steps = -1;  // backwards per train step
  size_t train_processes = 0;
  size_t worker_recordings = 0;
};

[[nodiscard]] Result<Evidence> gather_evidence(const Run& run, const Ledger& ledger);

}  // namespace stepscope::analysis
