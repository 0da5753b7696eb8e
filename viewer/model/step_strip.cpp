// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/step_strip.hpp"

#include <algorithm>
#include <array>
#include <atomic>

namespace stepscope::viewer {

double median_of(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) {
    return *middle;
  }
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

namespace {

// As `stepscope steps` has it: of two in the middle the lower one: a step that was.
double middle_step(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

StepStrip StepStrip::make(const RunModel& a, const RunModel* b, std::span<const StepSlot> slots) {
  static std::atomic<uint64_t> made{0};
  StepStrip strip;
  strip.number = ++made;
  std::vector<double> all;
  std::vector<double> train_a;
  std::vector<double> train_b;
  for (size_t s = 0; s < slots.size(); ++s) {
    const StepModel& step = a.steps[slots[s].index_a];
    const bool train = step.train && (b == nullptr || b->steps[slots[s].index_b].train);
    StepBar bar;
    bar.slot = s;
    bar.number = step.number;
    bar.a_ns = slots[s].duration_a;
    bar.b_ns = b != nullptr ? slots[s].duration_b : 0;
    bar.train = train;
    bar.class_name = step.class_name;
    if (b != nullptr && step.train && !train) {
      bar.class_name = b->steps[slots[s].index_b].class_name;
    }
    const std::vector<StepPart> parts =
        b != nullptr ? step_parts(*b, slots[s].index_b) : step_parts(a, slots[s].index_a);
    bar.first_part = strip.parts.size();
    strip.parts.insert(strip.parts.end(), parts.begin(), parts.end());
    bar.last_part = strip.parts.size();
    all.push_back(static_cast<double>(std::max(bar.a_ns, bar.b_ns)));
    strip.bars.push_back(bar);
  }
  const bool any_train =
      std::any_of(strip.bars.begin(), strip.bars.end(), [](const StepBar& x) { return x.train; });
  for (const StepBar& bar : strip.bars) {
    if (bar.train || !any_train) {
      train_a.push_back(static_cast<double>(bar.a_ns));
      train_b.push_back(static_cast<double>(bar.b_ns));
    }
  }
  strip.median_a_ns = middle_step(std::move(train_a));
  strip.median_b_ns = middle_step(std::move(train_b));
  if (!all.empty()) {
    // The 95th percentile keeps one checkpoint from flattening everything else.
    const auto at = all.begin() + static_cast<std::ptrdiff_t>((all.size() - 1) * 95 / 100);
    std::nth_element(all.begin(), at, all.end());
    strip.full_scale_ns = std::max({1.0, *at * 1.15, strip.median_a_ns * 1.3, strip.median_b_ns * 1.3});
  }
  return strip;
}

std::vector<StepPart> step_parts(const RunModel& run, size_t step) {
  const size_t leaves = run.ledger.leaves.size();
  if (leaves == 0 || (step + 1) * leaves > run.ledger.ns.size()) {
    return {};
  }
  std::array<int64_t, kCategoryCount> sums{};
  for (size_t leaf = 0; leaf < leaves; ++leaf) {
    sums.at(static_cast<size_t>(run.ledger.category[leaf])) += run.ledger.ns[step * leaves + leaf];
  }
  std::vector<StepPart> parts;
  for (size_t c = 0; c < sums.size(); ++c) {
    if (sums[c] > 0) {
      parts.push_back({static_cast<Category>(c), sums[c]});
    }
  }
  return parts;
}

Category class_category(std::string_view class_name) {
  return class_name == "checkpoint" ? Category::kCheckpoint
         : class_name == "eval"     ? Category::kEval
                                    : Category::kStartup;
}

std::pair<size_t, size_t> bars_of_column(size_t bars, size_t columns, size_t column) {
  const size_t first = column * bars / columns;
  const size_t last = (column + 1) * bars / columns;
  return {first, last};
}

}  // namespace stepscope::viewer
