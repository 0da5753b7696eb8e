// SPDX-License-Identifier: Apache-2.0
//
// What `baseline list` and `baseline show` print.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/baseline/baseline_store.hpp"
#include "analyzer/cli/terminal.hpp"

namespace stepscope::analysis::cli {

// The part of an id that people see and type.
[[nodiscard]] std::string short_id(const std::string& id);

[[nodiscard]] std::string baseline_list_text(const std::string& store,
                                             const std::vector<BaselineSeries>& series,
                                             const Terminal& terminal);
[[nodiscard]] nlohmann::ordered_json baseline_list_json(const std::string& store,
                                                        const std::vector<BaselineSeries>& series);

struct BaselineContent {
  std::string store;
  std::string name;
  std::vector<BaselineRun> runs;
  std::vector<BaselineDecision> decisions;
};
[[nodiscard]] std::string baseline_show_text(const BaselineContent& content, const Terminal& terminal);
[[nodiscard]] nlohmann::ordered_json baseline_show_json(const BaselineContent& content);

}  // namespace stepscope::analysis::cli
