// SPDX-License-Identifier: Apache-2.0
//
// RunSummary: what is left of a run for a gate, a baseline store and a trend. A few kilobytes, no events.
//
//   RunSummary s = summarise_run(run, {}).value();       // from a recording (reads roll-ups where they are stored)
//   std::string text = summary_to_json(s);               // what a baseline store keeps; at most kMaxSummaryBytes
//   RunSummary again = summary_from_json(text, where).value();
//
// The unit of every statistic is the run: one RunSummary is one observation. The headline is `median_step_ns`, the median of
// the train steps after warm-up; checkpoint, eval, epoch-start and warm-up steps are counted in `class_steps` and appear in
// no statistic. With several ranks a step is the job's: step k lasts as long as the slowest rank takes for it (ranks
// paired by step number; steps that some rank lacks are left out).
//
// Metrics are secondary: name -> one value per run, in the unit its name ends with. Names are stable, since a policy file and
// stored baselines speak of them. Larger is worse for all but those that end in `_per_s`.
//   step_mean_ns                 mean of the same steps
//   step_p95_ns                  95th percentile of the same steps
//   leaf/<leaf>_ns               mean per train step of that leaf of the ledger (leaf/data.fetch.cpu_ns, leaf/comm.exposed/all_reduce_ns)
//   data_wait_ns, comm_exposed_ns, compute_ns, idle_ns, host_ns     sums of leaves, mean per train step
//   startup_ns                   from the first event of the driving process to its first step
//   memory_peak_bytes            largest resident set (host) over processes, where it was sampled
//   gpu_memory_peak_bytes        where the device was sampled
//   tokens_per_s, samples_per_s  where the recording knows them
//   batch_..., checkpoint_ns     mean length of checkpoint steps, where there are any
//
// Times in ns; wall times in ns since 1970 UTC. Plain data, copyable, no references into a Run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"
#include "analyzer/work.hpp"

namespace stepscope::analysis {

inline constexpr size_t kMaxSummaryBytes = 64 * 1024;

// Under which conditions a run was made. Two runs with equal `key` may be compared by a gate; facts that differ although the
// key is equal are notes. The key is the hex hash (16 digits, FNV-1a over sorted "name=value\n") of the facts that make a step
// another amount of work or another machine: workload, gpu.model, gpu.count, driver, cuda, nccl, image, world_size,
// parallelism, level. An unknown fact counts as "".
struct Fingerprint {
  std::map<std::string, std::string> facts;
  std::string key;
};

struct RunSummary {
  std::string run;  // where it came from: the path of the recording, for people
  std::string id;   // identity of the run: equal for the same recording opened twice, by content, not by path
  int64_t started_ns = 0;  // wall clock, 0 when not known
  std::string commit;      // git commit of the program, "" when not known
  Fingerprint fingerprint;
  int64_t median_step_ns = 0;                         // 0: no train step
  std::vector<int64_t> train_step_ns;                 // in order; thinned evenly to 1024 when there are more
  size_t train_steps = 0;                             // before thinning
  std::array<size_t, kStepClassCount> class_steps{};  // by StepClass, of the job
  std::string step_method;                            // step_method_name
  std::map<std::string, double> metrics;
  Work work;             // per train step of one rank, where that is known
  bool complete = true;  // every process ended by itself or was finalized to its end
  std::vector<std::string>
      losses;  // one sentence per counter of severity data_loss; not empty: data is missing
  std::vector<std::string>
      blocking;  // one sentence each: why no number of this run may be trusted (clock jumps, ...)
};

struct SummaryOptions {
  StepOptions steps;
};

// Errors: those of build_ledger. A run without steps is no error: it has no train_steps, and whoever compares says so.
[[nodiscard]] Result<RunSummary> summarise_run(const Run& run, const SummaryOptions& options);

// Byte-stable: equal summaries give equal text. Steps are thinned and the smallest leaves dropped until it fits.
[[nodiscard]] std::string summary_to_json(const RunSummary& summary);
// `where` names the source in errors (kUnreadable).
[[nodiscard]] Result<RunSummary> summary_from_json(std::string_view text, std::string_view where);

}  // namespace stepscope::analysis
