// SPDX-License-Identifier: Apache-2.0
#include "trace/recording_state.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "trace/digest.hpp"
#include "trace/packed_segment.hpp"
#include "trace/sqlite_api.hpp"

namespace stepscope::trace {
namespace {

constexpr int64_t kMaxStrings = int64_t{1} << 28;

template <typename T>
bool fits(int64_t value) {
  return value >= 0 && value <= static_cast<int64_t>(std::numeric_limits<T>::max());
}

// Reads each table once: what the rows say counts only where their checksum holds.
class ContentsLoader {
 public:
  ContentsLoader(const Database& database, std::string* problem) : database_(database), problem_(*problem) {}

  [[nodiscard]] std::unique_ptr<RecordingContents> load() {
    stored_ = stored_digests(database_);
    if (stored_.empty()) {
      problem_ = "it has no checksums";
      return nullptr;
    }
    if (!load_facts() || !load_strings() || !load_kinds() || !load_segments()) {
      return nullptr;
    }
    summarise_lanes();
    return std::move(out_);
  }

 private:
  // What is wrong with a row is said only where the table is as it was written.
  [[nodiscard]] bool read(const char* table, const RowVisitor& visit) {
    if (!digest_matches(database_, table, stored_, visit)) {
      problem_ = "table " + std::string(table) + " does not match its checksum";
    }
    return problem_.empty();
  }

  [[nodiscard]] bool load_facts() {
    return read("meta", [this](const Statement& row) { out_->meta.emplace(row.text(0), row.text(1)); }) &&
           read("lane", [this](const Statement& row) { add_lane(row); }) &&
           read("loss",
                [this](const Statement& row) {
                  out_->losses.push_back({std::string(row.text(0)), static_cast<uint64_t>(row.integer(1)),
                                          std::string(row.text(2)), std::string(row.text(3))});
                }) &&
           read("clock_anchor", [](const Statement&) {}) && load_anchors() &&
           read("log", [this](const Statement& row) { out_->log.emplace_back(row.integer(0), row.text(1)); });
  }

  void add_lane(const Statement& row) {
    LaneInfo& lane = out_->lanes.emplace_back();
    lane.id = static_cast<uint32_t>(row.integer(0));
    lane.type = row.text(1);
    lane.name = row.text(2);
    lane.tid = static_cast<uint32_t>(row.integer(3));
  }

  // SELECT *: format 1.0 has no cupti_ns, and a newer minor may have more. The checksum is over the columns of 1.0.
  [[nodiscard]] bool load_anchors() {
    Statement rows(database_, "SELECT * FROM clock_anchor ORDER BY rowid");
    while (rows.next()) {
      out_->anchors.push_back({rows.integer(0), rows.integer(1), rows.integer(2), rows.integer(3),
                               static_cast<uint64_t>(rows.integer(4)),
                               rows.columns() > 5 ? rows.integer(5) : 0});
    }
    return rows.ok();
  }

  [[nodiscard]] bool load_strings() {
    return read("string", [this](const Statement& row) {
      if (row.integer(0) != static_cast<int64_t>(out_->strings.size()) + 1 || row.integer(0) > kMaxStrings) {
        problem_ = "the string table has gaps";
      } else {
        out_->strings.emplace_back(row.text(1));
      }
    });
  }

  [[nodiscard]] bool load_kinds() {
    return read("kind", [this](const Statement& row) { add_kind(row); }) &&
           read("kind_column", [this](const Statement& row) { add_column(row); });
  }

  void add_kind(const Statement& row) {
    if (!fits<uint16_t>(row.integer(0))) {
      problem_ = "a kind has an impossible id";
      return;
    }
    KindSummary& kind = out_->kinds.emplace_back();
    kind.id = static_cast<uint16_t>(row.integer(0));
    kind.name = row.text(1);
    kind.known = find_kind(kind.id) != nullptr;
  }

