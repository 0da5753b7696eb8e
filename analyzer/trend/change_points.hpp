// SPDX-License-Identifier: Apache-2.0
//
// Change points of a short noisy series, one value per run: where its level shifted, and nowhere else.
//
//   ChangePoints found = find_change_points(values, {});
//   for (const ChangePoint& change : found.changes) { ... values[change.index] is the first of the new level ... }
//
// Method, and why it fits histories of 10 to some hundred runs with outliers and drifting machines:
// - Search: the largest CUSUM over seeded intervals (Kovács, Bühlmann, Li, Munk: "Seeded binary segmentation", Biometrika
//   110, 2023), so that a level that comes and goes again is not averaged away as in plain binary segmentation.
// - Outliers: values are clipped at 4 robust SDs around the median of the part that is searched, so that one bad run is no
//   level (the bounded loss of Fearnhead, Rigaill: "Changepoint detection in the presence of outliers", JASA 114, 2019).
// - Significance: the largest CUSUM of rearranged values, as E-divisive does (Matteson, James, JASA 109, 2014). Where runs are
//   independent every order is as likely as any other, whatever the distribution: the level of the test is exact for heavy
//   tails too, which it is not for t-tests. One test covers all places and intervals of the part that is searched.
// - Autocorrelation: the correlation of neighbours is the lesser of two estimates: from what the best single step leaves, corrected
//   for the bias of short series (Kendall, Biometrika 41, 1954), and from differences at lags 1 and 2, of which steps are
//   in few (the idea of Chakar, Lebarbier, Lévy-Leduc, Robin: "A robust approach for estimating change-points in the mean of an
//   AR(1) process", Bernoulli 23, 2017). Where it stands out of noise, values are rearranged in the order of AR(1) series
//   of that correlation.
// - Each place is then set where Huber's loss around the two levels is least, and a change that does not hold against its
//   two neighbours alone is dropped.
// What was measured: docs/METRICS.md#change-points. Seeded: the same values give the same answer. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace stepscope::analysis {

struct ChangePointOptions {
  double alpha = 0.02;  // of a series without a change, the share in which one is found all the same
  size_t rearrangements = 999;
};

inline constexpr size_t kShortestLevel = 3;  // runs; fewer cannot be told from outliers

struct ChangePoint {
  size_t index = 0;    // the first value of the new level
  double before = 0;   // median of the level up to here
  double after = 0;    // median of the level from here on
  double p_value = 1;  // share of rearrangements with as large a step, of the two levels alone
};

struct ChangePoints {
  std::vector<ChangePoint> changes;  // ascending
  double noise = 0;                  // robust SD around the levels
  double correlation = 0;            // of neighbours, as taken into account; 0 = none that stands out
};

// `values`: finite, in order. Fewer than 2 * kShortestLevel: no change can be found.
[[nodiscard]] ChangePoints find_change_points(std::span<const double> values,
                                              const ChangePointOptions& options);

}  // namespace stepscope::analysis
