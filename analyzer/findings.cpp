// SPDX-License-Identifier: Apache-2.0
#include "analyzer/findings.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "analyzer/finding_parts.hpp"
#include "analyzer/gpu_findings.hpp"
#include "analyzer/rank_findings.hpp"

namespace stepscope::analysis {
namespace {

using finding::from_to;
using finding::ms;
using finding::percent;
using finding::worst_step;

std::string count(double value, const char* one, const char* many) {
  return value == std::floor(value) ? fmt::format("{:.0f} {}", value, value == 1 ? one : many)
                                    : fmt::format("{:.1f} {}", value, many);
}

constexpr std::string_view kDataLeaves[] = {leaf::kFetchCpu,     leaf::kFetchStarved, leaf::kFetchIo,
                                            leaf::kFetchBlocked, leaf::kCollate,      leaf::kTransfer};

// What a sentence is made from. `a` is absent in a report of one run.
struct Case {
  const Evidence* a = nullptr;
  const Evidence& b;
  std::string_view name;
  int64_t effect_ns = 0;
  bool noise_known = false;

  [[nodiscard]] std::string signed_effect() const {
    return a == nullptr ? fmt::format("{}/step", ms(static_cast<double>(effect_ns)))
                        : fmt::format("{:+.1f} ms/step", static_cast<double>(effect_ns) / 1e6);
  }
  [[nodiscard]] bool supplies_known() const { return b.supply.known && (a == nullptr || a->supply.known); }
  // "18.0 ms -> 38.0 ms" of a stage, or the one value there is.
  [[nodiscard]] std::string stage(double BatchCost::*part) const {
    return a == nullptr ? ms(b.supply.cost.*part) : from_to(a->supply.cost.*part, b.supply.cost.*part);
  }
};

struct Sentence {
  std::string text;
  std::string advice;
  Confidence confidence = Confidence::kMedium;
};
using Explained = std::optional<Sentence>;

std::string host_limits(const HostEvidence& host, double workers) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (host.throttled_share > 0.01) {
    add(fmt::format("cgroup throttled {} of the time", percent(std::min(1.0, host.throttled_share))));
  }
  if (host.quota_cpus > 0) {
    add("quota of " + count(host.quota_cpus, "CPU", "CPUs"));
  }
  if (host.worker_affinity_cpus > 0 && host.worker_affinity_cpus <= workers) {
    add(fmt::format("{} for {}", count(host.worker_affinity_cpus, "CPU", "CPUs"),
                    count(workers, "worker", "workers")));
  }
  if (host.psi_cpu_share > 0.05) {
    add(fmt::format("CPU pressure {}", percent(host.psi_cpu_share)));
  }
  return text;
}

Explained explain_fetch(const Case& c) {
  if (!c.supplies_known()) {
    return std::nullopt;
  }
  return Sentence{fmt::format("data loading: the dataset's __getitem__ computes {} per batch ({})",
                              c.stage(&BatchCost::cpu), c.signed_effect()),
                  "make __getitem__ cheaper (decode, augment, tokenize ahead of time) or add workers",
                  Confidence::kHigh};
}

Explained explain_starved(const Case& c) {
  if (!c.supplies_known()) {
    return std::nullopt;
  }
  const std::string limits = host_limits(c.b.host, c.b.supply.parallelism);
  return Sentence{
      fmt::format("data loading: workers wait for a CPU {} per batch ({}{}{})", c.stage(&BatchCost::starved),
                  c.signed_effect(), limits.empty() ? "" : "; ", limits),
      "give the workers more CPUs (quota, affinity) or use fewer workers and threads",
      limits.empty() ? Confidence::kMedium : Confidence::kHigh};
}

Explained explain_io(const Case& c) {
  if (!c.supplies_known()) {
    return std::nullopt;
  }
  std::string more;
  if (c.b.host.read_bytes_per_s > 0) {
    more += fmt::format("; {:.1f} MB/s read", c.b.host.read_bytes_per_s / 1e6);
  }
  if (c.b.host.psi_io_share > 0.05) {
    more += fmt::format("; I/O pressure {}", percent(c.b.host.psi_io_share));
  }
  return Sentence{fmt::format("data loading: workers are blocked reading {} per batch ({}{})",
                              c.stage(&BatchCost::io), c.signed_effect(), more),
                  "look at the storage of the dataset: cache it, move it nearer, read larger pieces",
                  more.empty() ? Confidence::kMedium : Confidence::kHigh};
}

Explained explain_blocked(const Case& c) {
  if (!c.supplies_known()) {
    return std::nullopt;
  }
  return Sentence{
      fmt::format("data loading: workers sleep or wait for locks {} per batch, not for a CPU or a disk ({})",
                  c.stage(&BatchCost::blocked), c.signed_effect()),
      "look for sleeps, locks, network calls and retries in the dataset", Confidence::kMedium};
}

Explained explain_collate(const Case& c) {
  if (!c.supplies_known()) {
    return std::nullopt;
  }
  return Sentence{fmt::format("data loading: collate takes {} per batch ({})", c.stage(&BatchCost::collate),
                              c.signed_effect()),
                  "make collate_fn cheaper: pad less, copy less, stack tensors instead of lists",
                  Confidence::kHigh};
}

Explained explain_transfer(const Case& c) {
  if (c.b.supply.transfer < 0) {
    return std::nullopt;
  }
  return Sentence{fmt::format("data loading: a made batch takes {} until the main process has it ({})",
                              ms(c.b.supply.transfer + c.b.supply.cost.put), c.signed_effect()),
                  "hand over tensors, not Python objects; check /dev/shm", Confidence::kMedium};
}

Explained explain_workers(const Case& c) {
  if (c.a == nullptr || c.a->supply.parallelism == c.b.supply.parallelism) {
    return std::nullopt;
  }
  const auto words = [](const Supply& supply) { return supply.in_process ? 0.0 : supply.parallelism; };
  return Sentence{
      fmt::format("data loading: num_workers {:.0f} -> {:.0f}, {} of work per batch ({})", words(c.a->supply),
                  words(c.b.supply), ms(c.b.supply.cost.total()), c.signed_effect()),
      "set num_workers back", Confidence::kHigh};
}

Explained explain_slow_worker(const Case& c) {
  const Supply& supply = c.b.supply.excess > 0 || c.a == nullptr ? c.b.supply : c.a->supply;
  if (supply.excess <= 0) {
    return std::nullopt;
  }
  return Sentence{
      fmt::format(
          "data loading: worker {} needs {} more per batch than the others, mostly {}; in-order delivery "
          "makes everyone wait for it ({})",
          supply.slow_worker, ms(supply.excess), supply.slowest_stage, c.signed_effect()),
      "look at what is special about that worker: its shard, its CPU, its mount", Confidence::kHigh};
}

Explained explain_gc(const Case& c) {
  const GcEvidence& gc = c.b.gc;
  const uint64_t pauses = gc.pauses[0] + gc.pauses[1] + gc.pauses[2];
  if (pauses == 0) {
    return std::nullopt;
  }
  return Sentence{
      fmt::format(
          "Python's garbage collector pauses training: {} pauses ({} of generation 2), longest {} ({})",
          pauses, gc.pauses[2], ms(static_cast<double>(gc.max_ns)), c.signed_effect()),
      "call gc.freeze() after start-up, or gc.disable() and collect at a time of your choice",
      Confidence::kHigh};
}

Explained explain_optimizer(const Case& c) {
  if (c.b.optimizer.empty()) {
    return std::nullopt;
  }
  const bool other = c.a != nullptr && !c.a->optimizer.empty() && c.a->optimizer != c.b.optimizer;
  return Sentence{
      other ? fmt::format("optimizer {} -> {} ({})", c.a->optimizer, c.b.optimizer, c.signed_effect())
            : fmt::format("the optimizer step ({}) takes {} ({})", c.b.optimizer,
                          c.a == nullptr    ? "its time"
                          : c.effect_ns > 0 ? "longer"
                                            : "less time",
                          c.signed_effect()),
      "try a fused or foreach implementation", other ? Confidence::kHigh : Confidence::kMedium};
}

Explained explain_worker_start(const Case& c) {
  return Sentence{fmt::format("starting loader workers is on the path ({})", c.signed_effect()),
                  "use persistent_workers=True", Confidence::kMedium};
}

Explained explain_dispatch(const Case& c) {
  if (c.b.loader.prefetch_factor < 0) {
    return std::nullopt;
  }
  return Sentence{
      fmt::format("data loading: workers sit idle because indices reach them late (prefetch_factor {}; {})",
                  c.b.loader.prefetch_factor, c.signed_effect()),
      "raise prefetch_factor", Confidence::kMedium};
}

Explained explain_data_other(const Case& c) {
  if (c.b.supply.unjoined_share < 0.2) {
    return std::nullopt;
  }
  return Sentence{
      fmt::format(
          "the wait for data cannot be traced: {} of the batches have no record of the worker that made "
          "them ({})",
          percent(c.b.supply.unjoined_share), c.signed_effect()),
      "record the worker processes too: check 'stepscope doctor'", Confidence::kLow};
}

Explained explain_checkpoint(const Case& c) {
  return Sentence{fmt::format("checkpoints are written in ordinary steps ({})", c.signed_effect()),
                  "save asynchronously or less often", Confidence::kMedium};
}

// In one run nobody can say how much of it is too much.
Explained explain_host_other(const Case& c) {
  if (c.a == nullptr) {
    return std::nullopt;
  }
  return Sentence{fmt::format("the training thread spends {} outside the model, the optimizer and every data "
                              "loader known: an iterator "
                              "of your own, logging, metrics ({})",
                              c.effect_ns > 0 ? "longer" : "less time", c.signed_effect()),
                  "record with --python-samples 100 to see which lines, or mark them with ranges",
                  Confidence::kMedium};
}

struct Explainer {
  std::string_view name;  // of a term, or of the leaf that means the same in a report
  Explained (*explain)(const Case&);
};
constexpr Explainer kExplainers[] = {
    {term::kFetch, &explain_fetch},
    {leaf::kFetchCpu, &explain_fetch},
    {term::kStarved, &explain_starved},
    {leaf::kFetchStarved, &explain_starved},
    {term::kIo, &explain_io},
    {leaf::kFetchIo, &explain_io},
    {term::kBlocked, &explain_blocked},
    {leaf::kFetchBlocked, &explain_blocked},
    {term::kCollate, &explain_collate},
    {term::kTransfer, &explain_transfer},
    {term::kWorkers, &explain_workers},
    {term::kSlowWorker, &explain_slow_worker},
    {leaf::kGc, &explain_gc},
    {leaf::kOptimizer, &explain_optimizer},
    {leaf::kWorkerStart, &explain_worker_start},
    {leaf::kDispatch, &explain_dispatch},
    {leaf::kDataOther, &explain_data_other},
    {leaf::kCheckpoint, &explain_checkpoint},
    {leaf::kHostOther, &explain_host_other},
};

Explained explain(const Case& c) {
  for (const Explainer& explainer : kExplainers) {
    if (explainer.name == c.name) {
      return explainer.explain(c);
    }
  }
  return std::nullopt;
}

// The leaves to look at for a term.
std::vector<std::string_view> leaves_of(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kLeaves[] = {
      {term::kFetch, leaf::kFetchCpu},
      {term::kStarved, leaf::kFetchStarved},
      {term::kIo, leaf::kFetchIo},
      {term::kBlocked, leaf::kFetchBlocked}};
  for (const auto& [term_name, leaf_name] : kLeaves) {
    if (name == term_name) {
      return {leaf_name};
    }
  }
  if (name == term::kWorkers || name == term::kSlowWorker) {
    return {std::begin(kDataLeaves), std::end(kDataLeaves)};
  }
  return {name};
}

void add_recording_quality(const AnalyzedRun& run, std::vector<Finding>* out) {
  uint64_t lost = 0;
  for (const RunLoss& loss : run.run->losses()) {
    lost += loss.severity == "data_loss" ? loss.count : 0;
  }
  if (lost > 0) {
    Finding finding;
    finding.id = "recording.loss";
    finding.text = fmt::format("{}: {} records were lost while recording", run.run->label(), lost);
    finding.advice = "see 'stepscope info' for the counters; record with a lower level";
    finding.confidence = Confidence::kHigh;
    out->push_back(std::move(finding));
  }
}

void sort_findings(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::abs(a.effect_ns) > std::abs(b.effect_ns);
  });
}

