// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/host_pieces.hpp"

#include <algorithm>
#include <utility>

#include "analyzer/gpu_events.hpp"
#include "analyzer/label_sources.hpp"

namespace stepscope::analysis {

Result<std::unique_ptr<HostPieces>> HostPieces::read(const Run& run, const ProcessSteps& steps) {
  auto out = std::make_unique<HostPieces>();
  Result<BatchTable> batches = load_batches(run, steps.process);
  if (!batches.ok()) {
    return batches.status();
  }
  out->batches_ = std::move(batches).value();
  LabelContext context{run, steps, out->batches_, out->labels_, {}, {}, {}, {}, {}, 0, 0};
  if (Status status = name_host(context); !status.ok()) {
    return status;
  }
  const uint32_t background = out->labels_.leaf(leaf::kHostOther);
  if (has_gpu_events(run, steps.process)) {
    Result<GpuLabels> gpu = GpuLabels::prepare(context);
    if (!gpu.ok()) {
      return gpu.status();
    }
    out->gpu_ = std::move(gpu).value();
  }
  // Pieces of different names stay apart even where an idle GPU makes them one leaf: threads change over between them.
  std::vector<LabelInterval>& pieces = out->pieces_;
  uint32_t host = background;
  partition(context.intervals, steps.steps.front().begin_ns, steps.steps.back().end_ns, background,
            [&](int64_t begin, int64_t end, uint32_t label) {
              const uint32_t named = out->gpu_.has_value() ? out->gpu_->idle_label(label) : label;
              if (!pieces.empty() && host == label) {
                pieces.back().end_ns = end;
              } else {
                pieces.push_back({begin, end, begin, named, 0});
                out->host_labels_.push_back(label);
              }
              host = label;
            });
  return out;
}

size_t HostPieces::index_at(int64_t ns) const {
  const auto after =
      std::upper_bound(pieces_.begin(), pieces_.end(), ns,
                       [](int64_t value, const LabelInterval& piece) { return value < piece.begin_ns; });
  return after == pieces_.begin() ? 0 : static_cast<size_t>(after - pieces_.begin()) - 1;
}

uint32_t HostPieces::label_at(int64_t ns) const {
  return pieces_[index_at(ns)].label;
}

uint32_t HostPieces::host_label_at(int64_t ns) const {
  return host_labels_[index_at(ns)];
}

void HostPieces::each_piece(int64_t begin_ns, int64_t end_ns,
                            const std::function<void(int64_t, int64_t, uint32_t, uint32_t)>& visit) const {
  for (size_t i = index_at(begin_ns); begin_ns < end_ns; ++i) {
    // Outside the steps the nearest piece goes on.
    const bool last = i + 1 >= pieces_.size();
    const int64_t until = last ? end_ns : std::min(end_ns, std::max(begin_ns, pieces_[i].end_ns));
    if (until > begin_ns) {
      visit(begin_ns, until, pieces_[i].label, host_labels_[i]);
    }
    begin_ns = until;
  }
}

}  // namespace stepscope::analysis