  // Rows come in the order of kinds, which ascend.
  void add_column(const Statement& row) {
    std::vector<KindSummary>& kinds = out_->kinds;
    while (owner_ < kinds.size() && kinds[owner_].id < row.integer(0)) {
      ++owner_;
    }
    if (owner_ == kinds.size() || kinds[owner_].id != row.integer(0) ||
        kinds[owner_].columns.size() >= kMaxFileColumns ||
        row.integer(1) != static_cast<int64_t>(kinds[owner_].columns.size())) {
      problem_ = "the table of kinds is not consistent";
      return;
    }
    kinds[owner_].columns.push_back(
        {std::string(row.text(2)), static_cast<ColumnType>(row.integer(3) & 0xff)});
  }

  [[nodiscard]] bool load_segments() {
    if (!read("segment", [this](const Statement& row) { add_segment(row); })) {
      return false;
    }
    std::sort(out_->segments.begin(), out_->segments.end(), [](const SegmentEntry& a, const SegmentEntry& b) {
      return std::tie(a.kind, a.lane, a.first_ns, a.id) < std::tie(b.kind, b.lane, b.first_ns, b.id);
    });
    return true;
  }

  void add_segment(const Statement& row) {
    SegmentEntry& entry = out_->segments.emplace_back();
    entry.id = row.integer(0);
    entry.first_ns = row.integer(3);
    entry.last_end_ns = row.integer(4);
    const int64_t count = row.integer(5);
    if (!fits<uint16_t>(row.integer(1)) || !fits<uint32_t>(row.integer(2)) || count < 1 ||
        count > static_cast<int64_t>(kMaxSegmentRows) || entry.last_end_ns < entry.first_ns) {
      problem_ = "segment " + std::to_string(entry.id) + " has an impossible header";
      return;
    }
    entry.kind = static_cast<uint16_t>(row.integer(1));
    entry.lane = static_cast<uint32_t>(row.integer(2));
    entry.rows = static_cast<uint32_t>(count);
  }

  void summarise_lanes() {
    std::map<uint32_t, LaneInfo> by_id;
    for (LaneInfo& lane : out_->lanes) {
      by_id.emplace(lane.id, std::move(lane));
    }
    std::vector<KindSummary>& kinds = out_->kinds;
    for (const SegmentEntry& entry : out_->segments) {
      LaneInfo& lane = by_id[entry.lane];
      if (lane.type.empty()) {  // events on a lane nobody declared
        lane.id = entry.lane;
        lane.type = "unknown";
      }
      lane.first_ns = lane.events == 0 ? entry.first_ns : std::min(lane.first_ns, entry.first_ns);
      lane.last_ns = lane.events == 0 ? entry.last_end_ns : std::max(lane.last_ns, entry.last_end_ns);
      lane.events += entry.rows;
      const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                     [&](const KindSummary& summary) { return summary.id == entry.kind; });
      if (kind != kinds.end()) {
        kind->events += entry.rows;
      } else {
        kinds.push_back({entry.kind, "kind_" + std::to_string(entry.kind), false, entry.rows, {}});
      }
    }
    out_->lanes.clear();
    for (auto& [id, lane] : by_id) {
      out_->lanes.push_back(std::move(lane));
    }
    std::sort(kinds.begin(), kinds.end(),
              [](const KindSummary& a, const KindSummary& b) { return a.id < b.id; });
  }

  const Database& database_;
  std::string& problem_;
  StoredDigests stored_;
  size_t owner_ = 0;  // of the rows of kind_column at hand
  std::unique_ptr<RecordingContents> out_ = std::make_unique<RecordingContents>();
};

}  // namespace

std::shared_ptr<const RecordingContents> load_contents(const Database& database, std::string* problem) {
  // One transaction: all tables as of one moment, and the file is locked once.
  (void)Statement(database, "BEGIN").run();
  std::shared_ptr<const RecordingContents> contents = ContentsLoader(database, problem).load();
  if (contents == nullptr && database.error_code() != SQLITE_OK && database.error_code() != SQLITE_DONE) {
    *problem = database.error();
  }
  (void)Statement(database, "COMMIT").run();
  return contents;
}

const KindSummary* RecordingContents::find_kind_summary(uint16_t id) const {
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [id](const KindSummary& kind) { return kind.id == id; });
  return found != kinds.end() ? &*found : nullptr;
}

}  // namespace stepscope::trace
