// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gpu_findings.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "analyzer/finding_parts.hpp"

namespace stepscope::analysis {
namespace {

using finding::from_to;
using finding::ms;
using finding::percent;

// Below this a kernel is shorter than what launching it costs the host.
constexpr double kShortKernelNs = 25000;

double per_step(double value, double steps) {
  return steps > 0 ? value / steps : 0;
}

double kernels_per_step(const GpuEvidence& gpu) {
  return per_step(static_cast<double>(gpu.kernel_count), gpu.steps);
}

double mean_kernel_ns(const GpuEvidence& gpu) {
  return gpu.kernel_count == 0 ? 0
                               : static_cast<double>(gpu.kernel_ns) / static_cast<double>(gpu.kernel_count);
}

std::string micro(double ns) {
  return fmt::format("{:.1f} us", ns / 1e3);
}

std::string signed_ms(int64_t ns) {
  return fmt::format("{:+.1f} ms/step", static_cast<double>(ns) / 1e6);
}

std::string gigabytes(double bytes_per_s) {
  return fmt::format("{:.1f} GB/s", bytes_per_s / 1e9);
}

// "power_cap" as people say it.
std::string reason_words(std::string reason) {
  std::replace(reason.begin(), reason.end(), '_', ' ');
  return reason;
}

std::string advice_for(std::string_view reason) {
  return reason == "power_cap" || reason == "power_brake"
             ? "look at the power limit and at what shares the power budget"
         : reason.starts_with("thermal") ? "look at the cooling of this node"
         : reason == "app_clocks"        ? "reset the application clocks"
                                  : "compare power limits, cooling and clock settings of the two runs' GPUs";
}

// Share of the time per throttle reason, the largest over devices; an idle GPU lowers its clock rightly.
std::map<std::string, double> throttling(const GpuEvidence& gpu) {
  std::map<std::string, double> out;
  for (const DeviceHealth& device : gpu.health) {
    for (const auto& [reason, share] : device.throttled) {
      if (reason != "idle") {
        out[reason] = std::max(out[reason], share);
      }
    }
  }
  return out;
}

Finding make(std::string id, std::string text, std::string advice, int64_t effect_ns, Confidence confidence,
             const AnalyzedRun& where, std::span<const std::string_view> leaves) {
  Finding out;
  out.id = std::move(id);
  out.text = std::move(text);
  out.advice = std::move(advice);
  out.effect_ns = effect_ns;
  out.confidence = confidence;
  out.where = finding::worst_step(where, 0, leaves);
  return out;
}

// The factor by which the kernels that both runs have became slower.
struct Slowdown {
  double factor = 0;   // median over kernel time; 0: too little in common to tell
  double uniform = 0;  // share of that time within a tenth of it
};

Slowdown common_slowdown(const GpuEvidence& base, const GpuEvidence& candidate) {
  constexpr double kNear = 0.1;
  std::map<std::string_view, const KernelTotal*> in_base;
  double all = 0;
  for (const KernelTotal& kernel : base.kernels) {
    if (kernel.family != KernelFamily::kCommunication) {
      in_base[kernel.normalised] = &kernel;
      all += static_cast<double>(kernel.total_ns);
    }
  }
  std::vector<std::pair<double, double>> factors;  // factor, weight
  double common = 0;
  for (const KernelTotal& kernel : candidate.kernels) {
    const auto at = in_base.find(kernel.normalised);
    if (at != in_base.end() && at->second->mean_ns() > 0 && kernel.mean_ns() > 0) {
      const auto weight = static_cast<double>(at->second->total_ns);
      factors.emplace_back(kernel.mean_ns() / at->second->mean_ns(), weight);
      common += weight;
    }
  }
  if (common < 0.5 * all || common <= 0) {
    return {};
  }
  std::sort(factors.begin(), factors.end());
  Slowdown out;
  double below = 0;
  for (const auto& [factor, weight] : factors) {
    below += weight;
    if (out.factor == 0 && below >= common / 2) {
      out.factor = factor;
    }
  }
  for (const auto& [factor, weight] : factors) {
    out.uniform += std::abs(factor / out.factor - 1) <= kNear ? weight / common : 0;
  }
  return out;
}

// Both runs, and what a finding of a diff asks of them.
struct Pair {
  const Diff& diff;
  const AnalyzedRun& base;
  const AnalyzedRun& candidate;
  const GpuEvidence& a;
  const GpuEvidence& b;

