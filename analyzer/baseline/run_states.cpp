// SPDX-License-Identifier: Apache-2.0
#include "analyzer/baseline/run_states.hpp"

#include <algorithm>

namespace stepscope::analysis {

RunStates::RunStates(const std::vector<BaselineDecision>& decisions) {
  for (const BaselineDecision& decision : decisions) {
    last_decision_ns_ = std::max(last_decision_ns_, decision.time_ns);
    if (decision.kind == DecisionKind::kAccept) {
      if (Level& level = levels_[decision.fingerprint];
          level.runs.empty() || decision.time_ns > level.time_ns) {
        level = {decision.time_ns, {decision.runs.begin(), decision.runs.end()}};
      }
    }
    for (const std::string& run : decision.runs) {
      if (decision.kind == DecisionKind::kAccept && decision.time_ns >= acceptances_[run].time_ns) {
        acceptances_[run] = {decision.time_ns, decision.expires_ns};
      }
      if (decision.kind == DecisionKind::kExpire) {
        expirations_[run] = std::max(expirations_[run], decision.time_ns);
      }
    }
  }
}

void RunStates::apply(BaselineRun& run, int64_t now_ns) const {
  int64_t valid_from = run.added_ns;
  if (const auto accepted = acceptances_.find(run.id); accepted != acceptances_.end()) {
    valid_from = std::max(valid_from, accepted->second.time_ns);
    run.expires_ns = accepted->second.expires_ns;
  }
  const auto expired = expirations_.find(run.id);
  if ((expired != expirations_.end() && expired->second >= valid_from) ||
      (run.expires_ns != 0 && now_ns >= run.expires_ns)) {
    run.state = BaselineState::kExpired;
    return;
  }
  const auto level = levels_.find(run.summary.fingerprint.key);
  const bool superseded =
      level != levels_.end() && run.added_ns <= level->second.time_ns && !level->second.runs.contains(run.id);
  run.state = superseded ? BaselineState::kSuperseded : BaselineState::kCurrent;
}

}  // namespace stepscope::analysis
