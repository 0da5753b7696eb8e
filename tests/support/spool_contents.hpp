// SPDX-License-Identifier: Apache-2.0
//
// Everything a recorded process left in its spool and rings, in memory, for tests to ask questions.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "trace/spool_reader.hpp"

namespace stepscope::testing {

struct Event {
  trace::Kind kind = trace::Kind::kNone;
  uint32_t lane = 0;
  std::vector<int64_t> values;  // in the order of the kind's columns

  [[nodiscard]] int64_t column(size_t index) const { return index < values.size() ? values[index] : 0; }
};

struct SpoolContents : trace::SpoolVisitor {
  std::string base;
  std::map<int64_t, std::string> strings;
  std::map<uint32_t, trace::LaneDecl> lanes;
  std::map<std::string, std::string> meta;
  std::map<std::string, uint64_t> losses;
  std::vector<trace::ClockAnchor> anchors;
  std::vector<Event> events;
  trace::SpoolSummary summary;

  static SpoolContents read(const std::string& base_path) {
    SpoolContents contents;
    contents.base = std::filesystem::path(base_path).filename().string();
    auto result = trace::read_spool(base_path, contents);
    if (!result.ok()) {
      throw std::runtime_error(result.status().message());
    }
    contents.summary = result.value();
    return contents;
  }

  [[nodiscard]] std::vector<Event> of(trace::Kind kind) const {
    std::vector<Event> found;
    std::copy_if(events.begin(), events.end(), std::back_inserter(found),
                 [kind](const Event& event) { return event.kind == kind; });
    return found;
  }
  [[nodiscard]] std::string text(int64_t id) const {
    auto it = strings.find(id);
    return it == strings.end() ? "" : it->second;
  }
  // Names (the column `name_column`) of all events of a kind, in order.
  [[nodiscard]] std::vector<std::string> names(trace::Kind kind, size_t name_column) const {
    std::vector<std::string> found;
    for (const Event& event : of(kind)) {
      found.push_back(text(event.column(name_column)));
    }
    return found;
  }
  [[nodiscard]] std::string fact(const std::string& key) const {
    auto it = meta.find(key);
    return it == meta.end() ? "" : it->second;
  }

  void on_string(uint32_t id, std::string_view value) override { strings[id] = value; }
  void on_lane(const trace::LaneDecl& lane) override { lanes[lane.id] = lane; }
  void on_meta(std::string_view key, std::string_view value) override { meta[std::string(key)] = value; }
  void on_anchor(const trace::ClockAnchor& anchor) override { anchors.push_back(anchor); }
  void on_loss(std::string_view counter, uint64_t count) override { losses[std::string(counter)] += count; }
  void on_log(int64_t, std::string_view) override {}
  trace::Status on_events(const trace::EventBlock& block) override {
    for (size_t row = 0; row < block.rows; ++row) {
      Event event{block.kind, block.lane, {}};
      for (const auto& column : block.columns) {
        event.values.push_back(column[row]);
      }
      events.push_back(std::move(event));
    }
    return {};
  }
};

// All recordings of a run directory, by name.
inline std::vector<SpoolContents> read_run(const std::string& directory) {
  std::vector<std::string> bases;
  if (std::filesystem::exists(directory)) {
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      if (entry.path().extension() == ".ring") {
        bases.push_back(entry.path().parent_path().string() + "/" + entry.path().stem().string());
      }
    }
  }
  std::sort(bases.begin(), bases.end());
  std::vector<SpoolContents> run;
  for (const std::string& base : bases) {
    run.push_back(SpoolContents::read(base));
  }
  return run;
}

}  // namespace stepscope::testing
