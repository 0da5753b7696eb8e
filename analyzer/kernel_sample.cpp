// SPDX-License-Identifier: Apache-2.0
#include "analyzer/kernel_sample.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "analyzer/apportion.hpp"
#include "analyzer/batches.hpp"
#include "analyzer/gpu_events.hpp"
#include "analyzer/gpu_labels.hpp"
#include "analyzer/labels.hpp"
#include "analyzer/partition.hpp"

namespace stepscope::analysis {
namespace {

// One window holds a whole step unless it is enormous.
constexpr size_t kEventsPerStep = size_t{1} << 22U;
// How long before a step what runs in it may have been launched, at least.
constexpr int64_t kLeastAhead = 1000000000;
constexpr uint32_t kNoEvent = 0xFFFFFFFF;

// Of the kernel's own stream, by launch; a correlation id counts up and wraps.
void order_by_launch(std::vector<GpuEvent>* events) {
  if (events->empty()) {
    return;
  }
  const uint32_t first = events->front().correlation;
  std::stable_sort(events->begin(), events->end(), [first](const GpuEvent& a, const GpuEvent& b) {
    return static_cast<int32_t>(a.correlation - first) < static_cast<int32_t>(b.correlation - first);
  });
}

// The time in which communication kernels run, as disjoint ranges.
class CommunicationSpans {
 public:
  void add(int64_t begin, int64_t end) { spans_.push_back({begin, end}); }
  void close() {
    std::sort(spans_.begin(), spans_.end(),
              [](const TimeRange& a, const TimeRange& b) { return a.begin_ns < b.begin_ns; });
    std::vector<TimeRange> merged;
    for (const TimeRange& span : spans_) {
      if (!merged.empty() && span.begin_ns <= merged.back().end_ns) {
        merged.back().end_ns = std::max(merged.back().end_ns, span.end_ns);
      } else {
        merged.push_back(span);
      }
    }
    spans_ = std::move(merged);
  }
  // How much of [begin, end) they cover; calls come in the order of time.
  [[nodiscard]] int64_t covered(int64_t begin, int64_t end) {
    while (next_ < spans_.size() && spans_[next_].end_ns <= begin) {
      ++next_;
    }
    int64_t out = 0;
    for (size_t i = next_; i < spans_.size() && spans_[i].begin_ns < end; ++i) {
      out += std::min(end, spans_[i].end_ns) - std::max(begin, spans_[i].begin_ns);
    }
    return out;
  }

 private:
  std::vector<TimeRange> spans_;
  size_t next_ = 0;
};

// What of pieces, in the order of time, lies in ranges that ascend.
class PieceClipper {
 public:
  explicit PieceClipper(const std::vector<TimeRange>& ranges) : ranges_(ranges) {}

  template <typename Visit>
  void each(int64_t begin, int64_t end, const Visit& visit) {
    while (next_ < ranges_.size() && ranges_[next_].end_ns <= begin) {
      ++next_;
    }
    for (size_t i = next_; i < ranges_.size() && ranges_[i].begin_ns < end; ++i) {
      visit(std::max(begin, ranges_[i].begin_ns), std::min(end, ranges_[i].end_ns));
    }
  }

 private:
  const std::vector<TimeRange>& ranges_;
  size_t next_ = 0;
};

class ProcessSampler {
 public:
  ProcessSampler(const Run& run, const ProcessSteps& steps, bool places, TextPool* pool)
      : run_(run), steps_(steps), places_(places), pool_(*pool), names_(run) {}

  // Those of this process, each at its place in the plan.
  Status sample(const SamplePlan& plan, std::vector<SampledStep>* out) {
    LabelContext context{run_, steps_, batches_, labels_, {}, {}, {}, {}, {}, 0, 0};
    Result<GpuLabels> gpu = GpuLabels::prepare(context);
    if (!gpu.ok()) {
      return gpu.status();
    }
    for (size_t i = 0; i < plan.size(); ++i) {
      if (plan[i].process != &steps_) {
        continue;
      }
      Result<SampledStep> sampled = sample_step(plan[i], gpu.value());
      if (!sampled.ok()) {
        return sampled.status();
      }
      (*out)[i] = std::move(sampled).value();
    }
    return {};
  }

