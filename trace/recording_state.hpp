// SPDX-License-Identifier: Apache-2.0
//
// What a Recording holds in memory: everything but the events. Private to this room.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "trace/lane_merge.hpp"
#include "trace/recording.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::trace {

struct Recording::State {
  State(std::string file, Database db) : path(std::move(file)), database(std::move(db)) {}

  // Each reads one part; false leaves the reason in `problem` or in the database.
  [[nodiscard]] bool load();

  std::string path;
  Database database;
  std::string problem;
  std::map<std::string, std::string> meta;
  std::vector<LaneInfo> lanes;
  std::vector<KindSummary> kinds;  // ascending by id
  std::vector<Loss> losses;
  std::vector<ClockAnchor> anchors;
  std::vector<std::pair<int64_t, std::string>> log;
  std::vector<std::string> strings;    // id 1 is at 0
  std::vector<SegmentEntry> segments;  // ordered by kind, lane, first event, id

  [[nodiscard]] const KindSummary* find_kind_summary(uint16_t id) const;

 private:
  [[nodiscard]] bool check_digests();
  [[nodiscard]] bool load_facts();
  [[nodiscard]] bool load_strings();
  [[nodiscard]] bool load_kinds();
  [[nodiscard]] bool load_segments();
  void summarise_lanes();
};

}  // namespace stepscope::trace
