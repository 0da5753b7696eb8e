// SPDX-License-Identifier: Apache-2.0
//
// HostPieces: what the driving thread of a process was doing at each instant of its steps, in the names that the ledger gives an
// instant while the GPU is idle. The same label sources as the ledger's. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/batches.hpp"
#include "analyzer/gpu_labels.hpp"
#include "analyzer/labels.hpp"
#include "analyzer/partition.hpp"

namespace stepscope::analysis {

class HostPieces {
 public:
  // `steps` is not empty and outlives the result.
  [[nodiscard]] static Result<std::unique_ptr<HostPieces>> read(const Run& run, const ProcessSteps& steps);

  // Disjoint, ascending, over all steps.
  [[nodiscard]] const std::vector<LabelInterval>& pieces() const { return pieces_; }
  // The label of the piece at `ns`; of the nearest one outside the steps.
  [[nodiscard]] uint32_t label_at(int64_t ns) const;
  // The same in the names that a ledger without a GPU gives: what the thread did, not what that meant for the GPU.
  [[nodiscard]] uint32_t host_label_at(int64_t ns) const;
  // Disjoint pieces that touch [begin, end), clipped to it: visit(begin_ns, end_ns, label, host label).
  void each_piece(int64_t begin_ns, int64_t end_ns,
                  const std::function<void(int64_t, int64_t, uint32_t, uint32_t)>& visit) const;
  [[nodiscard]] const Labels& labels() const { return labels_; }
  [[nodiscard]] const BatchTable& batches() const { return batches_; }
  [[nodiscard]] const GpuLabels* gpu() const { return gpu_.has_value() ? &*gpu_ : nullptr; }

 private:
  Labels labels_;
  BatchTable batches_;
  std::optional<GpuLabels> gpu_;
  [[nodiscard]] size_t index_at(int64_t ns) const;

  std::vector<LabelInterval> pieces_;
  std::vector<uint32_t> host_labels_;  // by piece
};

}  // namespace stepscope::analysis
