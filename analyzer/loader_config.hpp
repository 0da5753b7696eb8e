// SPDX-License-Identifier: Apache-2.0
//
// LoaderConfig: how the data loader of a training process was set up, as the recording's meta (`loader.<number>`) says.
#pragma once

#include <cstdint>
#include <string>

#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis {

struct BatchTable;

struct LoaderConfig {
  std::string loader_class, dataset_class, start_method;
  int64_t num_workers = -1, batch_size = -1, prefetch_factor = -1;
  int64_t in_order = -1, persistent = -1, pin_memory = -1;  // 0 / 1, -1 unknown
  bool collates_samples = false;  // else its dataset yields whole batches, or nobody knows
};

// Of the loader that most batches of the train steps came from; all unknown where none says how it was set up.
[[nodiscard]] LoaderConfig loader_config(const Process& process, const ProcessSteps& steps,
                                         const BatchTable& table);

}  // namespace stepscope::analysis
