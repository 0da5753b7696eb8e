// SPDX-License-Identifier: Apache-2.0
//
// A trace written by a test, imported: its rows, lanes, losses and facts.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "analyzer/import/import_run.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/recording.hpp"

namespace stepscope::analysis::importing {

class Imported {
 public:
  // The whole content of the file; see of_events for what most tests need.
  explicit Imported(const std::string& bytes, const std::string& name = "t.json") {
    testing::write_bytes(dir_.file(name), bytes);
    trace::Result<ImportedRun> run = import_run({dir_.file(name)}, dir_.path(), {});
    status_ = run.status();
    if (run.ok()) {
      file_ = run.value().files.at(0);
      recording_.emplace(trace::Recording::open(file_.recording).value());
    }
  }
  static Imported of_events(const std::string& events) {
    return Imported("{\"schemaVersion\":1,\"traceEvents\":[" + events + "]}");
  }

  [[nodiscard]] const trace::Status& status() const { return status_; }
  [[nodiscard]] const ImportedFile& file() const { return file_; }
  [[nodiscard]] const trace::Recording& recording() const {
    if (!recording_.has_value()) {
      throw std::runtime_error(status_.message());
    }
    return *recording_;
  }

  struct Row {
    uint32_t lane = 0;
    std::vector<int64_t> values;
  };
  [[nodiscard]] std::vector<Row> rows(trace::Kind kind) const {
    std::vector<Row> out;
    const trace::Status status = recording().scan({.kind = kind}, [&](const trace::SegmentView& view) {
      for (size_t i = 0; i < view.rows; ++i) {
        Row row{view.lane, {}};
        for (const auto& column : view.columns) {
          row.values.push_back(column[i]);
        }
        out.push_back(std::move(row));
      }
      return trace::Status();
    });
    if (!status.ok()) {
      throw std::runtime_error(status.message());
    }
    return out;
  }
  [[nodiscard]] std::string text(int64_t id) const { return std::string(recording().string(id)); }
  // "type name" of a lane.
  [[nodiscard]] std::string lane(uint32_t id) const {
    for (const trace::LaneInfo& lane : recording().lanes()) {
      if (lane.id == id) {
        return lane.type + " " + lane.name;
      }
    }
    return "?";
  }
  [[nodiscard]] uint64_t loss(const std::string& counter) const {
    for (const trace::Loss& loss : recording().losses()) {
      if (loss.counter == counter) {
        return loss.count;
      }
    }
    return 0;
  }
  [[nodiscard]] std::string meta(const std::string& key) const {
    const auto found = recording().meta().find(key);
    return found == recording().meta().end() ? "" : found->second;
  }

 private:
  testing::TempDir dir_;
  trace::Status status_;
  ImportedFile file_;
  std::optional<trace::Recording> recording_;
};

}  // namespace stepscope::analysis::importing
