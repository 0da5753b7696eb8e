// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ledger_pieces.hpp"

#include "analyzer/batches.hpp"
#include "analyzer/gpu_events.hpp"
#include "analyzer/gpu_labels.hpp"
#include "analyzer/label_sources.hpp"

namespace stepscope::analysis {

Result<WaitCounts> label_pieces(const Run& run, const ProcessSteps& steps, Labels* labels,
                                const std::function<PieceVisitor()>& begin) {
  Result<BatchTable> batches = load_batches(run, steps.process);
  if (!batches.ok()) {
    return batches.status();
  }
  LabelContext context{run, steps, batches.value(), *labels, {}, {}, {}, {}, {}, 0, 0};
  if (Status status = name_host(context); !status.ok()) {
    return status;
  }
  const uint32_t background = labels->leaf(leaf::kHostOther);
  if (has_gpu_events(run, steps.process)) {
    const Result<GpuLabels> gpu = GpuLabels::prepare(context);
    if (!gpu.ok()) {
      return gpu.status();
    }
    if (Status status = gpu.value().partition(context, background, begin()); !status.ok()) {
      return status;
    }
  } else {
    partition(context.intervals, steps.steps.front().begin_ns, steps.steps.back().end_ns, background,
              begin());
  }
  return WaitCounts{context.waits_in_steps, context.unjoined};
}

}  // namespace stepscope::analysis
