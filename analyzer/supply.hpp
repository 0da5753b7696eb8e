// SPDX-License-Identifier: Apache-2.0
//
// How the batches of the train steps were made: cost per stage and worker, parallelism. Internal to the library.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <utility>

#include "analyzer/batches.hpp"
#include "analyzer/evidence.hpp"
#include "analyzer/ledger.hpp"

namespace stepscope::analysis {

// Add every training process, then finish.
class SupplyBuilder {
 public:
  void add(const ProcessSteps& steps, const BatchTable& table);
  [[nodiscard]] Supply finish() const;

 private:
  struct WorkerSum {
    uint64_t batches = 0;
    BatchCost sum;
    double squares = 0;
  };
  struct Key {
    uint32_t consumer = 0;
    int64_t worker = 0;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, std::pair<uint32_t, WorkerSum>> workers_;  // -> process of the last recording, sums
  uint64_t steps_ = 0, batches_ = 0, joined_ = 0, in_process_ = 0;
  double parallelism_sum_ = 0;  // over batches
  double transfer_sum_ = 0;
  uint64_t transfers_ = 0;
};

}  // namespace stepscope::analysis
