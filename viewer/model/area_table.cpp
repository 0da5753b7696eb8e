// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/area_table.hpp"

#include <algorithm>
#include <cstdlib>
#include <unordered_map>

namespace stepscope::viewer {
namespace {

void add_stat(NameStat& to, const NameStat& from) {
  to.count += from.count;
  to.total_ns += from.total_ns;
  to.self_ns += from.self_ns;
  to.max_ns = std::max(to.max_ns, from.max_ns);
}

int64_t area_key(const AreaRow& row, AreaOrder order) {
  const NameStat& a = row.stat[0];
  const NameStat& b = row.stat[1];
  switch (order) {
    case AreaOrder::kCountA:
      return static_cast<int64_t>(a.count);
    case AreaOrder::kCountB:
      return static_cast<int64_t>(b.count);
    case AreaOrder::kSelfA:
      return a.self_ns;
    case AreaOrder::kSelfB:
      return b.self_ns;
    case AreaOrder::kDelta:
      return std::abs(row.delta_ns());
    case AreaOrder::kTotal:
      return std::max(a.total_ns, b.total_ns);
    case AreaOrder::kLongest:
      return std::max(a.max_ns, b.max_ns);
    case AreaOrder::kName:
      break;
  }
  return 0;
}

}  // namespace

void AreaTable::sort(AreaOrder order, bool descending) {
  std::sort(rows.begin(), rows.end(), [&](const AreaRow& x, const AreaRow& y) {
    if (order == AreaOrder::kName) {
      return descending ? y.name < x.name : x.name < y.name;
    }
    const int64_t a = area_key(x, order);
    const int64_t b = area_key(y, order);
    return a != b ? (descending ? a > b : a < b) : x.name < y.name;
  });
}

AreaTable make_area_table(const std::array<const RunModel*, 2>& runs,
                          const std::array<const AreaStats*, 2>& stats) {
  AreaTable table;
  table.comparison = stats[0] != nullptr && stats[1] != nullptr;
  std::unordered_map<std::string, size_t> row_of;
  for (size_t s = 0; s < 2; ++s) {
    if (stats[s] == nullptr) {
      continue;
    }
    for (const NameStat& stat : stats[s]->names) {
      const NameEntry& name = runs[s]->names[stat.name];
      const auto [at, fresh] = row_of.try_emplace(name.text, table.rows.size());
      if (fresh) {
        table.rows.push_back({name.text, name.category, {}});
      }
      add_stat(table.rows[at->second].stat[s], stat);
    }
  }
  table.sort(table.comparison      ? AreaOrder::kDelta
             : stats[0] != nullptr ? AreaOrder::kSelfA
                                   : AreaOrder::kSelfB,
             true);
  return table;
}

TableText area_as_text(const AreaTable& table) {
  TableText text;
  text.columns = {"name",     "a_count",    "b_count",    "a_self_ns", "b_self_ns",
                  "delta_ns", "a_total_ns", "b_total_ns", "a_max_ns",  "b_max_ns"};
  for (const AreaRow& row : table.rows) {
    const NameStat& a = row.stat[0];
    const NameStat& b = row.stat[1];
    text.rows.push_back({row.name, std::to_string(a.count), std::to_string(b.count),
                         std::to_string(a.self_ns), std::to_string(b.self_ns), std::to_string(row.delta_ns()),
                         std::to_string(a.total_ns), std::to_string(b.total_ns), std::to_string(a.max_ns),
                         std::to_string(b.max_ns)});
  }
  return text;
}

}  // namespace stepscope::viewer
