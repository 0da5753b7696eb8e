// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "analyzer/gate/job_steps.hpp"
#include "analyzer/gate/leaf_metrics.hpp"
#include "analyzer/gate/run_facts.hpp"
#include "analyzer/gate/run_summary.hpp"
#include "analyzer/gate/statistics.hpp"
#include "analyzer/work.hpp"

namespace stepscope::analysis {
namespace {

constexpr size_t kMostSteps = 1024;

std::vector<int64_t> thinned(const std::vector<int64_t>& steps) {
  if (steps.size() <= kMostSteps) {
    return steps;
  }
  std::vector<int64_t> out;
  for (size_t i = 0; i < kMostSteps; ++i) {
    out.push_back(steps[i * steps.size() / kMostSteps]);
  }
  return out;
}

// Mean over the job's train steps and over ranks of each leaf, ns.
std::map<std::string, double> leaf_means(const Ledger& ledger, const JobSteps& job) {
  std::vector<int64_t> sums(ledger.leaves.size(), 0);
  size_t count = 0;
  for (const JobStep& step : job.steps) {
    if (step.step_class != StepClass::kTrain) {
      continue;
    }
    for (size_t r = 0; r < job.ranks.size(); ++r) {
      const std::span<const int64_t> row = ledger.row(*job.ranks[r], step.index[r]);
      for (size_t l = 0; l < row.size(); ++l) {
        sums[l] += row[l];
      }
      ++count;
    }
  }
  std::map<std::string, double> means;
  for (size_t l = 0; count > 0 && l < sums.size(); ++l) {
    if (sums[l] != 0) {
      means[ledger.leaves[l]] = static_cast<double>(sums[l]) / static_cast<double>(count);
    }
  }
  return means;
}

void add_leaves(const Ledger& ledger, const JobSteps& job, RunSummary* summary) {
  for (const std::string_view group :
       {"data_wait_ns", "comm_exposed_ns", "compute_ns", "idle_ns", "host_ns"}) {
    summary->metrics[std::string(group)] = 0;
  }
  for (const auto& [name, ns] : leaf_means(ledger, job)) {
    summary->metrics[metric_of_leaf(name)] = ns;
    summary->metrics[std::string(sum_of_leaf(name))] += ns;
  }
}

// Largest resident set and largest use of a device's memory. Reads the counters and health of the run, which are few.
Status add_memory_peaks(const Run& run, RunSummary* summary) {
  struct Peak {
    Kind kind;
    const char* counter;
    const char* metric;
  };
  static constexpr Peak kPeaks[] = {{Kind::kCounter, "proc.rss_bytes", "memory_peak_bytes"},
                                    {Kind::kHealth, "gpu.memory_used_bytes", "gpu_memory_peak_bytes"}};
  for (const Peak& peak : kPeaks) {
    const uint32_t wanted = run.find_name(peak.counter);
    double largest = 0;
    for (uint32_t p = 0; wanted != 0 && p < run.processes().size(); ++p) {
      if (run.kind_events(p, peak.kind) == 0) {
        continue;
      }
      trace::ScanFilter filter;
      filter.kind = peak.kind;
      const Status status = run.scan(p, filter, [&](const trace::SegmentView& view) {
        for (size_t i = 0; i < view.rows; ++i) {
          if (run.global_name(p, view.columns[1][i]) == wanted) {
            largest = std::max(largest, std::bit_cast<double>(view.columns[2][i]));
          }
        }
        return Status();
      });
      if (!status.ok()) {
        return status;
      }
    }
    if (largest > 0) {
      summary->metrics[peak.metric] = largest;
    }
  }
  return {};
}

void add_job_steps(const JobSteps& job, RunSummary* summary) {
  std::vector<int64_t> train;
  std::vector<double> checkpoints;
  for (const JobStep& step : job.steps) {
    ++summary->class_steps.at(static_cast<size_t>(step.step_class));
    if (step.step_class == StepClass::kTrain) {
      train.push_back(step.duration_ns);
    } else if (step.step_class == StepClass::kCheckpoint) {
      checkpoints.push_back(static_cast<double>(step.duration_ns));
    }
  }
  summary->train_steps = train.size();
  summary->train_step_ns = thinned(train);
  const std::vector<double> values(train.begin(), train.end());
  summary->median_step_ns = static_cast<int64_t>(median_of(values));
  if (!train.empty()) {
    summary->metrics["step_mean_ns"] = mean_of(values);
    summary->metrics["step_p95_ns"] = nearest_rank(values, 0.95);
  }
  if (!checkpoints.empty()) {
    summary->metrics["checkpoint_ns"] = mean_of(checkpoints);
  }
}

// From the first event of a training process to its first step, of the slowest rank.
void add_startup(const Run& run, const JobSteps& job, RunSummary* summary) {
  int64_t longest = 0;
  for (const ProcessLedger* rank : job.ranks) {
    longest =
        std::max(longest, rank->steps.steps.front().begin_ns - run.processes()[rank->steps.process].first_ns);
  }
  if (!job.ranks.empty()) {
    summary->metrics["startup_ns"] = static_cast<double>(longest);
  }
}

// How much a step is, and of all ranks together how much a second, at the mean step; where that is known (work.hpp).
Status add_work(const Run& run, const Ledger& ledger, const JobSteps& job, RunSummary* summary) {
  const Result<Work> gathered = gather_work(run, ledger);
  if (!gathered.ok()) {
    return gathered.status();
  }
  const Work& work = gathered.value();
  summary->work = work;
  const double per_s = 1e9 * static_cast<double>(job.ranks.size()) / summary->metrics.at("step_mean_ns");
  for (const auto& [metric, amount] :
       {std::pair("samples_per_s", work.samples_per_step), std::pair("tokens_per_s", work.tokens_per_step)}) {
    if (amount > 0) {
      summary->metrics[metric] = amount * per_s;
    }
  }
  return {};
}

std::string methods_of(const JobSteps& job) {
  std::set<std::string_view> methods;
  for (const ProcessLedger* rank : job.ranks) {
    methods.insert(step_method_name(rank->steps.method));
  }
  return methods.empty() ? std::string(step_method_name(StepMethod::kNone))
                         : fmt::format("{}", fmt::join(methods, "+"));
}

}  // namespace

Result<RunSummary> summarise_run(const Run& run, const SummaryOptions& options) {
  LedgerOptions wanted;
  wanted.steps = options.steps;
  const Result<Ledger> ledger = build_ledger(run, wanted);
  if (!ledger.ok()) {
    return ledger.status();
  }
  const JobSteps job = job_steps(ledger.value());
  RunSummary summary;
  summary.run = run.path();
  summary.id = identity_of(run, job);
  summary.started_ns = run.processes().empty() ? 0 : run.wall_ns(0, run.processes()[0].first_ns);
  summary.commit = commit_of(run, job);
  summary.fingerprint = fingerprint_of(run, job);
  summary.step_method = methods_of(job);
  add_job_steps(job, &summary);
  if (summary.train_steps > 0) {
    add_leaves(ledger.value(), job, &summary);
    if (Status status = add_work(run, ledger.value(), job, &summary); !status.ok()) {
      return status;
    }
  }
  add_startup(run, job, &summary);
  if (Status status = add_memory_peaks(run, &summary); !status.ok()) {
    return status;
  }
  summary.complete = is_complete(run, job);
  summary.losses = losses_of(run);
  summary.blocking = blocking_of(run, job);
  return summary;
}

}  // namespace stepscope::analysis
