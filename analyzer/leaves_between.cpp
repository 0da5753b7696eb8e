// SPDX-License-Identifier: Apache-2.0
#include "analyzer/leaves_between.hpp"

#include <algorithm>
#include <map>

#include "analyzer/ledger_pieces.hpp"

namespace stepscope::analysis {

Result<std::vector<LeafDuration>> leaves_between(const Run& run, const ProcessSteps& steps,
                                                 const TimeRange& span) {
  ProcessSteps touched = steps;
  std::erase_if(touched.steps, [&](const Step& step) {
    return step.end_ns <= span.begin_ns || step.begin_ns >= span.end_ns;
  });
  std::vector<LeafDuration> out;
  if (touched.steps.empty()) {
    return out;
  }
  Labels labels;
  std::map<uint32_t, int64_t> by_label;
  const auto visit = [&](int64_t begin_ns, int64_t end_ns, uint32_t label) {
    const int64_t length = std::min(end_ns, span.end_ns) - std::max(begin_ns, span.begin_ns);
    if (length > 0) {
      by_label[label] += length;
    }
  };
  const Result<WaitCounts> read =
      label_pieces(run, touched, &labels, [&]() -> PieceVisitor { return visit; });
  if (!read.ok()) {
    return read.status();
  }
  std::map<uint32_t, int64_t> by_leaf;
  for (const auto& [label, ns] : by_label) {
    if (Labels::is_mix(label)) {
      labels.split(label, ns, [&](uint32_t leaf, int64_t part) { by_leaf[leaf] += part; });
    } else {
      by_leaf[label] += ns;
    }
  }
  for (const auto& [leaf, ns] : by_leaf) {
    if (ns > 0) {
      out.push_back({labels.leaves()[leaf], ns});
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const LeafDuration& x, const LeafDuration& y) { return x.ns > y.ns; });
  return out;
}

}  // namespace stepscope::analysis
