// SPDX-License-Identifier: Apache-2.0
//
// The row tables of a recording, as values, and how they are written. Used by RecordingBuilder::finish only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trace/recording.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::trace {

struct RecordingTables {
  std::map<std::string, std::string, std::less<>> meta;
  std::map<uint32_t, LaneDecl> lanes;
  std::map<std::string, uint64_t, std::less<>> losses;
  std::vector<ClockAnchor> anchors;
  std::vector<std::pair<int64_t, std::string>> log;
  std::vector<NameTotal> name_totals;
};

// Tables kind and kind_column: what this build knows.
[[nodiscard]] bool write_kinds(const Database& database);
// Everything in `tables`, plus process and thread, which restate meta and lanes in typed columns.
[[nodiscard]] bool write_tables(const Database& database, const RecordingTables& tables);

}  // namespace stepscope::trace
