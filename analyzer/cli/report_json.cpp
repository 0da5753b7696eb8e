// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "analyzer/cli/findings_view.hpp"
#include "analyzer/cli/gpu_view.hpp"
#include "analyzer/cli/open_run.hpp"
#include "analyzer/cli/rank_view.hpp"
#include "analyzer/cli/report_view.hpp"

namespace stepscope::analysis::cli {
namespace {

using nlohmann::ordered_json;

ordered_json number_or_null(double value) {
  return value < 0 ? ordered_json(nullptr) : ordered_json(value);
}

ordered_json integer_or_null(int64_t value) {
  return value < 0 ? ordered_json(nullptr) : ordered_json(value);
}

ordered_json ledger_json(const Ledger& ledger) {
  ordered_json classes = ordered_json::array();
  for (size_t c = 0; c < kStepClassCount; ++c) {
    int64_t mean_ns = 0;
    size_t count = 0;
    const auto step_class = static_cast<StepClass>(c);
    const std::vector<int64_t> means = ledger.class_means(step_class, &mean_ns, &count);
    if (count == 0 || means.empty()) {
      continue;
    }
    ordered_json leaves = ordered_json::object();
    for (size_t leaf = 0; leaf < means.size(); ++leaf) {
      if (means[leaf] != 0) {
        leaves[ledger.leaves[leaf]] = means[leaf];
      }
    }
    classes.push_back({{"class", step_class_name(step_class)},
                       {"steps", count},
                       {"mean_step_ns", mean_ns},
                       {"leaf_ns", std::move(leaves)}});
  }
  return {{"residual_ns", ledger.residual_ns()}, {"classes", std::move(classes)}};
}

ordered_json cost_json(const BatchCost& cost) {
  return {{"cpu_ns", cost.cpu},         {"starved_ns", cost.starved}, {"io_ns", cost.io},
          {"blocked_ns", cost.blocked}, {"collate_ns", cost.collate}, {"put_ns", cost.put},
          {"total_ns", cost.total()}};
}

ordered_json supply_json(const Supply& supply) {
  if (!supply.known) {
    return nullptr;
  }
  ordered_json workers = ordered_json::array();
  for (const WorkerSupply& worker : supply.workers) {
    workers.push_back(
        {{"worker", worker.worker}, {"batches", worker.batches}, {"cost", cost_json(worker.cost)}});
  }
  return {{"batches_per_step", supply.batches_per_step},
          {"parallelism", supply.parallelism},
          {"in_process", supply.in_process},
          {"transfer_ns", number_or_null(supply.transfer)},
          {"unjoined_share", supply.unjoined_share},
          {"mean", cost_json(supply.cost)},
          {"workers", std::move(workers)}};
}

ordered_json loader_json(const LoaderConfig& loader) {
  return {{"class", loader.loader_class},
          {"dataset", loader.dataset_class},
          {"start_method", loader.start_method},
          {"batch_size", integer_or_null(loader.batch_size)},
          {"num_workers", integer_or_null(loader.num_workers)},
          {"prefetch_factor", integer_or_null(loader.prefetch_factor)}};
}

ordered_json host_json(const HostEvidence& host) {
  return {{"cpus", number_or_null(host.cpus)},
          {"main_affinity_cpus", number_or_null(host.main_affinity_cpus)},
          {"worker_affinity_cpus", number_or_null(host.worker_affinity_cpus)},
          {"quota_cpus", number_or_null(host.quota_cpus)},
          {"throttled_share", number_or_null(host.throttled_share)},
          {"psi_cpu_share", number_or_null(host.psi_cpu_share)},
          {"psi_io_share", number_or_null(host.psi_io_share)},
          {"psi_memory_share", number_or_null(host.psi_memory_share)},
          {"read_bytes_per_s", number_or_null(host.read_bytes_per_s)}};
}

}  // namespace

ordered_json report_json(const Report& report) {
  ordered_json document = json_head("report", 1);
  const Run* const run = &report.run;
  document["run"] = report.run.path();
  document["findings"] = findings_json(report.findings, {&run, 1});
  document["ledger"] = ledger_json(report.ledger);
  if (report.chain != nullptr) {
    document["chain"] = chain_json(report.run, *report.chain);
  }
  document["ranks"] = rank_json(report.run, report.ranks);
  document["loader"] = loader_json(report.evidence.loader);
  document["supply"] = supply_json(report.evidence.supply);
  document["host"] = host_json(report.evidence.host);
  if (report.evidence.gpu.known) {
    document["gpu"] = gpu_json(report);
  }
  return document;
}

}  // namespace stepscope::analysis::cli
