// SPDX-License-Identifier: Apache-2.0
//
// The text of a decision's record: stepscope.baseline_decision/1. Internal to analyzer/baseline.
#pragma once

#include <string>
#include <vector>

#include "trace/status.hpp"

namespace stepscope::analysis {

struct DecisionText {
  std::string reason;
  std::vector<std::string> runs;  // ids of records
};

[[nodiscard]] std::string decision_to_json(const DecisionText& decision);
// `where` names the store in errors (kUnreadable).
[[nodiscard]] trace::Result<DecisionText> decision_from_json(const std::string& text,
                                                             const std::string& where);

}  // namespace stepscope::analysis
