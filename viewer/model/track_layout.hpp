// SPDX-License-Identifier: Apache-2.0
//
// Track layout: which lane stands where. A track is a lane, or with two runs the pair of lanes that play the same
// part (equal process and lane keys). Pure functions; heights in pixels.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

inline constexpr uint32_t kNoTrackLane = 0xFFFFFFFFU;

struct Track {
  size_t group = 0;
  LaneRole role = LaneRole::kThread;
  std::string title;
  uint32_t lane[2] = {kNoTrackLane, kNoTrackLane};  // by Side
  std::string key;  // "process/lane", unique: the same track in another session, where indices differ
};

struct TrackGroup {
  std::string title;
  std::string subtitle;
  std::string key;
};

struct Tracks {
  std::vector<TrackGroup> groups;
  std::vector<Track> tracks;  // in the order of groups
};

// Lanes of A, each with its counterpart of B, then lanes that only B has; in a group by role: the main thread, what it drives
// (streams, then communicators), its other threads, then what the driver says of devices.
[[nodiscard]] Tracks make_tracks(const RunModel& a, const RunModel* b);

// With two runs: which of them have lanes on screen.
enum class Shown : uint8_t { kBoth, kOnlyA, kOnlyB };

enum class Arrangement : uint8_t { kSplit, kStacked };  // pairs side by side, or all of A above all of B

struct LayoutMetrics {
  float header = 22;
  float row = 18;  // an expanded nesting level
  float row_gap = 1;
  float lane_gap = 6;
  float delta = 0;       // of the row under a pair of lanes that shows their difference; 0: none
  size_t max_rows = 12;  // deeper levels are folded away
};

struct TrackItem {
  enum class Kind : uint8_t { kGroup, kLane, kDelta };  // kDelta: of the pair of lanes above
  Kind kind = Kind::kLane;
  size_t group = 0;
  size_t track = 0;
  Side side = Side::kA;
  size_t rows = 0;    // nesting levels shown
  bool first = true;  // of its track: carries the title
  bool collapsed = false;
  float y = 0;
  float height = 0;
};

struct TrackLayout {
  std::vector<TrackItem> items;  // ascending y, not overlapping
  float height = 0;
  float row_height = 0;
  float row_gap = 0;
  // First item whose lower edge is below y.
  [[nodiscard]] size_t first_visible(float y) const;
  [[nodiscard]] std::optional<size_t> item_at(float y) const;
};

// `collapsed` holds group keys folded to their header. `shown` is looked at with two runs only.
[[nodiscard]] TrackLayout lay_out(const Tracks& tracks, const RunModel& a, const RunModel* b,
                                  Arrangement arrangement, Shown shown,
                                  const std::set<std::string>& collapsed, const LayoutMetrics& metrics);

}  // namespace stepscope::viewer
