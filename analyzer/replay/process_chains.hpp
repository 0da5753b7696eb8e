// SPDX-License-Identifier: Apache-2.0
//
// ProcessChains: one process of a run as part of a RecordedGraph: its threads, GPUs and loader workers, over a span of its steps.
// link_processes() joins several of them where collectives met. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "analyzer/rank_collectives.hpp"
#include "analyzer/replay/gpu_chain.hpp"
#include "analyzer/replay/worker_chain.hpp"

namespace stepscope::analysis {

// Of ProcessSteps::steps: [first, last).
struct StepSpan {
  size_t first = 0, last = 0;
  [[nodiscard]] size_t count() const { return last - first; }
};

class ProcessChains {
 public:
  // `run`, `steps` and `graph` outlive it; the span is not empty, and the steps have a driving thread. `pieces` are of these
  // steps; without any they are read.
  [[nodiscard]] static Result<std::unique_ptr<ProcessChains>> read(
      const Run& run, const ProcessSteps& steps, const StepSpan& span, RecordedGraph& graph,
      std::shared_ptr<const HostPieces> pieces = nullptr);

  [[nodiscard]] const ProcessSteps& steps() const { return steps_; }
  [[nodiscard]] const StepSpan& span() const { return span_; }
  [[nodiscard]] ProcessContext& context() { return *context_; }
  [[nodiscard]] const ProcessContext& context() const { return *context_; }
  [[nodiscard]] GpuChain& gpu() { return *gpu_; }
  // What launched the work of its GPUs was not recorded.
  [[nodiscard]] bool unlaunched() const;

  void link(Gaps gaps);
  // A step begins where the thread that drives it is; with the kernel by which it was found; where no calls were recorded, with
  // what its GPUs are at, since whether the thread waits for them is not known. Linked chains only.
  [[nodiscard]] Moment boundary(int64_t ns);

 private:
  ProcessChains(const ProcessSteps& steps, const StepSpan& span) : steps_(steps), span_(span) {}

  const ProcessSteps& steps_;
  StepSpan span_;
  std::shared_ptr<const HostPieces> pieces_;
  std::optional<ProcessContext> context_;
  std::optional<HostChain> host_;
  std::optional<GpuChain> gpu_;
  std::optional<WorkerChain> workers_;
};

// Links each of them and their meetings; returns how many collectives met. `matched` is what match_collectives() says of the
// processes in this order; nullptr stands for one that is not in the graph.
size_t link_processes(std::span<ProcessChains* const> processes, const Meetings& matched, Gaps gaps);

}  // namespace stepscope::analysis
