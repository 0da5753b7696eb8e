// SPDX-License-Identifier: Apache-2.0
//
// What the spool tests share: a directory of their own, a spool in it, and everything that a reader delivers.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "trace/spool_format.hpp"
#include "trace/spool_reader.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::trace {

struct ReadEvent {
  Kind kind;
  uint32_t lane;
  std::vector<int64_t> values;
};

// Keeps everything, events as rows.
class KeepingVisitor : public SpoolVisitor {
 public:
  void on_string(uint32_t id, std::string_view text) override { strings[id] = text; }
  void on_lane(const LaneDecl& lane) override { lanes[lane.id] = lane; }
  void on_meta(std::string_view key, std::string_view value) override { meta[std::string(key)] = value; }
  void on_anchor(const ClockAnchor& anchor) override { anchors.push_back(anchor); }
  void on_loss(std::string_view counter, uint64_t count) override { loss[std::string(counter)] += count; }
  void on_log(int64_t time_ns, std::string_view text) override { log.emplace_back(time_ns, text); }
  Status on_events(const EventBlock& block) override {
    for (size_t row = 0; row < block.rows; ++row) {
      ReadEvent event{block.kind, block.lane, {}};
      for (const auto& column : block.columns) {
        event.values.push_back(column[row]);
      }
      events.push_back(std::move(event));
    }
    return Status();
  }

  // Values of column c of all events of a kind, in the order they came.
  [[nodiscard]] std::vector<int64_t> column(Kind kind, size_t c) const {
    std::vector<int64_t> values;
    for (const ReadEvent& event : events) {
      if (event.kind == kind) {
        values.push_back(event.values.at(c));
      }
    }
    return values;
  }

  std::map<uint32_t, std::string> strings;
  std::map<uint32_t, LaneDecl> lanes;
  std::map<std::string, std::string> meta;
  std::vector<ClockAnchor> anchors;
  std::map<std::string, uint64_t> loss;
  std::vector<std::pair<int64_t, std::string>> log;
  std::vector<ReadEvent> events;
};

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stepscope-spool-XXXXXX").string();
    directory_ = mkdtemp(pattern.data()) != nullptr ? pattern : "";
  }
  ~SpoolTest() override {
    spool_.abandon_in_child();
    std::filesystem::remove_all(directory_);
  }
  SpoolTest(const SpoolTest&) = delete;
  SpoolTest& operator=(const SpoolTest&) = delete;

  void SetUp() override { ASSERT_EQ(spool_.open(directory_.c_str(), "p"), 0); }

  // What SIGKILL does: mappings and descriptors go, the files stay as they are.
  void die() { spool_.abandon_in_child(); }

  [[nodiscard]] std::string base() const { return directory_ + "/p"; }

  KeepingVisitor read() {
    KeepingVisitor visitor;
    const Result<SpoolSummary> result = read_spool(base(), visitor);
    EXPECT_TRUE(result.ok()) << result.status().message();
    summary_ = result.ok() ? result.value() : SpoolSummary{};
    return visitor;
  }

  bool push_instant(Ring* ring, int64_t number) {
    const int64_t values[] = {number, 0, 0, 0, 1, 0, -number};
    return spool_.push(ring, Kind::kInstant, 0, values, 7);
  }

  static std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  static void put(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  std::string directory_;
  Spool spool_;
  SpoolSummary summary_;
};

inline std::vector<int64_t> numbers(int64_t begin, int64_t end) {
  std::vector<int64_t> all;
  for (int64_t i = begin; i < end; ++i) {
    all.push_back(i);
  }
  return all;
}

}  // namespace stepscope::trace
