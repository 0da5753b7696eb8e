// SPDX-License-Identifier: Apache-2.0
//
// Fleets for tests: runs in the order in which they are added.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analyzer/fleet/run_table.hpp"

namespace stepscope::analysis {

class FleetBuilder {
 public:
  explicit FleetBuilder(std::vector<std::string> attributes) {
    table_.source = "runs.csv";
    table_.attributes = std::move(attributes);
  }

  // A cell of several values separated by ";"; "" = not known.
  FleetRun& add(RunOutcome outcome, const std::vector<std::string>& cells) {
    FleetRun run;
    run.run = "r" + std::to_string(table_.runs.size());
    run.outcome = outcome;
    for (const std::string& cell : cells) {
      std::vector<std::string> values;
      for (size_t at = 0; at < cell.size();) {
        const size_t end = std::min(cell.find(';', at), cell.size());
        values.push_back(cell.substr(at, end - at));
        at = end + 1;
      }
      run.values.push_back(values);
    }
    table_.runs.push_back(run);
    return table_.runs.back();
  }
  // `failed` of `count` runs alike.
  void add_many(size_t failed, size_t count, const std::vector<std::string>& cells,
                const std::string& started = "") {
    for (size_t i = 0; i < count; ++i) {
      add(i < failed ? RunOutcome::kFailed : RunOutcome::kOk, cells).started = started;
    }
  }

  FleetTable& table() { return table_; }

 private:
  FleetTable table_;
};

}  // namespace stepscope::analysis
