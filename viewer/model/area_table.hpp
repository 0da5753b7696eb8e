// SPDX-License-Identifier: Apache-2.0
//
// AreaTable: what runs inside a selected area, of both runs, one row per name. Names of equal text are one row, whatever their
// kind or category. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "viewer/model/selection.hpp"
#include "viewer/model/table_text.hpp"

namespace stepscope::viewer {

struct AreaRow {
  std::string name;
  Category category = Category::kOther;
  std::array<NameStat, 2> stat;  // by Side; count 0: not there. stat.name means nothing
  [[nodiscard]] int64_t delta_ns() const { return stat[1].self_ns - stat[0].self_ns; }
};

enum class AreaOrder : uint8_t { kName, kCountA, kCountB, kSelfA, kSelfB, kDelta, kTotal, kLongest };

struct AreaTable {
  bool comparison = false;
  std::vector<AreaRow> rows;

  // By magnitude where values can be negative; total and longest by the larger of both runs. Ties by name.
  void sort(AreaOrder order, bool descending);
};

// `stats` null: that side is not there. Sorted by |delta|, or with one run by self time, the largest first.
[[nodiscard]] AreaTable make_area_table(const std::array<const RunModel*, 2>& runs,
                                        const std::array<const AreaStats*, 2>& stats);
[[nodiscard]] TableText area_as_text(const AreaTable& table);

}  // namespace stepscope::viewer
