// SPDX-License-Identifier: Apache-2.0
#include "analyzer/trend/change_points.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "analyzer/trend/rearrangement.hpp"

namespace stepscope::analysis {
namespace {

constexpr double kClip = 4;         // robust SDs around the median
constexpr double kHuber = 3;        // where squares become straight lines when a place is set
constexpr double kSame = 1 - 1e-9;  // rearranged sums of the same values differ in their last bits

struct Interval {
  size_t begin = 0;
  size_t end = 0;
};

struct Step {
  double size = 0;  // CUSUM
  size_t index = 0;
};

// The whole, then ever shorter intervals that overlap by half, down to two levels of the shortest length.
std::vector<Interval> seeded_intervals(size_t n) {
  std::vector<Interval> out{{0, n}};
  for (double length = static_cast<double>(n) / std::numbers::sqrt2; length >= 2.0 * kShortestLevel;
       length /= std::numbers::sqrt2) {
    const auto count = static_cast<size_t>(2 * std::ceil(static_cast<double>(n) / length) - 1);
    const double shift = count > 1 ? (static_cast<double>(n) - length) / static_cast<double>(count - 1) : 0;
    for (size_t i = 0; i < count; ++i) {
      const double begin = static_cast<double>(i) * shift;
      out.push_back(
          {static_cast<size_t>(begin), std::min(n, static_cast<size_t>(std::ceil(begin + length)))});
    }
  }
  return out;
}

// The largest |mean of the left - mean of the right|, in units in which its noise is the same at every place and length.
class StepSearch {
 public:
  explicit StepSearch(size_t n) : intervals_(seeded_intervals(n)), sums_(n + 1, 0) {}

  Step largest(std::span<const double> values) {
    for (size_t i = 0; i < values.size(); ++i) {
      sums_[i + 1] = sums_[i] + values[i];
    }
    Step best;
    for (const Interval& interval : intervals_) {
      const auto length = static_cast<double>(interval.end - interval.begin);
      const double total = sums_[interval.end] - sums_[interval.begin];
      for (size_t k = interval.begin + kShortestLevel; k + kShortestLevel <= interval.end; ++k) {
        const auto left = static_cast<double>(k - interval.begin);
        const double excess = sums_[k] - sums_[interval.begin] - total * left / length;
        const double square = excess * excess * length / (left * (length - left));
        if (square > best.size) {
          best = {square, k};
        }
      }
    }
    return best;  // squared, which orders the same
  }

 private:
  std::vector<Interval> intervals_;
  std::vector<double> sums_;
};

class Finder {
 public:
  Finder(std::span<const double> values, const ChangePointOptions& options)
      : values_(values), options_(options), correlation_(neighbour_correlation(values)) {
    std::vector<double> differences;
    for (size_t i = 1; i < values.size(); ++i) {
      differences.push_back(values[i] - values[i - 1]);
    }
    sd_ = robust_sd(differences) / std::sqrt(2 * (1 - correlation_));
    if (sd_ == 0) {  // more than half of the values repeat the one before
      double sum = 0;
      for (const double difference : differences) {
        sum += std::abs(difference);
      }
      sd_ = differences.empty() ? 0 : sum / static_cast<double>(differences.size());
    }
  }

  ChangePoints find() {
    if (sd_ > 0) {
      search(0, values_.size());
      std::sort(places_.begin(), places_.end());
      settle();
    }
    return describe();
  }

 private:
  [[nodiscard]] std::vector<double> clipped(size_t begin, size_t end) const {
    std::vector<double> out(values_.begin() + static_cast<std::ptrdiff_t>(begin),
                            values_.begin() + static_cast<std::ptrdiff_t>(end));
    const double middle = median_of(out);
    for (double& value : out) {
      value = std::clamp((value - middle) / sd_, -kClip, kClip);
    }
    return out;
  }

  struct Verdict {
    size_t index = 0;
    double p_value = 1;
  };

