// SPDX-License-Identifier: Apache-2.0
#include "analyzer/supply_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analyzer/diff.hpp"

namespace stepscope::analysis {
namespace {

// Growth of CPU time from which on the queueing it brings is put down to it, as a share of the base's CPU time.
constexpr double kMoreWork = 0.15;
// Wait may grow a little more than the mean interval of supply: batches do not come evenly.
constexpr double kMostScale = 1.25;

double sum(const SupplyTerms& terms) {
  return std::accumulate(terms.begin(), terms.end(), 0.0);
}

// The workers got less CPU to run on.
bool cpus_shrank(const SupplySide& base, const SupplySide& candidate) {
  constexpr double kLess = 0.95;
  constexpr double kThrottled = 0.02;
  const bool fewer = base.cpus > 0 && candidate.cpus > 0 && candidate.cpus < kLess * base.cpus;
  const bool throttled = candidate.throttled_share > std::max(0.0, base.throttled_share) + kThrottled;
  return fewer || throttled;
}

// CPU time and run-queue wait move together. Which one is the cause depends on whether the work or the CPUs changed.
void couple_starvation(const SupplySide& base, const SupplySide& candidate, SupplyTerms& change) {
  double& starved = change[kTermStarved];
  const auto fold = [&](double& from, double& into, double most) {
    const double moved = std::clamp(most, std::min(0.0, from), std::max(0.0, from));
    from -= moved;
    into += moved;
  };
  if (cpus_shrank(base, candidate) || cpus_shrank(candidate, base)) {
    // Contention makes the same work dearer (caches, frequency), and the hand-over runs on the same CPUs: that growth is
    // part of the starvation.
    for (const size_t stage : {size_t{kTermFetch}, size_t{kTermCollate}, size_t{kTermTransfer}}) {
      if (change[stage] * starved > 0 && std::abs(change[stage]) <= std::abs(starved)) {
        fold(change[stage], starved, change[stage]);
      }
    }
    return;
  }
  const double work = base.cost.cpu + base.cost.collate;
  const double more = candidate.cost.cpu + candidate.cost.collate - work;
  if (work <= 0 || std::abs(more) < kMoreWork * work || more * starved <= 0) {
    return;
  }
  // More work on the same CPUs queues more: at least in proportion to what queued before, at most as much again.
  double& cause = std::abs(change[kTermFetch]) >= std::abs(change[kTermCollate]) ? change[kTermFetch]
                                                                                 : change[kTermCollate];
  const double scale = base.inverse_parallelism > 0
                           ? 0.5 * (base.inverse_parallelism + candidate.inverse_parallelism) * 0.5 *
                                 (base.batches_per_step + candidate.batches_per_step)
                           : 0;
  fold(starved, cause, scale * (more + base.cost.starved * more / work));
}

// Splits `amount` over the leaves' own changes of the same sign.
void add_by_leaves(double amount, const SupplyTerms& own, SupplyTerms& out) {
  SupplyTerms weights{};
  for (size_t i = 0; i < own.size(); ++i) {
    weights[i] = own[i] * amount > 0 ? std::abs(own[i]) : 0;
  }
  const double total = sum(weights);
  if (total <= 0) {
    out[kTermFetch] += amount;
    return;
  }
  for (size_t i = 0; i < own.size(); ++i) {
    out[i] += amount * weights[i] / total;
  }
}

}  // namespace

std::string_view supply_term_name(size_t supply_term) {
  static constexpr std::array<std::string_view, kSupplyTermCount> kNames = {
      term::kFetch,   term::kStarved,  term::kIo,         term::kBlocked,
      term::kCollate, term::kTransfer, term::kSlowWorker, term::kWorkers};
  return kNames[supply_term];
}

SupplySide supply_side(const std::vector<const Evidence*>& runs) {
  SupplySide side;
  side.known = !runs.empty();
  const double weight = 1.0 / static_cast<double>(std::max<size_t>(1, runs.size()));
  double transfers = 0;
  for (const Evidence* run : runs) {
    const Supply& supply = run->supply;
    side.known = side.known && supply.known && supply.parallelism > 0;
    side.batches_per_step += weight * supply.batches_per_step;
    side.inverse_parallelism += supply.parallelism > 0 ? weight / supply.parallelism : 0;
    side.cost.cpu += weight * supply.cost.cpu;
    side.cost.starved += weight * supply.cost.starved;
    side.cost.io += weight * supply.cost.io;
    side.cost.blocked += weight * supply.cost.blocked;
    side.cost.collate += weight * supply.cost.collate;
    side.cost.put += weight * supply.cost.put;
    side.excess += weight * supply.excess;
    double error = 0;
    for (const WorkerSupply& worker : supply.workers) {
      error = std::max(error, worker.standard_error);
    }
    side.error += weight * supply.batches_per_step * error / std::max(1.0, supply.parallelism);
    if (supply.transfer >= 0) {
      side.transfer = std::max(0.0, side.transfer) + supply.transfer;
      ++transfers;
    }
    const HostEvidence& host = run->host;
    const double affinity = supply.in_process ? host.main_affinity_cpus : host.worker_affinity_cpus;
    const double cpus = affinity > 0 && host.quota_cpus > 0 ? std::min(affinity, host.quota_cpus)
                                                            : std::max(affinity, host.quota_cpus);
    side.cpus = cpus > 0 ? cpus : side.cpus;
    side.throttled_share = std::max(side.throttled_share, host.throttled_share);
  }
  side.transfer = transfers > 0 ? side.transfer / transfers : -1;
  return side;
}

SupplyTerms supply_change(const SupplySide& base, const SupplySide& candidate) {
  SupplyTerms change{};
  const double batches = 0.5 * (base.batches_per_step + candidate.batches_per_step);
  const double inverse = 0.5 * (base.inverse_parallelism + candidate.inverse_parallelism);
  const double service = 0.5 * (base.service() + candidate.service());
  const double per_stage = batches * inverse;
  change[kTermFetch] = per_stage * (candidate.cost.cpu - base.cost.cpu);
  change[kTermStarved] = per_stage * (candidate.cost.starved - base.cost.starved);
  change[kTermIo] = per_stage * (candidate.cost.io - base.cost.io);
  change[kTermBlocked] = per_stage * (candidate.cost.blocked - base.cost.blocked);
  change[kTermCollate] = per_stage * (candidate.cost.collate - base.cost.collate);
  change[kTermTransfer] = per_stage * (candidate.cost.put - base.cost.put);
  change[kTermSlowWorker] = per_stage * (candidate.excess - base.excess);
  change[kTermWorkers] = batches * service * (candidate.inverse_parallelism - base.inverse_parallelism);
  couple_starvation(base, candidate, change);
  return change;
}

SupplySplit split_data_wait(const SupplyTerms& base_leaves, const SupplyTerms& candidate_leaves,
                            const SupplySide& base, const SupplySide& candidate) {
  SupplySplit out;
  SupplyTerms own{};
  for (size_t i = 0; i < own.size(); ++i) {
    own[i] = candidate_leaves[i] - base_leaves[i];
  }
  if (!base.known || !candidate.known) {
    out.delta = own;
    return out;
  }
  const SupplyTerms change = supply_change(base, candidate);
  const double interval_change = sum(change);

  // A hand-over that did not get longer is only exposed more: then its growth belongs to what made the main thread wait.
  const double before = base.transfer >= 0 ? base.transfer : candidate.transfer;
  const double after = candidate.transfer >= 0 ? candidate.transfer : base.transfer;
  const double batches = 0.5 * (base.batches_per_step + candidate.batches_per_step);
  const double longer = before >= 0 ? batches * (after - before) : own[kTermTransfer];
  const double transfer =
      std::clamp(longer, std::min(0.0, own[kTermTransfer]), std::max(0.0, own[kTermTransfer]));
  const double waited = sum(own) - transfer;

  constexpr double kErrors = 3.0;
  constexpr double kLeastShare = 0.01;
  const double noise = std::max(kErrors * std::hypot(base.error, candidate.error),
                                kLeastShare * std::max(base.interval(), candidate.interval()));
  const double scale = interval_change == 0 ? 0 : waited / interval_change;
  if (std::abs(interval_change) <= noise || scale <= 0) {
    out.delta = own;
  } else {
    out.modelled = true;
    const double used = std::min(scale, kMostScale);
    for (size_t i = 0; i < change.size(); ++i) {
      out.delta[i] = used * change[i];
    }
    // A worker that got less CPU sends slower too.
    const bool short_of_cpu =
        (cpus_shrank(base, candidate) || cpus_shrank(candidate, base)) && transfer * change[kTermStarved] > 0;
    out.delta[short_of_cpu ? kTermStarved : kTermTransfer] += transfer;
    if (scale > kMostScale) {
      add_by_leaves(waited - used * interval_change, own, out.delta);
    }
  }
  for (size_t i = 0; i < change.size(); ++i) {
    const double shown = std::max(0.0, out.delta[i]);
    out.hidden[i] = std::abs(interval_change) > noise && change[i] > shown ? change[i] - shown : 0;
  }
  return out;
}

}  // namespace stepscope::analysis
