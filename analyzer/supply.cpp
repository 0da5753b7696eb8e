// SPDX-License-Identifier: Apache-2.0
#include "analyzer/supply.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>

#include "analyzer/diff.hpp"

namespace stepscope::analysis {
namespace {

BatchCost cost_of(const WorkerQueue& queue, const Fetch& fetch) {
  const FetchSplit split = queue.split(fetch);
  BatchCost cost;
  cost.cpu = static_cast<double>(split.cpu);
  cost.starved = static_cast<double>(split.starved + split.collate_starved);
  cost.io = static_cast<double>(split.io);
  cost.blocked = static_cast<double>(split.blocked);
  cost.collate = static_cast<double>(split.collate);
  cost.put = static_cast<double>(fetch.put_ns - fetch.end_ns() + fetch.start_ns - fetch.received_ns);
  return cost;
}

void accumulate(BatchCost& into, const BatchCost& cost, double weight) {
  into.cpu += weight * cost.cpu;
  into.starved += weight * cost.starved;
  into.io += weight * cost.io;
  into.blocked += weight * cost.blocked;
  into.collate += weight * cost.collate;
  into.put += weight * cost.put;
}

double median_total(const std::vector<WorkerSupply>& workers) {
  std::vector<double> totals;
  for (const WorkerSupply& worker : workers) {
    totals.push_back(worker.cost.total());
  }
  std::sort(totals.begin(), totals.end());
  // The lower middle: of two workers the slower one can then stand out.
  return totals[(totals.size() - 1) / 2];
}

// The stage in which `slow` differs most from `typical`.
std::string_view stage_of_excess(const BatchCost& slow, const BatchCost& typical) {
  const std::pair<double, std::string_view> stages[] = {{slow.cpu - typical.cpu, term::kFetch},
                                                        {slow.starved - typical.starved, term::kStarved},
                                                        {slow.io - typical.io, term::kIo},
                                                        {slow.blocked - typical.blocked, term::kBlocked},
                                                        {slow.collate - typical.collate, term::kCollate},
                                                        {slow.put - typical.put, term::kTransfer}};
  return std::max_element(std::begin(stages), std::end(stages),
                          [](const auto& a, const auto& b) { return a.first < b.first; })
      ->second;
}

// A worker stands out when it is well above the typical one, by more than chance explains.
void find_slow_worker(Supply& supply) {
  constexpr double kShare = 0.15;
  constexpr double kErrors = 4.0;
  if (supply.workers.size() < 2) {
    return;
  }
  const auto slowest = std::max_element(
      supply.workers.begin(), supply.workers.end(),
      [](const WorkerSupply& a, const WorkerSupply& b) { return a.cost.total() < b.cost.total(); });
  BatchCost others;
  double error = slowest->standard_error;
  for (const WorkerSupply& worker : supply.workers) {
    if (&worker != &*slowest) {
      accumulate(others, worker.cost, 1.0 / static_cast<double>(supply.workers.size() - 1));
      error = std::max(error, worker.standard_error);
    }
  }
  const double excess = slowest->cost.total() - others.total();
  const double over_median = slowest->cost.total() - median_total(supply.workers);
  if (excess < kShare * others.total() || over_median < kShare * others.total() ||
      excess < kErrors * std::sqrt(2.0) * error) {
    return;
  }
  supply.excess = excess;
  supply.slow_worker = slowest->worker;
  supply.slowest_stage = stage_of_excess(slowest->cost, others);
  supply.cost = others;  // the typical worker; the slow one is told apart
}

const Step* step_at(const std::vector<Step>& steps, int64_t at) {
  const auto after = std::upper_bound(steps.begin(), steps.end(), at,
                                      [](int64_t value, const Step& step) { return value < step.end_ns; });
  return after == steps.end() || at < after->begin_ns ? nullptr : &*after;
}

}  // namespace

void SupplyBuilder::add(const ProcessSteps& steps, const BatchTable& table) {
  for (const Step& step : steps.steps) {
    steps_ += step.step_class == StepClass::kTrain ? 1U : 0U;
  }
  for (const Batch& batch : table.batches) {
    const Step* step = step_at(steps.steps, batch.end_ns - 1);
    if (batch.lane != steps.lane || (batch.flags & trace::kBatchLast) != 0 || step == nullptr ||
        step->step_class != StepClass::kTrain) {
      continue;
    }
    ++batches_;
    in_process_ += batch.in_process() ? 1U : 0U;
    parallelism_sum_ += static_cast<double>(std::max<int64_t>(1, batch.workers));
    const Fetch* fetch = table.fetch_of(batch);
    if (fetch == nullptr) {
      continue;
    }
    ++joined_;
    const WorkerQueue& queue = table.queues[batch.queue];
    auto& [process, sum] = workers_[{steps.process, fetch->worker}];
    const BatchCost cost = cost_of(queue, *fetch);
    process = queue.process;
    accumulate(sum.sum, cost, 1);
    sum.squares += cost.total() * cost.total();
    ++sum.batches;
    if (batch.arrive_ns > batch.begin_ns && fetch->put_ns >= batch.begin_ns) {
      transfer_sum_ += static_cast<double>(std::max<int64_t>(0, batch.arrive_ns - fetch->put_ns));
      ++transfers_;
    }
  }
}

Supply SupplyBuilder::finish() const {
  constexpr double kMostly = 0.8;
  Supply supply;
  if (batches_ == 0 || steps_ == 0) {
    return supply;
  }
  const auto batches = static_cast<double>(batches_);
  supply.unjoined_share = 1.0 - static_cast<double>(joined_) / batches;
  supply.known = static_cast<double>(joined_) >= kMostly * batches;
  supply.batches_per_step = batches / static_cast<double>(steps_);
  supply.parallelism = parallelism_sum_ / batches;
  supply.in_process = 2 * in_process_ > batches_;
  supply.transfer = transfers_ == 0 ? -1 : transfer_sum_ / static_cast<double>(transfers_);
  for (const auto& [key, entry] : workers_) {
    const auto& [process, sum] = entry;
    const auto n = static_cast<double>(sum.batches);
    WorkerSupply worker;
    worker.worker = static_cast<int32_t>(key.worker);
    worker.process = process;
    worker.batches = sum.batches;
    accumulate(worker.cost, sum.sum, 1 / n);
    const double mean = worker.cost.total();
    worker.standard_error = std::sqrt(std::max(0.0, sum.squares / n - mean * mean) / n);
    supply.workers.push_back(worker);
  }
  for (const WorkerSupply& worker : supply.workers) {
    accumulate(supply.cost, worker.cost, 1.0 / static_cast<double>(supply.workers.size()));
  }
  find_slow_worker(supply);
  return supply;
}

}  // namespace stepscope::analysis
