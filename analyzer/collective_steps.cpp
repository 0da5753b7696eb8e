// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "analyzer/gpu_events.hpp"
#include "analyzer/kernel_name.hpp"
#include "analyzer/motif_steps.hpp"

namespace stepscope::analysis {
namespace {

// Columns of kind collective and memcpy: trace/kinds.cpp.
enum CollectiveColumn : uint32_t {
  kOpColumn = 2,
  kBytesColumn = 5,
  kRanksColumn = 7,
  kCountColumn = 11,
  kEnqueueColumn = 15,
  kFlagsColumn = 17
};

struct Enqueued {
  int64_t at_ns = 0;
  uint32_t symbol = 0;
};

struct Group {
  int64_t ranks = 0;
  uint32_t lane = kNoLane;  // global lane of the communicator
  std::vector<Enqueued> collectives;
};

Result<std::vector<Group>> read_groups(const Run& run, uint32_t process) {
  const int64_t shift = run.processes()[process].clock_shift_ns;
  std::map<std::pair<uint32_t, int64_t>, Group> groups;
  std::map<std::tuple<int64_t, int64_t, int64_t>, uint32_t> symbols;  // operation, bytes, count
  trace::ScanFilter filter;
  filter.kind = Kind::kCollective;
  filter.columns = 1U;
  for (const uint32_t column :
       {kOpColumn, kBytesColumn, kRanksColumn, kCountColumn, kEnqueueColumn, kFlagsColumn}) {
    filter.columns |= 1U << column;
  }
  const Status status = run.scan(process, filter, [&](const trace::SegmentView& view) {
    const auto at = [&view](size_t column, size_t row) {
      return column < view.columns.size() && !view.columns[column].empty() ? view.columns[column][row] : 0;
    };
    const uint32_t lane = run.global_lane(process, view.lane);
    for (size_t row = 0; row < view.rows; ++row) {
      const int64_t op = at(kOpColumn, row);
      if ((at(kFlagsColumn, row) & trace::kCollectiveCaptured) != 0 ||
          collective_op(run.name(run.global_name(process, op))) == "send_recv") {
        continue;
      }
      const auto key = std::tuple(op, at(kBytesColumn, row), at(kCountColumn, row));
      const uint32_t symbol = symbols.try_emplace(key, static_cast<uint32_t>(symbols.size())).first->second;
      const int64_t enqueued = at(kEnqueueColumn, row);
      Group& group = groups[{lane, at(kRanksColumn, row)}];
      group.ranks = at(kRanksColumn, row);
      group.lane = lane;
      group.collectives.push_back({(enqueued != 0 ? enqueued : view.columns[0][row]) + shift, symbol});
    }
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  std::vector<Group> out;
  for (auto& [key, group] : groups) {
    out.push_back(std::move(group));
  }
  return out;
}

// When copies between host and device began, ascending.
Result<std::vector<std::pair<int64_t, bool>>> read_host_copies(const Run& run, uint32_t process) {
  const int64_t shift = run.processes()[process].clock_shift_ns;
  std::vector<std::pair<int64_t, bool>> out;  // time, into the device
  trace::ScanFilter filter;
  filter.kind = Kind::kMemcpy;
  filter.columns = 0b101U;
  const Status status = run.scan(process, filter, [&](const trace::SegmentView& view) {
    for (size_t row = 0; row < view.rows; ++row) {
      const std::string_view kind = copy_kind_name(view.columns[2][row]);
      if (kind == "h2d" || kind == "d2h") {
        out.emplace_back(view.columns[0][row] + shift, kind == "h2d");
      }
    }
    return Status();
  });
  if (!status.ok()) {
    return status;
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<MotifItem> items_of(const std::vector<Enqueued>& collectives,
                                const std::vector<std::pair<int64_t, bool>>& copies) {
  std::vector<MotifItem> out;
  out.reserve(collectives.size());
  auto copy = copies.begin();
  int64_t before = collectives.front().at_ns;
  for (const Enqueued& one : collectives) {
    MotifItem item;
    item.symbol = one.symbol;
    item.idle = motif_idle(one.at_ns - before) & kMotifIdleMax;
    before = one.at_ns;
    for (; copy != copies.end() && copy->first < one.at_ns; ++copy) {
      if (copy->second) {
        item.copied_in = 1;
      } else {
        item.copied_out = 1;
      }
    }
    out.push_back(item);
  }
  return out;
}

}  // namespace

Result<bool> find_collective_steps(const Run& run, uint32_t process, ProcessSteps* out,
                                   std::string* why_not) {
  if (run.kind_events(process, Kind::kCollective) == 0) {
    *why_not = "no collectives were recorded";
    return false;
  }
  Result<std::vector<Group>> groups = read_groups(run, process);
  if (!groups.ok()) {
    return groups.status();
  }
  Group* largest = nullptr;
  for (Group& group : groups.value()) {
    if (largest == nullptr || std::pair(group.ranks, group.collectives.size()) >
                                  std::pair(largest->ranks, largest->collectives.size())) {
      largest = &group;
    }
  }
  if (largest == nullptr || largest->ranks < 2) {
    *why_not = "no collectives of two or more ranks were recorded";
    return false;
  }
  std::vector<Enqueued>& collectives = largest->collectives;
  std::stable_sort(collectives.begin(), collectives.end(),
                   [](const Enqueued& a, const Enqueued& b) { return a.at_ns < b.at_ns; });
  const Result<std::vector<std::pair<int64_t, bool>>> copies = read_host_copies(run, process);
  if (!copies.ok()) {
    return copies.status();
  }
  const Motif motif = find_motif(items_of(collectives, copies.value()), {});
  if (motif.verdict != MotifVerdict::kFound) {
    *why_not = why_no_motif(motif, "collectives");
    return false;
  }
  std::vector<int64_t> begins;
  for (const MotifPart& part : motif.parts) {
    begins.push_back(collectives[part.begin].at_ns);
  }
  const size_t end = motif.parts.back().end;
  const int64_t end_ns = end < collectives.size() ? collectives[end].at_ns : run.processes()[process].last_ns;
  make_motif_steps(motif, begins, end_ns, out);
  out->method = StepMethod::kCollective;
  out->lane = driving_lane(run, process);
  out->confidence = motif_confidence(motif);
  out->detail = fmt::format(
      "from {} collectives that repeat on communicator {} of {} ranks, {:.0f} % of them alike; {} % of all "
      "lie in "
      "such steps",
      motif.period, largest->lane == kNoLane ? "?" : run.lanes()[largest->lane].name, largest->ranks,
      100 * motif.ratio, static_cast<int>(100 * motif.coverage));
  return true;
}

}  // namespace stepscope::analysis
