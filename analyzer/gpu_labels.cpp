// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gpu_labels.hpp"

#include <algorithm>
#include <cctype>
#include <string>

#include "analyzer/cuda_calls.hpp"
#include "analyzer/kernel_name.hpp"

namespace stepscope::analysis {
namespace {

// Who wins, low to high, once the GPU speaks.
enum GpuTier : uint8_t { kTierIdle = 1, kTierBetweenNodes, kTierCopy, kTierCommunication, kTierCompute };

// torch.compile makes a kernel per fused group: so many leaves help nobody, the largest stay.
constexpr size_t kMaxTritonLeaves = 32;
constexpr std::string_view kOtherTriton = "compute/triton/(other fusions)";

// What the host did from here to where the next one begins. Half of an interval, as there are as many as calls.
struct HostPiece {
  int64_t begin_ns = 0;
  uint32_t label = 0;
};

std::string joined(std::string_view prefix, std::string_view rest) {
  return std::string(prefix) + std::string(rest);
}

// Events of a kind on the driving thread that touch the steps: begin, end, recording's name id.
template <typename Visit>
Status each_call(const LabelContext& context, Kind kind, const Visit& visit) {
  const Lane& lane = context.run.lanes()[context.steps.lane];
  const int64_t shift = context.run.processes()[lane.process].clock_shift_ns;
  trace::ScanFilter filter;
  filter.kind = kind;
  filter.lane = lane.trace_id;
  filter.begin_ns = context.steps.steps.front().begin_ns - shift;
  filter.end_ns = context.steps.steps.back().end_ns - shift;
  filter.columns = 0b111U;
  return context.run.scan(lane.process, filter, [&](const trace::SegmentView& view) {
    for (size_t row = 0; row < view.rows; ++row) {
      const int64_t begin = view.columns[0][row] + shift;
      visit(begin, begin + view.columns[1][row], view.columns[2][row]);
    }
    return Status();
  });
}

std::string_view leaf_of_call(CallClass call) {
  switch (call) {
    case CallClass::kSync:
      return leaf::kIdleSync;
    case CallClass::kAlloc:
      return leaf::kIdleAlloc;
    case CallClass::kCompile:
      return leaf::kIdleCompile;
    case CallClass::kLaunch:
    case CallClass::kOther:
      break;
  }
  return {};
}

std::string idle_leaf(std::string_view host) {
  if (host == leaf::kForward || host == leaf::kBackward || host == leaf::kOptimizer) {
    return std::string(leaf::kIdleLaunch);
  }
  if (host == leaf::kHostOther) {
    return std::string(leaf::kIdleUnknown);
  }
  if (host.starts_with(leaf::kHostPrefix)) {
    return says_compile(host.substr(leaf::kHostPrefix.size())) ? std::string(leaf::kIdleCompile)
                                                               : joined(leaf::kIdlePrefix, host);
  }
  return std::string(host);
}

}  // namespace

Status collect_gpu_waits(LabelContext& context) {
  const uint32_t process = context.steps.process;
  if (!has_gpu_events(context.run, process)) {
    return {};
  }
  constexpr uint32_t kNone = 0xFFFFFFFFU;
  std::unordered_map<int64_t, uint32_t> label_of_name;
  const auto label_of = [&](int64_t name) {
    const auto [at, fresh] = label_of_name.try_emplace(name, kNone);
    if (fresh) {
      const std::string_view leaf_name =
          leaf_of_call(classify_call(context.run.name(context.run.global_name(process, name))));
      at->second = leaf_name.empty() ? kNone : context.labels.leaf(leaf_name);
    }
    return at->second;
  };
  Status status = each_call(context, Kind::kCudaApi, [&](int64_t begin, int64_t end, int64_t name) {
    if (const uint32_t label = label_of(name); label != kNone) {
      context.intervals.push_back({begin, end, begin, label, kTierHost});
    }
  });
  if (!status.ok()) {
    return status;
  }
  const uint32_t compile = context.labels.leaf(leaf::kIdleCompile);
  return each_call(context, Kind::kJit, [&](int64_t begin, int64_t end, int64_t) {
    context.intervals.push_back({begin, end, begin, compile, kTierHost});
  });
}

Result<GpuLabels> GpuLabels::prepare(LabelContext& context) {
  GpuLabels out;
  out.name_idle(context.labels);  // first: it renames what the sources have named
  out.name_copies(context.labels);
  if (Status status = out.name_kernels(context); !status.ok()) {
    return status;
  }
  if (Status status = out.name_collectives(context); !status.ok()) {
    return status;
  }
  if (Status status = out.name_graphs(context); !status.ok()) {
    return status;
  }
  return out;
}

void GpuLabels::name_idle(Labels& labels) {
  const std::vector<std::string> host = labels.leaves();
  for (const std::string& name : host) {
    idle_of_.push_back(labels.leaf(idle_leaf(name)));
  }
}

void GpuLabels::name_copies(Labels& labels) {
  for (int64_t kind = 0; kind <= static_cast<int64_t>(trace::CopyKind::kPeerToPeer); ++kind) {
    copies_.push_back(labels.leaf(joined(leaf::kCopyPrefix, copy_kind_name(kind))));
  }
  memset_ = labels.leaf(joined(leaf::kCopyPrefix, "memset"));
  graph_ = labels.leaf(leaf::kGraph);
  unknown_kernel_ = labels.leaf(joined(leaf::kComputePrefix, kernel_family_name(KernelFamily::kOther)));
}

Status GpuLabels::name_kernels(LabelContext& context) {
  Result<std::vector<NameTotal>> totals = context.run.name_totals(context.steps.process);
  if (!totals.ok()) {
    return totals.status();
  }
  std::vector<std::pair<uint32_t, std::string>> leaves;
  std::map<std::string, int64_t> triton;
  for (const NameTotal& total : totals.value()) {
    if (total.kind != Kind::kKernel) {
      continue;
    }
    const KernelName kernel = describe_kernel(context.run.name(total.name));
    const bool communication = kernel.family == KernelFamily::kCommunication;
    std::string name = communication ? joined(leaf::kCommPrefix, kernel.detail)
                       : kernel.family == KernelFamily::kTriton && !kernel.detail.empty()
                           ? joined(leaf::kTritonPrefix, kernel.detail)
                           : joined(leaf::kComputePrefix, kernel_family_name(kernel.family));
    if (name.starts_with(leaf::kTritonPrefix)) {
      triton[name] -= total.total_ns;
    }
    leaves.emplace_back(total.name, std::move(name));
  }
  std::vector<std::pair<int64_t, std::string>> largest;
  for (const auto& [name, ns] : triton) {
    largest.emplace_back(ns, name);
  }
  std::sort(largest.begin(), largest.end());
  for (size_t i = kMaxTritonLeaves; i < largest.size(); ++i) {
    triton.erase(largest[i].second);
  }
  kernels_.resize(context.run.name_count());
  for (auto& [id, name] : leaves) {
    if (name.starts_with(leaf::kTritonPrefix) && !triton.contains(name)) {
      name = kOtherTriton;
    }
    const uint8_t tier = name.starts_with(leaf::kCommPrefix) ? kTierCommunication : kTierCompute;
    kernels_[id] = {context.labels.leaf(name), tier};
  }
  return {};
}

// The collective knows its operation where the kernel's name does not ("ncclDevKernel_Generic").
Status GpuLabels::name_collectives(LabelContext& context) {
  constexpr size_t kOp = 2;
  constexpr size_t kKernel = 16;
  const uint32_t process = context.steps.process;
  trace::ScanFilter filter;
  filter.kind = Kind::kCollective;
  filter.columns = 1U | 1U << kOp | 1U << kKernel;
  return context.run.scan(process, filter, [&](const trace::SegmentView& view) {
    for (size_t row = 0; row < view.rows && kKernel < view.columns.size(); ++row) {
      const std::string_view op =
          collective_op(context.run.name(context.run.global_name(process, view.columns[kOp][row])));
      if (const auto kernel = static_cast<uint32_t>(view.columns[kKernel][row]);
          kernel != 0 && op != "other") {
        collective_of_[kernel] = context.labels.leaf(joined(leaf::kCommPrefix, op));
      }
    }
    return Status();
  });
}

Status GpuLabels::name_graphs(LabelContext& context) {
  const uint32_t process = context.steps.process;
  const Result<bool> any = launches_graphs(context.run, process);
  if (!any.ok() || !any.value()) {
    return any.status();
  }
  between_nodes_ = context.labels.leaf(leaf::kIdleGraph);
  Result<GraphLaunches> launches = read_graph_launches(
      context.run, process, [this](const GpuEvent& event) { return label_of(event); }, between_nodes_);
  if (!launches.ok()) {
    return launches.status();
  }
  for (const auto& [graph, parts] : launches.value().parts) {
    graph_mix_[graph] = context.labels.blend(parts);
  }
  graph_kernels_ = std::move(launches.value().nodes);
  graphs_by_node_ = std::move(launches.value().by_node);
  return {};
}

GpuLabels::Label GpuLabels::label_of(const GpuEvent& event) const {
  switch (event.kind) {
    case Kind::kMemcpy:
      return {copies_[event.name < copies_.size() ? event.name : 0], kTierCopy};
    case Kind::kMemset:
      return {memset_, kTierCopy};
    case Kind::kGraphLaunch: {
      const auto mix = graph_mix_.find(event.graph);
      return {mix == graph_mix_.end() ? graph_ : mix->second, kTierCompute};
    }
    default:
      break;
  }
  const Label kernel = kernels_[event.name];
  if (kernel.tier == 0) {
    return {unknown_kernel_, kTierCompute};
  }
  if (kernel.tier == kTierCommunication && !collective_of_.empty()) {
    const auto collective = collective_of_.find(event.correlation);
    return {collective == collective_of_.end() ? kernel.id : collective->second, kTierCommunication};
  }
  return kernel;
}

Status GpuLabels::partition(LabelContext& context, uint32_t background, const PieceVisitor& visit,
                            size_t events_per_window) const {
  const TimeRange span{context.steps.steps.front().begin_ns, context.steps.steps.back().end_ns};
  std::vector<HostPiece> idle;                     // of all of the span; one more for its end
  idle.reserve(2 * context.intervals.size() + 2);  // the most there can be; what is not used is not resident
  analysis::partition(context.intervals, span.begin_ns, span.end_ns, background,
                      [&](int64_t begin, int64_t, uint32_t label) {
                        const uint32_t named = idle_label(label);
                        if (idle.empty() || idle.back().label != named) {
                          idle.push_back({begin, named});
                        }
                      });
  idle.push_back({span.end_ns, 0});
  context.intervals = {};
  std::vector<LabelInterval> intervals;
  size_t next = 0;
  size_t next_graph = 0;
  GpuScan scan;
  scan.correlation = !collective_of_.empty();
  scan.graph = false;
  scan.events_per_window = events_per_window;
  return scan_gpu(
      context.run, context.steps.process, span, scan,
      [&](int64_t begin, int64_t end, std::span<const GpuEvent> events) {
        intervals.clear();
        for (const GpuEvent& event : events) {
          const Label label = label_of(event);
          intervals.push_back({event.begin_ns, event.end_ns, event.begin_ns, label.id, label.tier});
        }
        while (next + 1 < idle.size() && idle[next + 1].begin_ns <= begin) {
          ++next;
        }
        for (size_t i = next; i + 1 < idle.size() && idle[i].begin_ns < end; ++i) {
          const HostPiece& piece = idle[i];
          intervals.push_back({piece.begin_ns, idle[i + 1].begin_ns, piece.begin_ns, piece.label, kTierIdle});
        }
        while (next_graph < graphs_by_node_.size() && graphs_by_node_[next_graph].end_ns <= begin) {
          ++next_graph;
        }
        for (size_t i = next_graph; i < graphs_by_node_.size() && graphs_by_node_[i].begin_ns < end; ++i) {
          const TimeRange& graph = graphs_by_node_[i];
          intervals.push_back(
              {graph.begin_ns, graph.end_ns, graph.begin_ns, between_nodes_, kTierBetweenNodes});
        }
        analysis::partition(intervals, begin, end, idle_of_[background], visit);
        return Status();
      });
}

}  // namespace stepscope::analysis
