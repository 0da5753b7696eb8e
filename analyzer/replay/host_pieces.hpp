// SPDX-License-Identifier: Apache-2.0
//
// HostPieces: what the driving thread of a process was doing at each instant of its steps, in the names that the ledger gives an
// instant while the GPU is idle. The same label sources as the ledger's. Internal to the library.
#pragma once

#include <cstdint>
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
  [[nodiscard]] const Labels& labels() const { return labels_; }
  [[nodiscard]] const BatchTable& batches() const { return batches_; }
  [[nodiscard]] const GpuLabels* gpu() const { return gpu_.has_value() ? &*gpu_ : nullptr; }

 private:
  Labels labels_;
  BatchTable batches_;
  std::optional<GpuLabels> gpu_;
  std::vector<LabelInterval> pieces_;
};

}  // namespace stepscope::analysis
