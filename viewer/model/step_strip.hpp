// SPDX-License-Identifier: Apache-2.0
//
// Step strip: time per step of one or two runs, medians, and the scale that shows them well. Pure data.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "viewer/model/alignment.hpp"
#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

// A part of a bar: one category's share of the step.
struct StepPart {
  Category category = Category::kOther;
  int64_t ns = 0;
};

struct StepBar {
  size_t slot = 0;  // in Alignment::slots()
  int64_t number = 0;
  int64_t a_ns = 0;
  int64_t b_ns = 0;  // 0 with one run
  bool train = true;
  std::string_view class_name;
  size_t first_part = 0;  // its parts are StepStrip::parts [first_part, last_part): B's, or A's with one run
  size_t last_part = 0;
};

struct StepStrip {
  std::vector<StepBar> bars;
  std::vector<StepPart> parts;
  double median_a_ns = 0;  // over train steps, over all steps when there are none
  double median_b_ns = 0;
  double full_scale_ns = 1;  // bars longer than this are cut off and marked
  uint64_t number = 0;       // another one for every strip made: what is derived from it is kept under that
  [[nodiscard]] static StepStrip make(const RunModel& a, const RunModel* b, std::span<const StepSlot> slots);
};

// The leaves of one step added up by category, in the order of the enum; adds up to the step. Empty without a ledger.
[[nodiscard]] std::vector<StepPart> step_parts(const RunModel& run, size_t step);

// What a class of steps that is no training has its colour from: "checkpoint", "eval"; start-up for what begins something.
[[nodiscard]] Category class_category(std::string_view class_name);

[[nodiscard]] double median_of(std::vector<double> values);

// Which bars share one of `columns` columns when there are more bars than room: [first, last) of a column.
[[nodiscard]] std::pair<size_t, size_t> bars_of_column(size_t bars, size_t columns, size_t column);

}  // namespace stepscope::viewer