Finding finding_of(const Case& c, Sentence sentence, const AnalyzedRun& where) {
  Finding finding;
  finding.id = c.name;
  finding.text = std::move(sentence.text);
  finding.advice = std::move(sentence.advice);
  finding.effect_ns = c.effect_ns;
  finding.confidence = sentence.confidence;
  finding.where = worst_step(where, 0, leaves_of(c.name));
  return finding;
}

// Compute has no evidence but its own numbers on a host-only run: one sentence for forward and backward together.
void add_compute(const Diff& diff, std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate,
                 std::vector<Finding>* out) {
  // Growth of the run-queue wait from which on it is worth a word, as a share of wall time.
  constexpr double kMoreQueueing = 0.1;
  int64_t total = 0;
  bool flagged = false;
  for (const Term& one : diff.terms) {
    if (one.name == leaf::kForward || one.name == leaf::kBackward) {
      total += one.delta_ns;
      flagged = flagged || one.flagged;
    }
  }
  if (!flagged) {
    return;
  }
  Finding finding;
  finding.id = "compute";
  finding.text = fmt::format("the model itself takes {}: forward and backward {:+.1f} ms/step",
                             total > 0 ? "longer" : "less time", static_cast<double>(total) / 1e6);
  const double queued_before = base[0].evidence->host.main_runq_share;
  const double queued = candidate[0].evidence->host.main_runq_share;
  if (total > 0 && queued_before >= 0 && queued > queued_before + kMoreQueueing) {
    finding.text = fmt::format(
        "forward and backward take {:+.1f} ms/step, and the training process waits for a CPU: {} of the "
        "time, {} in the base",
        static_cast<double>(total) / 1e6, percent(queued), percent(queued_before));
    finding.advice = "something competes for its CPUs: the loader's workers, other threads, other programs";
  }
  finding.effect_ns = total;
  finding.confidence = Confidence::kMedium;
  const std::string_view leaves[] = {leaf::kForward, leaf::kBackward};
  finding.where = worst_step(candidate[0], 0, leaves);
  out->push_back(std::move(finding));
}

}  // namespace