  // Whether there is a change in [begin, end). Stops as soon as it is clear that there is none (Besag, Clifford:
  // "Sequential Monte Carlo p-values", Biometrika 78, 1991).
  [[nodiscard]] Verdict test(size_t begin, size_t end) const {
    if (end - begin < 2 * kShortestLevel) {
      return {};
    }
    const std::vector<double> part = clipped(begin, end);
    StepSearch search(part.size());
    const Step observed = search.largest(part);
    if (observed.size == 0) {
      return {};
    }
    const auto enough =
        static_cast<size_t>(std::ceil(options_.alpha * static_cast<double>(options_.rearrangements + 1)));
    Rearrangements rearrangements(part, correlation_, begin * 1000003 + end);
    size_t as_large = 0;
    for (size_t i = 1; i <= options_.rearrangements; ++i) {
      as_large += search.largest(rearrangements.next()).size >= observed.size * kSame ? 1U : 0U;
      if (as_large >= enough) {
        return {begin + observed.index, static_cast<double>(as_large) / static_cast<double>(i)};
      }
    }
    return {begin + observed.index,
            static_cast<double>(as_large + 1) / static_cast<double>(options_.rearrangements + 1)};
  }

  void search(size_t begin, size_t end) {
    const Verdict verdict = test(begin, end);
    if (verdict.p_value > options_.alpha) {
      return;
    }
    places_.push_back(verdict.index);
    search(begin, verdict.index);
    search(verdict.index, end);
  }

  [[nodiscard]] double level(size_t begin, size_t end) const {
    return median_of({values_.begin() + static_cast<std::ptrdiff_t>(begin),
                      values_.begin() + static_cast<std::ptrdiff_t>(end)});
  }

  [[nodiscard]] double loss(double deviation) const {
    const double size = std::abs(deviation) / sd_;
    return size <= kHuber ? size * size : kHuber * (2 * size - kHuber);
  }

  // The place between `begin` and `end` with the least loss around the levels on both sides of `place`.
  [[nodiscard]] size_t best_place(size_t begin, size_t place, size_t end) const {
    const double before = level(begin, place);
    const double after = level(place, end);
    double best = 0;  // relative to the change at begin + kShortestLevel
    double sum = 0;
    size_t best_at = begin + kShortestLevel;
    for (size_t k = begin + kShortestLevel; k + kShortestLevel < end; ++k) {
      sum += loss(values_[k] - before) - loss(values_[k] - after);
      if (sum < best) {
        best = sum;
        best_at = k + 1;
      }
    }
    return best_at;
  }

  // Sets every place anew between its neighbours and drops the weakest that does not hold, until all hold.
  void settle() {
    for (;;) {
      p_values_.assign(places_.size(), 1);
      std::optional<size_t> weakest;
      for (size_t i = 0; i < places_.size(); ++i) {
        const size_t begin = i == 0 ? 0 : places_[i - 1];
        const size_t end = i + 1 == places_.size() ? values_.size() : places_[i + 1];
        places_[i] = best_place(begin, best_place(begin, places_[i], end), end);
        p_values_[i] = test(begin, end).p_value;
        if (p_values_[i] > options_.alpha && (!weakest.has_value() || p_values_[i] > p_values_[*weakest])) {
          weakest = i;
        }
      }
      if (!weakest.has_value()) {
        return;
      }
      places_.erase(places_.begin() + static_cast<std::ptrdiff_t>(*weakest));
    }
  }

  [[nodiscard]] ChangePoints describe() const {
    ChangePoints out;
    out.correlation = correlation_;
    std::vector<double> deviations;
    size_t begin = 0;
    for (size_t i = 0; i <= places_.size(); ++i) {
      const size_t end = i == places_.size() ? values_.size() : places_[i];
      const double middle = level(begin, end);
      for (size_t k = begin; k < end; ++k) {
        deviations.push_back(values_[k] - middle);
      }
      if (i < places_.size()) {
        const size_t next = i + 1 == places_.size() ? values_.size() : places_[i + 1];
        out.changes.push_back({places_[i], middle, level(end, next), p_values_[i]});
      }
      begin = end;
    }
    out.noise = robust_sd(std::move(deviations));
    return out;
  }

  std::span<const double> values_;
  ChangePointOptions options_;
  double correlation_ = 0;
  double sd_ = 0;
  std::vector<size_t> places_;
  std::vector<double> p_values_;
};

}  // namespace

ChangePoints find_change_points(std::span<const double> values, const ChangePointOptions& options) {
  return Finder(values, options).find();
}

}  // namespace stepscope::analysis
