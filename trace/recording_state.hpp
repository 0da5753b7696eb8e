// SPDX-License-Identifier: Apache-2.0
//
// What a Recording holds in memory: everything but the events, shared by its handles. Private to this room.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trace/lane_merge.hpp"
#include "trace/recording.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::trace {

// What all handles to one recording share; never changed once it is loaded.
struct RecordingContents {
  std::map<std::string, std::string> meta;
  std::vector<LaneInfo> lanes;
  std::vector<KindSummary> kinds;  // ascending by id
  std::vector<Loss> losses;
  std::vector<ClockAnchor> anchors;
  std::vector<std::pair<int64_t, std::string>> log;
  std::vector<std::string> strings;    // id 1 is at 0
  std::vector<SegmentEntry> segments;  // ordered by kind, lane, first event, id

  [[nodiscard]] const KindSummary* find_kind_summary(uint16_t id) const;
};

// Reads and checks it. Null: `problem` says why.
[[nodiscard]] std::shared_ptr<const RecordingContents> load_contents(const Database& database,
                                                                     std::string* problem);

// Which file a path names.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;  // 0: not known

  [[nodiscard]] bool same_as(const FileIdentity& other) const {
    return inode != 0 && device == other.device && inode == other.inode;
  }
};

struct Recording::State {
  State(std::string name, Database db) : path(std::move(name)), database(std::move(db)) {}

  std::string path;
  Database database;  // closed in a recording without its file
  FileIdentity file;
  std::shared_ptr<const RecordingContents> contents;
};

}  // namespace stepscope::trace