  [[nodiscard]] const Term* grown(std::string_view name) const {
    for (const Term& term : diff.terms) {
      if (term.name == name && term.flagged && term.delta_ns > 0) {
        return &term;
      }
    }
    return nullptr;
  }
};

void add_clock(const Pair& pair, std::vector<Finding>* out) {
  constexpr double kSlower = 1.03;
  constexpr double kMostly = 0.8;
  constexpr double kMoreThrottling = 0.1;
  int64_t total = 0;
  for (const Term& term : pair.diff.terms) {
    total += term.name.starts_with(leaf::kComputePrefix) ? term.delta_ns : 0;
  }
  const double before = mean_sm_clock(pair.a);
  const double now = mean_sm_clock(pair.b);
  const Slowdown slowdown = common_slowdown(pair.a, pair.b);
  if (total < pair.diff.min_effect_ns || before <= 0 || now <= 0 || before / now < kSlower ||
      slowdown.factor < kSlower || slowdown.uniform < kMostly) {
    return;
  }
  std::string reason;
  double most = kMoreThrottling;
  std::map<std::string, double> throttled_before = throttling(pair.a);
  std::map<std::string, double> throttled_now = throttling(pair.b);
  for (const auto& [name, share] : throttled_now) {
    if (share - throttled_before[name] > most) {
      most = share - throttled_before[name];
      reason = name;
    }
  }
  const std::string why = reason.empty() ? ""
                                         : fmt::format(", {} {} of the time", reason_words(reason),
                                                       percent(throttled_now[reason]));
  out->push_back(make("gpu.clock",
                      fmt::format("all kernels x{:.2f} slower, SM clock {:.0f} -> {:.0f} MHz{} ({})",
                                  slowdown.factor, before, now, why, signed_ms(total)),
                      advice_for(reason), total, reason.empty() ? Confidence::kMedium : Confidence::kHigh,
                      pair.candidate,
                      finding::leaves_with_prefix(*pair.candidate.ledger, leaf::kComputePrefix)));
}

void add_launch_bound(const Pair& pair, std::vector<Finding>* out) {
  constexpr double kMore = 1.1;
  const Term* term = pair.grown(leaf::kIdleLaunch);
  if (term == nullptr || pair.a.kernel_count == 0 || pair.b.kernel_count == 0) {
    return;
  }
  const double before = kernels_per_step(pair.a);
  const double now = kernels_per_step(pair.b);
  const bool graphs_gone = per_step(static_cast<double>(pair.a.graph_launches), pair.a.steps) >= 0.5 &&
                           per_step(static_cast<double>(pair.b.graph_launches), pair.b.steps) < 0.25;
  if (now < kMore * before && mean_kernel_ns(pair.b) > kShortKernelNs && !graphs_gone) {
    return;
  }
  out->push_back(
      make(std::string(leaf::kIdleLaunch),
           fmt::format("launch-bound: the GPU waits for the host to launch kernels, {:.0f} -> {:.0f} per "
                       "step of {} on average{} ({})",
                       before, now, micro(mean_kernel_ns(pair.b)),
                       graphs_gone ? ", and CUDA graphs are no longer used" : "", signed_ms(term->delta_ns)),
           graphs_gone ? "find out why the graph is no longer captured"
                       : "use CUDA graphs or torch.compile, larger batches, or fuse small operations",
           term->delta_ns, graphs_gone ? Confidence::kHigh : Confidence::kMedium, pair.candidate,
           std::vector<std::string_view>{leaf::kIdleLaunch}));
}

// A wait for the GPU costs twice: the host waits, then the GPU, until the host has launched something again. So the effect
// is the growth of all idle time that a wait can turn into, once one kind of it stands out: a small rest of it, too.
bool add_sync(const Pair& pair, std::vector<Finding>* out) {
  constexpr double kAdded = 0.5;
  constexpr std::string_view kIdle[] = {leaf::kIdleSync, leaf::kIdleLaunch, leaf::kIdleUnknown};
  int64_t total = 0;
  bool grown = false;
  for (const Term& term : pair.diff.terms) {
    if (std::find(std::begin(kIdle), std::end(kIdle), term.name) != std::end(kIdle)) {
      total += term.delta_ns;
      grown = grown || pair.grown(term.name) != nullptr;
    }
  }
  if (!grown || total <= 0 || !pair.a.api || !pair.b.api) {
    return false;
  }
  std::string_view call;
  double most = kAdded;
  double before = 0;
  for (const auto& [name, count] : pair.b.sync_calls) {
    const auto at = pair.a.sync_calls.find(name);
    const double old =
        at == pair.a.sync_calls.end() ? 0 : per_step(static_cast<double>(at->second), pair.a.steps);
    if (const double more = per_step(static_cast<double>(count), pair.b.steps) - old; more >= most) {
      most = more;
      call = name;
      before = old;
    }
  }
  if (call.empty()) {
    return false;
  }
  out->push_back(make(
      std::string(leaf::kIdleSync),
      fmt::format("synchronisation: {} {:.1f} -> {:.1f} times per step; each empties the GPU's queue, and "
                  "the GPU idles until the host has filled it again ({})",
                  call, before, before + most, signed_ms(total)),
      "look for .item(), .cpu(), print of a tensor, or a synchronise call in the loop", total,
      Confidence::kHigh, pair.candidate,
      std::vector<std::string_view>{leaf::kIdleSync, leaf::kIdleLaunch, leaf::kIdleUnknown}));
  return true;
}

double rate(int64_t bytes, int64_t ns) {
  return ns > 0 ? static_cast<double>(bytes) * 1e9 / static_cast<double>(ns) : 0;
}

const CopyStats* copies_of(const GpuEvidence& gpu, std::string_view kind) {
  const auto at = std::find_if(gpu.copies.begin(), gpu.copies.end(),
                               [kind](const CopyStats& copy) { return copy.kind == kind; });
  return at == gpu.copies.end() ? nullptr : &*at;
}

void add_unpinned(const Pair& pair, std::vector<Finding>* out) {
  constexpr double kMorePageable = 1e6;  // bytes per step
  for (const std::string_view kind : {"h2d", "d2h"}) {
    const std::string leaf_name = std::string(leaf::kCopyPrefix) + std::string(kind);
    const Term* term = pair.grown(leaf_name);
    const CopyStats* copy = copies_of(pair.b, kind);
    const CopyStats* old = copies_of(pair.a, kind);
    if (term == nullptr || copy == nullptr) {
      continue;
    }
    const double before =
        old == nullptr ? 0 : per_step(static_cast<double>(old->pageable_bytes), pair.a.train_steps);
    const double now = per_step(static_cast<double>(copy->pageable_bytes), pair.b.train_steps);
    if (now - before < kMorePageable) {
      continue;
    }
    const std::string slower =
        old == nullptr || old->ns == 0
            ? ""
            : fmt::format(", {} instead of {}", gigabytes(rate(copy->pageable_bytes, copy->pageable_ns)),
                          gigabytes(rate(old->bytes, old->ns)));
    out->push_back(
        make("copy.pageable",
             fmt::format("copies {} memory that is not pinned: {:.0f} -> {:.0f} MB per step{} ({})",
                         kind == "h2d" ? "from" : "to", before / 1e6, now / 1e6, slower,
                         signed_ms(term->delta_ns)),
             "use pin_memory=True in the DataLoader and non_blocking=True in the copy", term->delta_ns,
             Confidence::kHigh, pair.candidate, std::vector<std::string_view>{leaf_name}));
  }
}

// Kernels of one collective, all together.
KernelTotal kernels_of(const GpuEvidence& gpu, std::string_view op) {
  KernelTotal sum;
  for (const KernelTotal& kernel : gpu.kernels) {
    if (kernel.family == KernelFamily::kCommunication && kernel.detail == op) {
      sum.count += kernel.count;
      sum.total_ns += kernel.total_ns;
    }
  }
  return sum;
}

// Of the communicator on which the collective takes most time; -1 when not known.
double bus_bandwidth(const GpuEvidence& gpu, std::string_view op) {
  const auto at = std::find_if(gpu.collectives.begin(), gpu.collectives.end(),
                               [op](const CollectiveStats& one) { return one.op == op; });
  return at == gpu.collectives.end() ? -1 : at->bus_bandwidth;
}

void add_communication(const Pair& pair, std::vector<Finding>* out) {
  constexpr double kLonger = 1.1;
  for (const Term& term : pair.diff.terms) {
    if (!term.name.starts_with(leaf::kCommPrefix) || pair.grown(term.name) == nullptr ||
        finding::accounted_for(*out, term.name)) {
      continue;
    }
    const std::string_view op = std::string_view(term.name).substr(leaf::kCommPrefix.size());
    const KernelTotal before = kernels_of(pair.a, op);
    const KernelTotal now = kernels_of(pair.b, op);
    if (now.count == 0) {
      continue;
    }
    const double calls_before = per_step(static_cast<double>(before.count), pair.a.steps);
    const double calls = per_step(static_cast<double>(now.count), pair.b.steps);
    const double bus_before = bus_bandwidth(pair.a, op);
    const double bus = bus_bandwidth(pair.b, op);
    std::string what;
    std::string advice = "start it earlier, or give it more work to hide behind";
    if (before.count == 0) {
      what = fmt::format("not there in the base, {:.1f} per step of {} each", calls, ms(now.mean_ns()));
    } else if (now.mean_ns() >= kLonger * before.mean_ns()) {
      what = from_to(before.mean_ns(), now.mean_ns()) + " each" +
             (bus_before > 0 && bus > 0
                  ? fmt::format(", bus bandwidth {} -> {}", gigabytes(bus_before), gigabytes(bus))
                  : "");
      advice = "a rank that comes late or a slow link: compare the ranks, then the network";
    } else if (calls >= kLonger * calls_before) {
      what = fmt::format("{:.1f} -> {:.1f} per step", calls_before, calls);
      advice = "look at bucket sizes and at what is gathered or reduced more often";
    } else {
      what = fmt::format("as fast as before ({} each), but less of it is hidden behind compute",
                         ms(now.mean_ns()));
    }
    out->push_back(
        make(term.name,
             fmt::format("communication: {} is exposed longer: {} ({})", op, what, signed_ms(term.delta_ns)),
             advice, term.delta_ns, Confidence::kMedium, pair.candidate,
             std::vector<std::string_view>{term.name}));
  }
}

// One run: leaves from here on are worth a sentence, as a share of the step.
constexpr double kLarge = 0.05;

}  // namespace

void add_gpu_findings(const Diff& diff, std::span<const AnalyzedRun> base,
                      std::span<const AnalyzedRun> candidate, std::vector<Finding>* out) {
  const Pair pair{diff, base[0], candidate[0], base[0].evidence->gpu, candidate[0].evidence->gpu};
  if (!pair.a.known || !pair.b.known) {
    return;
  }
  add_clock(pair, out);
  if (!add_sync(pair, out)) {
    add_launch_bound(pair, out);
  }
  add_unpinned(pair, out);
  add_communication(pair, out);
}

void add_gpu_findings(const AnalyzedRun& run, std::vector<Finding>* out) {
  const GpuEvidence& gpu = run.evidence->gpu;
  if (!gpu.known) {
    return;
  }
  int64_t step = 0;
  size_t steps = 0;
  const std::vector<int64_t> means = run.ledger->class_means(StepClass::kTrain, &step, &steps);
  const auto large = [&](std::string_view name) {
    const size_t index = run.ledger->leaf_index(name);
    const int64_t ns = index < means.size() ? means[index] : 0;
    return static_cast<double>(ns) >= kLarge * static_cast<double>(step) ? ns : int64_t{0};
  };
  const auto per = [](int64_t ns) { return ms(static_cast<double>(ns)) + "/step"; };
  const auto add = [&](std::string_view id, std::string text, std::string advice, int64_t ns,
                       std::string_view leaf_name) {
    out->push_back(make(std::string(id), std::move(text), std::move(advice), ns, Confidence::kMedium, run,
                        std::vector<std::string_view>{leaf_name}));
  };
  if (const int64_t ns = large(leaf::kIdleLaunch);
      ns > 0 && gpu.kernel_count > 0 && mean_kernel_ns(gpu) < kShortKernelNs) {
    add(leaf::kIdleLaunch,
        fmt::format(
            "launch-bound: {:.0f} kernels per step of {} on average, and the GPU waits for the next one ({})",
            kernels_per_step(gpu), micro(mean_kernel_ns(gpu)), per(ns)),
        "use CUDA graphs or torch.compile, larger batches, or fuse small operations", ns, leaf::kIdleLaunch);
  }
  uint64_t syncs = 0;
  for (const auto& [name, count] : gpu.sync_calls) {
    syncs += count;
  }
  if (const int64_t ns = large(leaf::kIdleSync); ns > 0 && syncs > 0) {
    add(leaf::kIdleSync,
        fmt::format("the GPU idles while the host waits for it: {:.1f} synchronising calls per step ({})",
                    per_step(static_cast<double>(syncs), gpu.steps), per(ns)),
        "look for .item(), .cpu(), print of a tensor, or a synchronise call in the loop", ns,
        leaf::kIdleSync);
  }
  for (const CopyStats& copy : gpu.copies) {
    const std::string leaf_name = std::string(leaf::kCopyPrefix) + copy.kind;
    const int64_t ns = large(leaf_name);
    if (ns > 0 && 2 * copy.pageable_ns > copy.ns && (copy.kind == "h2d" || copy.kind == "d2h")) {
      add("copy.pageable",
          fmt::format("copies {} memory that is not pinned: {:.0f} MB per step at {} ({})",
                      copy.kind == "h2d" ? "from" : "to",
                      per_step(static_cast<double>(copy.pageable_bytes), gpu.train_steps) / 1e6,
                      gigabytes(rate(copy.pageable_bytes, copy.pageable_ns)), per(ns)),
          "use pin_memory=True in the DataLoader and non_blocking=True in the copy", ns, leaf_name);
    }
  }
  for (const auto& [reason, share] : throttling(gpu)) {
    if (share > 2 * kLarge) {
      out->push_back(make("gpu.clock",
                          fmt::format("the GPU's clock is held down: {} {} of the time, SM clock {:.0f} MHz",
                                      reason_words(reason), percent(share), mean_sm_clock(gpu)),
                          advice_for(reason), 0, Confidence::kMedium, run, {}));
    }
  }
}

}  // namespace stepscope::analysis