std::string_view confidence_name(Confidence confidence) {
  switch (confidence) {
    case Confidence::kLow:
      return "low";
    case Confidence::kMedium:
      return "medium";
    case Confidence::kHigh:
      break;
  }
  return "high";
}

std::vector<Finding> find_in_run(const AnalyzedRun& run) {
  // A leaf is worth a sentence from here on, as a share of the step.
  constexpr double kLarge = 0.05;
  std::vector<Finding> out;
  int64_t step = 0;
  size_t steps = 0;
  const std::vector<int64_t> means = run.ledger->class_means(StepClass::kTrain, &step, &steps);
  for (size_t l = 0; l < means.size(); ++l) {
    if (static_cast<double>(means[l]) < kLarge * static_cast<double>(step)) {
      continue;
    }
    const Case c{nullptr, *run.evidence, run.ledger->leaves[l], means[l], false};
    // Compute and an ordinary optimizer step are what training is for: no finding.
    if (c.name == leaf::kOptimizer) {
      continue;
    }
    if (Explained sentence = explain(c); sentence.has_value()) {
      out.push_back(finding_of(c, std::move(*sentence), run));
    }
  }
  if (run.evidence->supply.excess > 0) {
    int64_t waited = 0;
    for (const std::string_view name : kDataLeaves) {
      const size_t index = run.ledger->leaf_index(name);
      waited += index < means.size() ? means[index] : 0;
    }
    const double reach = run.evidence->supply.excess * run.evidence->supply.batches_per_step /
                         std::max(1.0, run.evidence->supply.parallelism);
    const Case c{nullptr, *run.evidence, term::kSlowWorker, std::min(waited, static_cast<int64_t>(reach)),
                 false};
    if (static_cast<double>(c.effect_ns) >= kLarge * static_cast<double>(step)) {
      out.push_back(finding_of(c, *explain(c), run));
    }
  }
  add_gpu_findings(run, &out);
  add_late_rank(run, &out);
  add_recording_quality(run, &out);
  sort_findings(out);
  return out;
}

