// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/movers.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <unordered_map>

#include "viewer/model/search.hpp"

namespace stepscope::viewer {
namespace {

constexpr uint32_t kNoList = 0xFFFFFFFFU;

bool passes(const Mover& mover, const MoverFilter& filter) {
  if (std::abs(mover.delta_ns) < filter.least_ns || (filter.change && *filter.change != mover.change)) {
    return false;
  }
  if (filter.text.empty() || contains_text(mover.label, filter.text) ||
      contains_text(mover.op, filter.text)) {
    return true;
  }
  return std::any_of(mover.names.begin(), mover.names.end(), [&](const std::vector<std::string>& names) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return contains_text(name, filter.text); });
  });
}

bool less(const Mover& x, const Mover& y, MoverOrder order) {
  switch (order) {
    case MoverOrder::kLabel:
      return x.label < y.label;
    case MoverOrder::kA:
      return x.a_ns < y.a_ns;
    case MoverOrder::kB:
      return x.b_ns < y.b_ns;
    case MoverOrder::kCountA:
      return x.count_a < y.count_a;
    case MoverOrder::kCountB:
      return x.count_b < y.count_b;
    case MoverOrder::kTier:
      return x.confidence < y.confidence;
    case MoverOrder::kEffect:
      break;
  }
  return std::abs(x.delta_ns) < std::abs(y.delta_ns);
}

// Which list each name of the run is in.
std::vector<uint32_t> lists_of_names(const RunModel& run,
                                     std::span<const std::vector<std::string>* const> names) {
  std::unordered_map<std::string_view, uint32_t> by_text;
  for (uint32_t list = 0; list < names.size(); ++list) {
    for (const std::string& name : *names[list]) {
      by_text.emplace(name, list);
    }
  }
  std::vector<uint32_t> lists;
  for (const NameEntry& name : run.names) {
    const auto at = by_text.find(name.text);
    lists.push_back(at == by_text.end() ? kNoList : at->second);
  }
  return lists;
}

// What the events of one list are in one step.
struct Tally {
  int64_t total_ns = 0;
  int64_t longest_ns = -1;
  Place longest;
};

}  // namespace

int64_t MoverTable::residual_ns() const {
  int64_t sum = 0;
  for (const Mover& mover : movers) {
    sum += mover.delta_ns;
  }
  return delta_ns - sum;
}

std::vector<uint32_t> MoverTable::visible(const MoverFilter& filter, MoverOrder order,
                                          bool descending) const {
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < movers.size(); ++i) {
    if (passes(movers[i], filter)) {
      rows.push_back(i);
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [&](uint32_t x, uint32_t y) {
    return descending ? less(movers[y], movers[x], order) : less(movers[x], movers[y], order);
  });
  return rows;
}

std::vector<std::optional<Place>> find_worst(const RunModel& run, Side side,
                                             std::span<const std::vector<std::string>* const> names) {
  std::vector<std::optional<Place>> worst(names.size());
  std::vector<int64_t> most(names.size(), 0);
  const std::vector<uint32_t> lists = lists_of_names(run, names);
  std::vector<Tally> tallies(names.size());
  for (const StepModel& step : run.steps) {
    if (!step.train) {
      continue;
    }
    std::fill(tallies.begin(), tallies.end(), Tally());
    for (uint32_t lane = 0; lane < run.lanes.size(); ++lane) {
      for (const EventRow& row : run.lanes[lane].rows) {
        for (size_t i = row.first_starting_at(step.begin_ns); i < row.size() && row.start(i) < step.end_ns;
             ++i) {
          const uint32_t list = lists[row.name(i)];
          if (list == kNoList) {
            continue;
          }
          Tally& tally = tallies[list];
          tally.total_ns += row.duration(i);
          if (row.duration(i) > tally.longest_ns) {
            tally.longest_ns = row.duration(i);
            tally.longest = {side, lane, row.start(i), row.end(i)};
          }
        }
      }
    }
    for (size_t list = 0; list < tallies.size(); ++list) {
      if (tallies[list].longest_ns >= 0 && (!worst[list] || tallies[list].total_ns > most[list])) {
        most[list] = tallies[list].total_ns;
        worst[list] = tallies[list].longest;
      }
    }
  }
  return worst;
}

}  // namespace stepscope::viewer
