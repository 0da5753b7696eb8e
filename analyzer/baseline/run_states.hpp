// SPDX-License-Identifier: Apache-2.0
//
// What the decisions of a name make of its runs. Pure; the rules stand in baseline_store.hpp. Internal to analyzer/baseline.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "analyzer/baseline/baseline_store.hpp"

namespace stepscope::analysis {

class RunStates {
 public:
  // Decisions of one name, in any order.
  explicit RunStates(const std::vector<BaselineDecision>& decisions);

  // Sets expires_ns (the latest acceptance of a run says until when it holds) and state.
  void apply(BaselineRun& run, int64_t now_ns) const;
  // Time of the latest decision; a record that follows it is younger.
  [[nodiscard]] int64_t last_decision_ns() const { return last_decision_ns_; }

 private:
  struct Acceptance {
    int64_t time_ns = 0;
    int64_t expires_ns = 0;
  };
  struct Level {
    int64_t time_ns = 0;
    std::set<std::string> runs;
  };

  std::map<std::string, Level> levels_;            // by fingerprint: the latest
  std::map<std::string, Acceptance> acceptances_;  // by run: the latest
  std::map<std::string, int64_t> expirations_;     // by run: the latest
  int64_t last_decision_ns_ = 0;
};

}  // namespace stepscope::analysis