 private:
  struct Shares {
    int64_t exclusive = 0;
    int64_t overlapped = 0;
  };

  Result<SampledStep> sample_step(const PlannedStep& planned, const GpuLabels& gpu) {
    const Step& step = *planned.step;
    std::vector<GpuEvent> events;
    GpuScan scan;
    scan.signature = true;
    scan.instants = true;
    scan.events_per_window = kEventsPerStep;
    Status status = scan_gpu(
        run_, steps_.process, {step.begin_ns, step.end_ns}, scan,
        [&](int64_t begin, int64_t, std::span<const GpuEvent> window) {
          for (const GpuEvent& event : window) {
            if (begin == step.begin_ns || event.begin_ns >= begin) {  // else an earlier window had it
              events.push_back(event);
            }
          }
          return Status();
        });
    if (!status.ok()) {
      return status;
    }
    order_by_launch(&events);
    Result<LaunchPlaces> places = read_places(step, events);
    if (!places.ok()) {
      return places.status();
    }
    SampledStep out;
    out.pair = planned.pair;
    out.rank = run_.processes()[steps_.process].rank;
    out.number = step.number;
    const std::vector<Shares> shares = share(planned, events, gpu);
    for (size_t i = 0; i < events.size(); ++i) {
      add(events[i], gpu, shares[i], places.value(), &out.kernels);
    }
    return out;
  }

  Result<LaunchPlaces> read_places(const Step& step, const std::vector<GpuEvent>& events) {
    if (!places_) {
      return LaunchPlaces();
    }
    std::vector<uint32_t> correlations;
    for (const GpuEvent& event : events) {
      correlations.push_back(event.correlation);
    }
    std::sort(correlations.begin(), correlations.end());
    const int64_t ahead = std::max(kLeastAhead, 2 * step.duration_ns());
    return LaunchPlaces::read(run_, steps_.process, {step.begin_ns - ahead, step.end_ns}, correlations,
                              &pool_);
  }

  std::vector<Shares> share(const PlannedStep& planned, const std::vector<GpuEvent>& events,
                            const GpuLabels& gpu) const {
    CommunicationSpans communication;
    std::vector<LabelInterval> intervals;
    std::vector<bool> communicates(events.size());
    for (uint32_t i = 0; i < events.size(); ++i) {
      const GpuLabels::Label label = gpu.label_of(events[i]);
      communicates[i] =
          !Labels::is_mix(label.id) && labels_.leaves()[label.id].starts_with(leaf::kCommPrefix);
      if (communicates[i]) {
        communication.add(events[i].begin_ns, events[i].end_ns);
      }
      intervals.push_back({events[i].begin_ns, events[i].end_ns, events[i].begin_ns, i, label.tier});
    }
    communication.close();
    std::vector<Shares> out(events.size());
    const std::vector<TimeRange> whole = {{planned.step->begin_ns, planned.step->end_ns}};
    PieceClipper clip(planned.whole ? whole : planned.on_path);
    partition(intervals, planned.step->begin_ns, planned.step->end_ns, kNoEvent,
              [&](int64_t piece_begin, int64_t piece_end, uint32_t index) {
                if (index == kNoEvent) {
                  return;
                }
                clip.each(piece_begin, piece_end, [&](int64_t begin, int64_t end) {
                  out[index].exclusive += end - begin;
                  out[index].overlapped += communicates[index] ? 0 : communication.covered(begin, end);
                });
              });
    return out;
  }

