// SPDX-License-Identifier: Apache-2.0
//
// The overviews of a recording: made at finish() from the segments that are in the file already.
#include <algorithm>
#include <array>

#include "trace/overview.hpp"
#include "trace/recording_builder_state.hpp"

namespace stepscope::trace {
namespace {

constexpr Column kOverviewColumns[] = {{"busy", ColumnType::kUint, Encoding::kVarint},
                                       {"leading", ColumnType::kString, Encoding::kDict}};

}  // namespace

// What an event without a name counts under in the overview.
uint32_t RecordingBuilder::State::label(const KindInfo& kind) {
  return intern(kind.name);
}

bool RecordingBuilder::State::write_overviews() {
  std::map<uint32_t, std::vector<SegmentEntry>> by_lane;
  for (const SegmentEntry& entry : segments) {
    const KindInfo* kind = find_kind(entry.kind);
    // Stack samples stand for the time around them: a lane that has them would always look busy.
    if (kind->has_duration() && kind->id != Kind::kPythonSample) {
      by_lane[entry.lane].push_back(entry);
    }
  }
  return std::all_of(by_lane.begin(), by_lane.end(),
                     [this](const auto& lane) { return write_overview(lane.first, lane.second); });
}

bool RecordingBuilder::State::write_overview(uint32_t lane, const std::vector<SegmentEntry>& lane_segments) {
  int64_t first_ns = INT64_MAX;
  int64_t last_ns = INT64_MIN;
  uint64_t events = 0;
  for (const SegmentEntry& entry : lane_segments) {
    first_ns = std::min(first_ns, entry.first_ns);
    last_ns = std::max(last_ns, entry.last_end_ns);
    events += entry.rows;
  }
  OverviewSweep sweep(first_ns, last_ns, events);
  Statement blob_of(database, "SELECT data FROM segment WHERE id = ?");
  const auto load = [&](const SegmentEntry& entry, MergeRows& rows) {
    const KindInfo& kind = *find_kind(entry.kind);
    const int name = name_column(kind);
    rows.start.resize(entry.rows);
    rows.dur.resize(entry.rows);
    rows.name.assign(entry.rows, name < 0 ? label(kind) : 0);
    std::array<int64_t*, kMaxColumns> out = {rows.start.data(), rows.dur.data()};
    if (name >= 0) {
      out[static_cast<size_t>(name)] = rows.name.data();
    }
    const bool ok = blob_of.bind(1, entry.id).next() &&
                    unpacker.unpack(blob_of.blob(0), entry.rows, kind.column_count, out.data());
    blob_of.reset();
    return ok;
  };
  const auto visit = [&](int64_t start_ns, int64_t end_ns, int64_t name) {
    const bool known = name > 0 && static_cast<uint64_t>(name) <= strings.size();
    sweep.add(start_ns, end_ns, known ? static_cast<uint32_t>(name) : 0);
  };
  if (!merge_lane(lane_segments, load, visit)) {
    return false;
  }
  Statement row(
      database,
      "INSERT INTO overview (lane, level, origin_ns, bucket_ns, buckets, data) VALUES (?, ?, ?, ?, ?, ?)");
  int64_t level_number = 0;
  for (const OverviewLevel& level : sweep.finish()) {
    const std::vector<int64_t> busy(level.busy.begin(), level.busy.end());
    const std::vector<int64_t> leading(level.leading.begin(), level.leading.end());
    const std::array<const int64_t*, 2> values = {busy.data(), leading.data()};
    const std::span<const uint8_t> blob = packer.pack(kOverviewColumns, values.data(), busy.size());
    row.bind(1, int64_t{lane}).bind(2, level_number++).bind(3, level.origin_ns).bind(4, level.bucket_ns);
    if (blob.empty() || !row.bind(5, static_cast<int64_t>(busy.size())).bind(6, blob).run()) {
      return false;
    }
  }
  return true;
}

}  // namespace stepscope::trace
