// SPDX-License-Identifier: Apache-2.0
#include "trace/recording_state.hpp"

#include <algorithm>
#include <tuple>

#include "trace/digest.hpp"
#include "trace/packed_segment.hpp"

namespace stepscope::trace {
namespace {

constexpr int64_t kMaxStrings = int64_t{1} << 28;

template <typename T>
bool fits(int64_t value) {
  return value >= 0 && value <= static_cast<int64_t>(std::numeric_limits<T>::max());
}

}  // namespace

bool Recording::State::load() {
  if (!check_digests() || !load_facts() || !load_strings() || !load_kinds() || !load_segments()) {
    return false;
  }
  summarise_lanes();
  return true;
}

bool Recording::State::check_digests() {
  for (const DigestPart& part : eager_digest_parts()) {
    if (!digest_matches(database, part.table)) {
      problem = "table " + std::string(part.table) + " does not match its checksum";
      return false;
    }
  }
  return true;
}

bool Recording::State::load_facts() {
  Statement meta_rows(database, "SELECT key, value FROM meta");
  while (meta_rows.next()) {
    meta.emplace(meta_rows.text(0), meta_rows.text(1));
  }
  Statement lane_rows(database, "SELECT id, type, name, tid FROM lane ORDER BY id");
  while (lane_rows.next()) {
    LaneInfo& lane = lanes.emplace_back();
    lane.id = static_cast<uint32_t>(lane_rows.integer(0));
    lane.type = lane_rows.text(1);
    lane.name = lane_rows.text(2);
    lane.tid = static_cast<uint32_t>(lane_rows.integer(3));
  }
  Statement loss_rows(database, "SELECT counter, count, severity, sentence FROM loss ORDER BY counter");
  while (loss_rows.next()) {
    losses.push_back({std::string(loss_rows.text(0)), static_cast<uint64_t>(loss_rows.integer(1)),
                      std::string(loss_rows.text(2)), std::string(loss_rows.text(3))});
  }
  // SELECT *: format 1.0 has no cupti_ns, and a newer minor may have more.
  Statement anchor_rows(database, "SELECT * FROM clock_anchor ORDER BY rowid");
  while (anchor_rows.next()) {
    anchors.push_back({anchor_rows.integer(0), anchor_rows.integer(1), anchor_rows.integer(2),
                       anchor_rows.integer(3), static_cast<uint64_t>(anchor_rows.integer(4)),
                       anchor_rows.columns() > 5 ? anchor_rows.integer(5) : 0});
  }
  Statement log_rows(database, "SELECT time_ns, text FROM log ORDER BY rowid");
  while (log_rows.next()) {
    log.emplace_back(log_rows.integer(0), log_rows.text(1));
  }
  return meta_rows.ok() && lane_rows.ok() && loss_rows.ok() && anchor_rows.ok() && log_rows.ok();
}

bool Recording::State::load_strings() {
  Statement rows(database, "SELECT id, text FROM string ORDER BY id");
  while (rows.next()) {
    if (rows.integer(0) != static_cast<int64_t>(strings.size()) + 1 || rows.integer(0) > kMaxStrings) {
      problem = "the string table has gaps";
      return false;
    }
    strings.emplace_back(rows.text(1));
  }
  return rows.ok();
}

bool Recording::State::load_kinds() {
  Statement rows(database, "SELECT id, name FROM kind ORDER BY id");
  while (rows.next()) {
    if (!fits<uint16_t>(rows.integer(0))) {
      problem = "a kind has an impossible id";
      return false;
    }
    KindSummary& kind = kinds.emplace_back();
    kind.id = static_cast<uint16_t>(rows.integer(0));
    kind.name = rows.text(1);
    kind.known = find_kind(kind.id) != nullptr;
  }
  Statement column_rows(database,
                        "SELECT kind, position, name, type FROM kind_column ORDER BY kind, position");
  while (column_rows.next()) {
    const auto owner = std::find_if(kinds.begin(), kinds.end(), [&](const KindSummary& kind) {
      return kind.id == column_rows.integer(0);
    });
    if (owner == kinds.end() || owner->columns.size() >= kMaxFileColumns ||
        column_rows.integer(1) != static_cast<int64_t>(owner->columns.size())) {
      problem = "the table of kinds is not consistent";
      return false;
    }
    owner->columns.push_back(
        {std::string(column_rows.text(2)), static_cast<ColumnType>(column_rows.integer(3) & 0xff)});
  }
  return rows.ok() && column_rows.ok();
}

bool Recording::State::load_segments() {
  Statement rows(database, "SELECT id, kind, lane, first_ns, last_end_ns, rows FROM segment");
  while (rows.next()) {
    SegmentEntry& entry = segments.emplace_back();
    entry.id = rows.integer(0);
    entry.first_ns = rows.integer(3);
    entry.last_end_ns = rows.integer(4);
    const int64_t count = rows.integer(5);
    if (!fits<uint16_t>(rows.integer(1)) || !fits<uint32_t>(rows.integer(2)) || count < 1 ||
        count > static_cast<int64_t>(kMaxSegmentRows) || entry.last_end_ns < entry.first_ns) {
      problem = "segment " + std::to_string(entry.id) + " has an impossible header";
      return false;
    }
    entry.kind = static_cast<uint16_t>(rows.integer(1));
    entry.lane = static_cast<uint32_t>(rows.integer(2));
    entry.rows = static_cast<uint32_t>(count);
  }
  std::sort(segments.begin(), segments.end(), [](const SegmentEntry& a, const SegmentEntry& b) {
    return std::tie(a.kind, a.lane, a.first_ns, a.id) < std::tie(b.kind, b.lane, b.first_ns, b.id);
  });
  return rows.ok();
}

void Recording::State::summarise_lanes() {
  std::map<uint32_t, LaneInfo> by_id;
  for (LaneInfo& lane : lanes) {
    by_id.emplace(lane.id, std::move(lane));
  }
  for (const SegmentEntry& entry : segments) {
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
  lanes.clear();
  for (auto& [id, lane] : by_id) {
    lanes.push_back(std::move(lane));
  }
  std::sort(kinds.begin(), kinds.end(),
            [](const KindSummary& a, const KindSummary& b) { return a.id < b.id; });
}

const KindSummary* Recording::State::find_kind_summary(uint16_t id) const {
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [id](const KindSummary& kind) { return kind.id == id; });
  return found != kinds.end() ? &*found : nullptr;
}

}  // namespace stepscope::trace