  void add(const GpuEvent& event, const GpuLabels& gpu, const Shares& shares, const LaunchPlaces& places,
           std::vector<SampledKernel>* out) {
    const uint32_t label = gpu.label_of(event).id;
    SampledKernel kernel;
    kernel.begin_ns = event.begin_ns;
    kernel.lane = stream_name(event.lane);
    if (const LaunchPlace* place = places.of(event.correlation); place != nullptr) {
      kernel.place = *place;
      kernel.launched = true;
    }
    if (event.kind == Kind::kKernel) {
      describe(event.name, event.signature, &kernel);
      kernel.leaf = pool_.id(labels_.leaves()[label]);
      kernel.exclusive_ns = shares.exclusive;
      kernel.overlapped_ns = shares.overlapped;
      out->push_back(kernel);
    } else if (event.kind == Kind::kGraphLaunch) {
      add_graph(gpu.kernels_of(event.graph), label, shares, kernel, out);
    }
  }

  void describe(uint32_t name_id, uint32_t signature, SampledKernel* kernel) {
    const KernelName& name = names_.of(name_id);
    kernel->name = pool_.id(name.demangled);
    kernel->normalised = pool_.id(name.normalised);
    kernel->family = name.family;
    kernel->signature = signature == 0 ? 0 : pool_.id(run_.name(signature));
  }

  // A launch that was recorded as a whole: the kernels that it has, each with its part of the time; where they are not known, one
  // for each leaf. Adds up to the leaves of the launch.
  void add_graph(std::span<const GraphNode> nodes, uint32_t label, const Shares& shares, SampledKernel kernel,
                 std::vector<SampledKernel>* out) {
    std::map<uint32_t, int64_t> leaves;
    const auto part = [&leaves](uint32_t leaf_id, int64_t ns) { leaves[leaf_id] += ns; };
    if (Labels::is_mix(label)) {
      labels_.split(label, shares.exclusive, part);
    } else {
      part(label, shares.exclusive);
    }
    const auto push = [&](uint32_t leaf_id, int64_t ns) {
      kernel.leaf = pool_.id(labels_.leaves()[leaf_id]);
      kernel.exclusive_ns = ns;
      kernel.overlapped_ns =
          shares.exclusive == 0
              ? 0
              : static_cast<int64_t>(static_cast<double>(shares.overlapped) * static_cast<double>(ns) /
                                     static_cast<double>(shares.exclusive));
      out->push_back(kernel);
    };
    std::map<uint32_t, std::vector<int64_t>> weights;
    for (const GraphNode& node : nodes) {
      weights[node.label].push_back(node.ns);
    }
    std::map<uint32_t, std::vector<int64_t>> parts;
    for (const auto& [leaf_id, ns] : leaves) {
      if (const auto known = weights.find(leaf_id); known != weights.end()) {
        parts[leaf_id] = apportion(ns, known->second);
      } else if (labels_.leaves()[leaf_id] != leaf::kIdleGraph) {  // that is between its kernels
        kernel.name = kernel.normalised = pool_.id("CUDA graph, its part of " + labels_.leaves()[leaf_id]);
        push(leaf_id, ns);
      }
    }
    std::map<uint32_t, size_t> next;
    for (const GraphNode& node : nodes) {
      if (const auto own = parts.find(node.label); own != parts.end()) {
        describe(node.name, node.signature, &kernel);
        push(node.label, own->second[next[node.label]++]);
      }
    }
  }

  uint32_t stream_name(uint32_t lane) {
    const auto [at, fresh] = streams_.try_emplace(lane, 0);
    if (fresh) {
      const uint32_t global = run_.global_lane(steps_.process, lane);
      at->second = global == kNoLane ? 0 : pool_.id(run_.lanes()[global].name);
    }
    return at->second;
  }

  const Run& run_;
  const ProcessSteps& steps_;
  bool places_;
  TextPool& pool_;
  KernelNames names_;
  BatchTable batches_;  // none: idle time is not asked for
  Labels labels_;
  std::map<uint32_t, uint32_t> streams_;
};

// Kernels whose launch lies before the recording (a profiler that starts while the GPU works through its queue) get the
// place that the same kernel has elsewhere, told apart by the kernel before it and behind it where these are known.
class PlaceInference {
 public:
  explicit PlaceInference(std::vector<SampledStep>* steps) : steps_(*steps) {}

