// SPDX-License-Identifier: Apache-2.0
//
// RankMatrix: ranks x steps of a job: how long each step took on each rank, how long the rank waited in it for others, and how
// long the job waited for the rank. Plus the grid that a heat map of any size is drawn from. Pure; rank_reader.hpp fills it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace stepscope::viewer {

// kWaited: for others, in collectives. kHeld: the job waited for this rank (its lateness as the ledger counts it).
enum class RankMetric : uint8_t { kStep, kWaited, kHeld };
inline constexpr size_t kRankMetrics = 3;

struct RankRow {
  int32_t rank = 0;
  uint32_t process = 0;  // of the run
  uint32_t lane =
      0xFFFFFFFFU;  // index into RunModel::lanes of the thread that drives its steps; none: 2^32-1
  std::string host;
};

// The collectives of one operation and group of ranks. Times are means of one.
struct SkewRow {
  std::string op;
  size_t members = 0;
  uint64_t count = 0;
  int64_t bytes = 0;
  double arrival_ns = 0;  // from the first rank's coming to the last one's
  double transfer_ns = 0;
};

struct RankMatrix {
  std::vector<RankRow> ranks;                       // ascending by rank
  std::vector<int64_t> steps;                       // numbers, ascending
  std::vector<int64_t> begin_ns;                    // ranks x steps; of the step on this rank
  std::array<std::vector<float>, kRankMetrics> ns;  // by metric, ranks x steps; NaN: not known
  bool waits_known = false;                         // kWaited and kHeld are there
  std::string remark;                               // why not; or how well the clocks of the ranks agree
  std::vector<SkewRow> skew;                        // longest arrival in all first

  [[nodiscard]] size_t at(size_t rank, size_t step) const { return rank * steps.size() + step; }
  [[nodiscard]] float value(RankMetric metric, size_t rank, size_t step) const {
    return ns[static_cast<size_t>(metric)][at(rank, step)];
  }
  // Room for all ranks and steps given; every value unknown.
  void resize();
};

enum class RankOrder : uint8_t { kRank, kLate, kSlow };
// Positions in `ranks`: by number, by mean kHeld, or by mean step time, the greatest first.
[[nodiscard]] std::vector<uint32_t> order_ranks(const RankMatrix& matrix, RankOrder order);

// What a heat map shows: the values of `of`, or with `less` those of `of` less those of `less`, by number of rank and step.
struct RankSource {
  const RankMatrix* of = nullptr;
  const RankMatrix* less = nullptr;
  RankMetric metric = RankMetric::kStep;
};

inline constexpr double kLeastScale = 0.01;

// A grid of at most columns x rows cells over the matrix `of` (rows in the order given). A cell holds, of the values under it, the one
// farthest from zero; NaN where there is none.
struct HeatGrid {
  size_t columns = 0;
  size_t rows = 0;
  std::vector<float> value;  // row by row
  // What the ends of the scale stand for: 2nd and 98th percentile of the matrix, but as far apart, or from zero in a difference, as
  // kLeastScale of a mean step: what differs less is chance, and stays pale.
  float low = 0;
  float high = 0;
};
[[nodiscard]] HeatGrid heat_grid(const RankSource& source, const std::vector<uint32_t>& order, size_t columns,
                                 size_t rows);

}  // namespace stepscope::viewer
