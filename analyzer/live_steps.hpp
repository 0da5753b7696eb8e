// SPDX-License-Identifier: Apache-2.0
//
// LiveStepsWatch: how far is a job that is being recorded right now? Follows the step boundaries of its spools, read-only;
// each look reads what was appended since the last one. Steps that are not in the spool yet come with a later look. Not an
// analysis: no classes, no ledger. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "analyzer/run.hpp"

namespace stepscope::analysis {

struct LiveSteps {
  uint64_t steps = 0;          // finished steps of the process that has most
  int64_t recent_step_ns = 0;  // median of the last 20 of them, 0 with none
};

class LiveStepsWatch {
 public:
  explicit LiveStepsWatch(std::string directory);
  ~LiveStepsWatch();
  LiveStepsWatch(const LiveStepsWatch&) = delete;
  LiveStepsWatch& operator=(const LiveStepsWatch&) = delete;

  // Processes that cannot be read at this moment keep what was seen of them.
  [[nodiscard]] LiveSteps look();

 private:
  class Follower;
  std::string directory_;
  std::map<std::string, std::unique_ptr<Follower>> followers_;  // by path without extension
};

}  // namespace stepscope::analysis