  void run() {
    for (const SampledStep& step : steps_) {
      for (size_t i = 0; i < step.kernels.size(); ++i) {
        if (step.kernels[i].launched) {
          for (const Context& context : contexts(step.kernels, i)) {
            known_.try_emplace(context, step.kernels[i].place);
          }
        }
      }
    }
    for (SampledStep& step : steps_) {
      for (size_t i = 0; i < step.kernels.size(); ++i) {
        SampledKernel& kernel = step.kernels[i];
        if (kernel.launched) {
          continue;
        }
        for (const Context& context : contexts(step.kernels, i)) {
          if (const auto found = known_.find(context); found != known_.end()) {
            kernel.place = found->second;
            kernel.place.op_call = kernel.place.outer_op_call = 0;  // another call of that operator
            break;
          }
        }
      }
    }
  }

 private:
  using Context = std::tuple<uint32_t, uint32_t, uint32_t, uint32_t>;  // name, signature, before, behind

  // The narrowest first.
  static std::vector<Context> contexts(const std::vector<SampledKernel>& kernels, size_t i) {
    const uint32_t before = i == 0 ? 0 : kernels[i - 1].name;
    const uint32_t behind = i + 1 == kernels.size() ? 0 : kernels[i + 1].name;
    const SampledKernel& one = kernels[i];
    return {{one.name, one.signature, before, behind},
            {one.name, 0, before, behind},
            {one.name, one.signature, 0, 0},
            {one.name, 0, before, 0},
            {one.name, 0, 0, 0}};
  }

  std::vector<SampledStep>& steps_;
  std::map<Context, LaunchPlace> known_;
};

}  // namespace

Result<KernelSample> sample_kernels(const Run& run, const SamplePlan& plan, bool places, TextPool* pool) {
  KernelSample out;
  out.steps.resize(plan.size());
  std::vector<const ProcessSteps*> processes;  // each once
  for (const PlannedStep& planned : plan) {
    if (std::find(processes.begin(), processes.end(), planned.process) == processes.end()) {
      processes.push_back(planned.process);
    }
  }
  for (const ProcessSteps* process : processes) {
    if (Status status = ProcessSampler(run, *process, places, pool).sample(plan, &out.steps); !status.ok()) {
      return status;
    }
  }
  PlaceInference(&out.steps).run();
  for (const SampledStep& step : out.steps) {
    out.operators = out.operators || std::any_of(step.kernels.begin(), step.kernels.end(),
                                                 [](const SampledKernel& one) { return one.place.op != 0; });
  }
  return out;
}

Result<SampledSides> sample_sides(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate,
                                  bool by_ranks, TextPool* pool) {
  const AnalyzedRun* runs[2] = {&base[0], &candidate[0]};
  SamplePlan plans[2];
  if (by_ranks) {
    std::tie(plans[0], plans[1]) = plan_path(base[0], candidate[0], {});
  } else {
    for (const size_t side : {0U, 1U}) {
      for (const AnalyzedRun& run : side == 0 ? base : candidate) {
        if (plans[side].empty()) {
          runs[side] = &run;
          plans[side] = plan_spread(*run.run, *run.ledger, {});
        }
      }
    }
  }
  SampledSides out;
  for (const size_t side : {0U, 1U}) {
    Result<KernelSample> sample = sample_kernels(*runs[side]->run, plans[side], true, pool);
    if (!sample.ok()) {
      return sample.status();
    }
    (side == 0 ? out.base : out.candidate) = std::move(sample).value();
  }
  return out;
}

std::vector<StepPair> pair_steps(const KernelSample& base, const KernelSample& candidate) {
  std::vector<StepPair> out;
  size_t b = 0;
  for (const SampledStep& step : base.steps) {
    while (b < candidate.steps.size() && candidate.steps[b].pair < step.pair) {
      ++b;
    }
    if (b < candidate.steps.size() && candidate.steps[b].pair == step.pair) {
      out.emplace_back(&step, &candidate.steps[b++]);
    }
  }
  return out;
}

}  // namespace stepscope::analysis