std::vector<Finding> find_in_diff(const Diff& diff, std::span<const AnalyzedRun> base,
                                  std::span<const AnalyzedRun> candidate) {
  std::vector<Finding> out;
  if (base.empty() || candidate.empty()) {
    return out;
  }
  for (const Term& one : diff.terms) {
    if (!one.flagged) {
      continue;
    }
    const Case c{base[0].evidence, *candidate[0].evidence, one.name, one.delta_ns, diff.noise_known};
    Explained sentence = explain(c);
    if (!sentence.has_value()) {
      continue;
    }
    if (!diff.noise_known && sentence->confidence == Confidence::kHigh &&
        std::abs(one.delta_ns) < 2 * diff.min_effect_ns) {
      sentence->confidence = Confidence::kMedium;
    }
    out.push_back(finding_of(c, std::move(*sentence), one.delta_ns >= 0 ? candidate[0] : base[0]));
    if (one.delta_ns < 0) {
      out.back().where.reset();  // pointers name places in candidate runs
    }
  }
  add_compute(diff, base, candidate, &out);
  add_rank_findings(diff, base, candidate, &out);
  add_gpu_findings(diff, base, candidate, &out);
  for (const AnalyzedRun& run : candidate) {
    add_recording_quality(run, &out);
  }
  sort_findings(out);
  return out;
}

}  // namespace stepscope::analysis
