// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/rank_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace stepscope::viewer {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

double mean_of(const RankMatrix& matrix, RankMetric metric, size_t rank) {
  double sum = 0;
  size_t count = 0;
  for (size_t step = 0; step < matrix.steps.size(); ++step) {
    const float value = matrix.value(metric, rank, step);
    if (!std::isnan(value)) {
      sum += static_cast<double>(value);
      ++count;
    }
  }
  return count > 0 ? sum / static_cast<double>(count) : -1;
}

double mean_step(const RankMatrix& matrix) {
  double sum = 0;
  for (size_t rank = 0; rank < matrix.ranks.size(); ++rank) {
    sum += std::max(0.0, mean_of(matrix, RankMetric::kStep, rank));
  }
  return matrix.ranks.empty() ? 0 : sum / static_cast<double>(matrix.ranks.size());
}

// Position of each of a's numbers among b's, or b's size.
template <typename List, typename Number>
std::vector<size_t> positions(const List& a, const List& b, Number number) {
  std::map<int64_t, size_t> at;
  for (size_t i = 0; i < b.size(); ++i) {
    at.emplace(number(b[i]), i);
  }
  std::vector<size_t> out;
  for (const auto& item : a) {
    const auto found = at.find(number(item));
    out.push_back(found == at.end() ? b.size() : found->second);
  }
  return out;
}

// Reads one value, or the difference of two runs.
class Values {
 public:
  explicit Values(const RankSource& source) : source_(source) {
    if (source.less != nullptr) {
      ranks_ = positions(source.of->ranks, source.less->ranks,
                         [](const RankRow& row) { return int64_t{row.rank}; });
      steps_ = positions(source.of->steps, source.less->steps, [](int64_t step) { return step; });
    }
  }
  [[nodiscard]] float operator()(size_t rank, size_t step) const {
    const float value = source_.of->value(source_.metric, rank, step);
    if (source_.less == nullptr) {
      return value;
    }
    const size_t r = ranks_[rank];
    const size_t s = steps_[step];
    return r == source_.less->ranks.size() || s == source_.less->steps.size()
               ? kUnknown
               : value - source_.less->value(source_.metric, r, s);
  }

 private:
  const RankSource& source_;
  std::vector<size_t> ranks_;
  std::vector<size_t> steps_;
};

}  // namespace

void RankMatrix::resize() {
  begin_ns.assign(ranks.size() * steps.size(), 0);
  for (std::vector<float>& values : ns) {
    values.assign(ranks.size() * steps.size(), kUnknown);
  }
}

std::vector<uint32_t> order_ranks(const RankMatrix& matrix, RankOrder order) {
  std::vector<uint32_t> out(matrix.ranks.size());
  std::iota(out.begin(), out.end(), 0U);
  if (order == RankOrder::kRank) {
    return out;
  }
  const RankMetric metric = order == RankOrder::kLate ? RankMetric::kHeld : RankMetric::kStep;
  std::vector<double> mean;
  for (size_t rank = 0; rank < out.size(); ++rank) {
    mean.push_back(mean_of(matrix, metric, rank));
  }
  std::stable_sort(out.begin(), out.end(), [&](uint32_t x, uint32_t y) { return mean[x] > mean[y]; });
  return out;
}

HeatGrid heat_grid(const RankSource& source, const std::vector<uint32_t>& order, size_t columns,
                   size_t rows) {
  const size_t steps = source.of->steps.size();
  HeatGrid grid;
  grid.columns = std::min(columns, steps);
  grid.rows = std::min(rows, order.size());
  grid.value.assign(grid.columns * grid.rows, kUnknown);
  if (grid.value.empty()) {
    return grid;
  }
  const Values values(source);
  std::vector<float> seen;
  for (size_t r = 0; r < order.size(); ++r) {
    float* const line = &grid.value[r * grid.rows / order.size() * grid.columns];
    for (size_t step = 0; step < steps; ++step) {
      const float value = values(order[r], step);
      if (std::isnan(value)) {
        continue;
      }
      seen.push_back(value);
      float& cell = line[step * grid.columns / steps];
      cell = std::isnan(cell) || std::abs(value) > std::abs(cell) ? value : cell;
    }
  }
  if (!seen.empty()) {
    const auto percentile = [&](size_t percent) {
      const size_t at = (seen.size() - 1) * percent / 100;
      std::nth_element(seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(at), seen.end());
      return seen[at];
    };
    grid.low = percentile(2);
    grid.high = percentile(98);
    const auto least = static_cast<float>(kLeastScale * mean_step(*source.of));
    grid.high = std::max(grid.high, (source.less != nullptr ? 0.0F : grid.low) + least);
  }
  return grid;
}

}  // namespace stepscope::viewer
