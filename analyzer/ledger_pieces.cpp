// SPDX-License-Identifier: Apache-2.0
#include "analyzer/ledger_pieces.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "analyzer/batches.hpp"
#include "analyzer/gpu_events.hpp"
#include "analyzer/gpu_labels.hpp"
#include "analyzer/label_sources.hpp"

namespace stepscope::analysis {
namespace {

// Programs that put a counter into range names make a new name per step. So many leaves help nobody: the largest stay.
constexpr size_t kMaxHostLeaves = 64;
constexpr std::string_view kOtherRanges = "host/(other ranges)";

void fold_rare_ranges(LabelContext& context) {
  std::vector<std::pair<int64_t, uint32_t>> totals;
  for (uint32_t label = 0; label < context.labels.leaves().size(); ++label) {
    if (context.labels.leaves()[label].starts_with(leaf::kHostPrefix)) {
      totals.emplace_back(0, label);
    }
  }
  if (totals.size() <= kMaxHostLeaves) {
    return;
  }
  std::vector<int64_t> spent(context.labels.leaves().size(), 0);
  for (const LabelInterval& interval : context.intervals) {
    if (!Labels::is_mix(interval.label)) {
      spent[interval.label] += interval.end_ns - interval.begin_ns;
    }
  }
  for (auto& [total, label] : totals) {
    total = -spent[label];
  }
  std::sort(totals.begin(), totals.end());
  const uint32_t other = context.labels.leaf(kOtherRanges);
  std::vector<uint32_t> mapped(context.labels.leaves().size());
  std::iota(mapped.begin(), mapped.end(), 0U);
  for (size_t i = kMaxHostLeaves; i < totals.size(); ++i) {
    mapped[totals[i].second] = other;
  }
  for (LabelInterval& interval : context.intervals) {
    interval.label = Labels::is_mix(interval.label) ? interval.label : mapped[interval.label];
  }
}

}  // namespace

Result<WaitCounts> label_pieces(const Run& run, const ProcessSteps& steps, Labels* labels,
                                const std::function<PieceVisitor()>& begin) {
  Result<BatchTable> batches = load_batches(run, steps.process);
  if (!batches.ok()) {
    return batches.status();
  }
  LabelContext context{run, steps, batches.value(), *labels, {}, {}, {}, {}, {}, 0, 0};
  for (const LabelSource& source : label_sources()) {
    if (Status status = source.collect(context); !status.ok()) {
      return status;
    }
  }
  fold_rare_ranges(context);
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
