// SPDX-License-Identifier: Apache-2.0
#include "analyzer/baseline/decision_text.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace stepscope::analysis {
namespace {

constexpr const char* kDecisionSchema = "stepscope.baseline_decision/1";

}  // namespace

std::string decision_to_json(const DecisionText& decision) {
  nlohmann::ordered_json out;
  out["schema"] = kDecisionSchema;
  out["reason"] = decision.reason;
  out["runs"] = decision.runs;
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

trace::Result<DecisionText> decision_from_json(const std::string& text, const std::string& where) {
  const auto document = nlohmann::json::parse(text, nullptr, false);
  const auto is_text = [](const nlohmann::json& value) { return value.is_string(); };
  const bool whole = document.is_object() && document.value("schema", nlohmann::json()) == kDecisionSchema &&
                     document.value("reason", nlohmann::json()).is_string() &&
                     document.value("runs", nlohmann::json()).is_array() &&
                     std::all_of(document["runs"].begin(), document["runs"].end(), is_text);
  if (!whole) {
    return trace::Status(
        trace::Code::kUnreadable,
        "cannot read '" + where +
            "': a decision in it is damaged or from a newer stepscope; update stepscope or take an "
            "undamaged copy");
  }
  return DecisionText{document["reason"].get<std::string>(),
                      document["runs"].get<std::vector<std::string>>()};
}

}  // namespace stepscope::analysis
