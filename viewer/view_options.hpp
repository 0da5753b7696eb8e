// SPDX-License-Identifier: Apache-2.0
//
// View options: how each view shows what it shows: axes, orders, filters. Plain data in AppState, so that a link can tell it, a
// command change it, and a view that is not drawn keep it. An option that a link tells is a row of option_table().
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "viewer/model/area_table.hpp"
#include "viewer/model/call_tree.hpp"
#include "viewer/model/diff_table.hpp"
#include "viewer/model/durations.hpp"
#include "viewer/model/event_filter.hpp"
#include "viewer/model/event_list.hpp"
#include "viewer/model/movers.hpp"
#include "viewer/model/rank_matrix.hpp"

namespace stepscope::viewer {

enum class FlameSource : uint8_t { kHost, kGpu, kPython };
enum class RankShow : uint8_t { kA, kB, kDifference };  // with two runs

// What a table is sorted by.
template <typename Order>
struct Sorting {
  Order order;
  bool descending = true;
  friend bool operator==(const Sorting&, const Sorting&) = default;
};

struct ViewOptions {
  struct Histogram {
    bool logarithmic = true;  // durations
    bool log_count = false;
    bool shares = false;  // instead of counts
    bool ecdf = true;
    DurationRange within;  // holds for `within_of` only
    NameChoice within_of;
    [[nodiscard]] DurationRange range_of(const NameChoice& name) const {
      return within_of == name ? within : DurationRange();
    }
    friend bool operator==(const Histogram&, const Histogram&) = default;
  } histogram;
  struct Flame {
    FlameSource source = FlameSource::kHost;
    FlameWidth width = FlameWidth::kB;
    std::vector<std::string> zoom;  // texts on the way to the box it is zoomed to
    friend bool operator==(const Flame&, const Flame&) = default;
  } flame;
  struct Movers {
    std::string by;  // MoverTable::by; one that is not there: the first
    MoverFilter filter;
    Sorting<MoverOrder> sort{MoverOrder::kEffect};
    friend bool operator==(const Movers&, const Movers&) = default;
  } movers;
  struct Ranks {
    RankShow show = RankShow::kDifference;
    RankMetric metric = RankMetric::kHeld;  // where it is known
    RankOrder order = RankOrder::kRank;
    friend bool operator==(const Ranks&, const Ranks&) = default;
  } ranks;
  struct Sql {
    std::string text = "SELECT name FROM sqlite_schema ORDER BY name";
    Side side = Side::kB;  // where there are two
    friend bool operator==(const Sql&, const Sql&) = default;
  } sql;
  Sorting<EventOrder> events{EventOrder::kStart, false};
  Sorting<AreaOrder> area{AreaOrder::kDelta};
  Sorting<TermOrder> terms{TermOrder::kEffect};
  size_t batches_of = 0;       // which of the processes that wait for batches
  bool flat_counters = false;  // also lines that never change
  // Rows under the timeline, by CounterLine::key; none: those that tell the runs apart.
  std::optional<std::set<std::string>> counter_rows;
  friend bool operator==(const ViewOptions&, const ViewOptions&) = default;
};

// An option as a word: "log", "gpu", "duration:down".
struct OptionRow {
  std::string_view key;  // of a link; never changes once published
  std::string (*text)(const ViewOptions& options);
  bool (*set)(ViewOptions& options,
              std::string_view text);  // false: no such value; the options are as before
};
[[nodiscard]] std::span<const OptionRow> option_table();

using OptionTexts = std::map<std::string, std::string, std::less<>>;  // by key
[[nodiscard]] OptionTexts option_texts(const ViewOptions& options);

}  // namespace stepscope::viewer
