// SPDX-License-Identifier: Apache-2.0
//
// Diff table: the terms of a comparison, or the leaves of one run, as rows with a place in the timeline to jump to.
// Plain data; the loader fills it from the analyzer, tests by hand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "viewer/model/evidence.hpp"
#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

struct Place {
  Side side = Side::kA;
  uint32_t lane = 0;  // index into RunModel::lanes
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
};

struct TermRow {
  std::string name;
  Category category = Category::kOther;
  int64_t a_ns = 0;  // per step
  int64_t b_ns = 0;
  int64_t delta_ns = 0;
  double share = 0;  // of the whole change
  double low_ns = 0;
  double high_ns = 0;
  bool modelled = false;
  bool flagged = false;
  int32_t rank = -1;           // the one rank whose doing it is; -1: no single one's, or not known
  std::optional<Place> place;  // in that rank's process, where there is one

  [[nodiscard]] std::string title() const;  // "compute/gemm (rank 3)"
};

struct FindingRow {
  std::string text;
  std::string advice;
  std::string confidence;
  int64_t effect_ns = 0;
  std::string id;
  std::optional<Place> place;
  std::vector<EvidenceRow> evidence = {};
};

enum class TermOrder : uint8_t { kEffect, kName, kA, kB };

struct DiffTable {
  bool comparison = false;  // false: leaves of one run, delta is 0
  std::string status;       // "comparable", or why not; or why there is no table
  int64_t a_step_ns = 0;
  int64_t b_step_ns = 0;
  int64_t delta_ns = 0;
  std::vector<TermRow> terms;
  std::vector<FindingRow> findings;
  std::vector<std::string> remarks;  // caveats, differences, hidden growth

  void sort(TermOrder order, bool descending);
  // delta_ns less the sum of the terms' deltas: 0, or something is wrong and the view says so.
  [[nodiscard]] int64_t residual_ns() const;
  // Largest |delta| (or value, with one run): the scale of the bars.
  [[nodiscard]] int64_t scale_ns() const;
};

// Where to look for a term that the analyzer gave no place: the step in which its leaves are longest, and there the
// longest event of its category on the lane that drives the steps, else the step itself.
[[nodiscard]] std::optional<Place> find_place(const RunModel& run, Side side, std::string_view term);

// The same of another process, in a step that is known: on its streams first. None of a process without lanes.
[[nodiscard]] std::optional<Place> find_place_in(const RunModel& run, Side side, uint32_t process,
                                                 int64_t begin_ns, int64_t end_ns, std::string_view term);

// The longest event of a category inside [begin, end) of a lane, outermost level first.
[[nodiscard]] std::optional<EventRef> longest_event(const RunModel& run, Side side, uint32_t lane,
                                                    Category category, int64_t begin_ns, int64_t end_ns);

}  // namespace stepscope::viewer
