// SPDX-License-Identifier: Apache-2.0
//
// Movers: the change of the mean step by kernel or by operator, with what is no kernel time as the terms it is. Rows are the
// analyzer's (diff_kernels, diff_by), so that they add up to the change, exactly. Plain data; the loader fills it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "viewer/model/diff_table.hpp"

namespace stepscope::viewer {

enum class MoverChange : uint8_t { kChanged, kNew, kGone };

struct Mover {
  std::string label;
  Category category = Category::kOther;
  MoverChange change = MoverChange::kChanged;
  std::string how;                 // "retuned", "fused", ...; empty: no kernels, or an operator
  std::string tier;                // how its sides were matched: "exact", "family", ...; empty likewise
  double confidence = 0;           // of that
  double count_a = -1;             // per step; -1: not counted
  double count_b = -1;             //
  int64_t a_ns = 0;                // mean per train step
  int64_t b_ns = 0;                //
  int64_t delta_ns = 0;            // not always b_ns - a_ns: see diff.hpp, modelled terms
  double share = 0;                // of the change of the step; 0 when that is 0
  std::string op;                  // the operator that launched most of it, "" when not known
  std::vector<std::string> terms;  // whose part it is
  // 95 % of its change, where it is all that changed in its term; else those of its terms can be looked up there.
  bool interval_known = false;
  double low_ns = 0;
  double high_ns = 0;
  int32_t rank = -1;                              // the one rank whose doing it is
  std::array<std::vector<std::string>, 2> names;  // texts of its events, by Side
  std::optional<Place> place;                     // its longest event in the step in which it takes longest
};

enum class MoverOrder : uint8_t { kEffect, kLabel, kA, kB, kCountA, kCountB, kTier };

struct MoverFilter {
  std::string text;                   // part of the label, operator or a name, in any case
  std::optional<MoverChange> change;  // none: all
  int64_t least_ns = 0;               // of |delta|
  friend bool operator==(const MoverFilter&, const MoverFilter&) = default;
};

struct MoverTable {
  std::string by;  // "kernel", "operator"
  int64_t delta_ns = 0;
  std::vector<Mover> movers;

  // delta_ns less the sum of the rows: 0, or something is wrong and the view says so.
  [[nodiscard]] int64_t residual_ns() const;
  // Indices of the rows that pass the filter, in this order.
  [[nodiscard]] std::vector<uint32_t> visible(const MoverFilter& filter, MoverOrder order,
                                              bool descending) const;
};

// For each list of names the longest event of any of them in the train step in which these events take longest in all (a
// name in several lists counts in the first). Nothing where no such event lies in a train step. One pass over the events.
[[nodiscard]] std::vector<std::optional<Place>> find_worst(
    const RunModel& run, Side side, std::span<const std::vector<std::string>* const> names);

}  // namespace stepscope::viewer
