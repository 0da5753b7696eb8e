// SPDX-License-Identifier: Apache-2.0
//
// Label sources: who may name an instant of the driving thread. Each source adds intervals of a tier; partition() picks
// the winner. A new source (a GPU lane, say) is one function and one row in the table of label_sources.cpp.
// Internal to the library.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "analyzer/batches.hpp"
#include "analyzer/labels.hpp"
#include "analyzer/partition.hpp"
#include "analyzer/run.hpp"
#include "analyzer/steps.hpp"

namespace stepscope::analysis {

// Who wins, low to high. Within a tier the innermost interval wins.
enum LabelTier : uint8_t {
  kTierContainer =
      1,             // ranges around a whole iteration, imported Python frames: only what nothing else names
  kTierForward = 2,  // between data and backward, imported operators
  kTierHost = 3,     // phases, waits, garbage collection, ranges
};

// What the sources read and write.
struct LabelContext {
  const Run& run;
  const ProcessSteps& steps;
  const BatchTable& batches;
  Labels& labels;
  std::vector<LabelInterval> intervals;

  // Left by the sources that run first for those that need the structure of the iteration; ascending by begin.
  std::vector<TimeRange> waits, forwards, backwards, optimizers;
  uint64_t waits_in_steps = 0;
  uint64_t unjoined = 0;
};

struct LabelSource {
  std::string_view name;
  Status (*collect)(LabelContext& context);
};

// All sources, in the order in which they must run; of many range names the rare ones become one.
[[nodiscard]] Status name_host(LabelContext& context);

}  // namespace stepscope::analysis
