// SPDX-License-Identifier: Apache-2.0
#include "analyzer/resample.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

namespace stepscope::analysis {

uint64_t Random::next() {
  state_ += 0x9E3779B97F4A7C15ULL;
  uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

StepSamples::StepSamples(const Ledger& ledger, const std::vector<std::string>& leaves)
    : width_(leaves.size()) {
  std::vector<size_t> target(ledger.leaves.size());
  for (size_t l = 0; l < target.size(); ++l) {
    target[l] = static_cast<size_t>(std::lower_bound(leaves.begin(), leaves.end(), ledger.leaves[l]) -
                                    leaves.begin());
  }
  prefix_.assign(width_, 0);
  for (const ProcessLedger& process : ledger.processes) {
    for (size_t s = 0; s < process.steps.steps.size(); ++s) {
      const Step& step = process.steps.steps[s];
      if (step.step_class != StepClass::kTrain) {
        continue;
      }
      const size_t at = prefix_.size();
      prefix_.resize(at + width_);
      std::copy_n(prefix_.begin() + static_cast<std::ptrdiff_t>(at - width_), width_,
                  prefix_.begin() + static_cast<std::ptrdiff_t>(at));
      const std::span<const int64_t> row = ledger.row(process, s);
      for (size_t l = 0; l < row.size(); ++l) {
        prefix_[at + target[l]] += row[l];
      }
      durations_.push_back(step.duration_ns());
      ++count_;
    }
  }
}

std::vector<int64_t> StepSamples::sums() const {
  return {prefix_.end() - static_cast<std::ptrdiff_t>(width_), prefix_.end()};
}

size_t StepSamples::block_length(size_t most_blocks) const {
  if (count_ < 4) {
    return 1;
  }
  const double mean = static_cast<double>(std::accumulate(durations_.begin(), durations_.end(), int64_t{0})) /
                      static_cast<double>(count_);
  double variance = 0;
  double covariance = 0;
  for (size_t i = 0; i < count_; ++i) {
    const double off = static_cast<double>(durations_[i]) - mean;
    variance += off * off;
    covariance += i + 1 < count_ ? off * (static_cast<double>(durations_[i + 1]) - mean) : 0;
  }
  constexpr double kMostRho = 0.95;
  const double rho = variance > 0 ? std::clamp(covariance / variance, 0.0, kMostRho) : 0.0;
  const auto by_correlation = static_cast<size_t>(std::ceil(2.0 / (1.0 - rho)));
  const size_t by_count = (count_ + most_blocks - 1) / most_blocks;
  return std::min(std::max(by_correlation, by_count), count_ / 2);
}

void StepSamples::add_resampled_means(Random& random, size_t block, double weight,
                                      std::vector<double>* means) const {
  const size_t blocks = (count_ + block - 1) / block;
  std::vector<int64_t> sum(width_, 0);
  for (size_t b = 0; b < blocks; ++b) {
    const size_t first = random.below(count_ - block + 1);
    const int64_t* from = &prefix_[first * width_];
    const int64_t* to = &prefix_[(first + block) * width_];
    for (size_t l = 0; l < width_; ++l) {
      sum[l] += to[l] - from[l];
    }
  }
  const double scale = weight / static_cast<double>(blocks * block);
  for (size_t l = 0; l < width_; ++l) {
    (*means)[l] += scale * static_cast<double>(sum[l]);
  }
}

double student_t95(size_t degrees_of_freedom) {
  static constexpr double kTable[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                      2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086};
  if (degrees_of_freedom == 0) {
    return kTable[0];
  }
  if (degrees_of_freedom <= std::size(kTable)) {
    return kTable[degrees_of_freedom - 1];
  }
  // Cornish-Fisher expansion around the normal quantile; exact to 0.001 from here on.
  constexpr double kNormal = 1.959964;
  const auto df = static_cast<double>(degrees_of_freedom);
  return kNormal + (kNormal * kNormal * kNormal + kNormal) / (4 * df);
}

}  // namespace stepscope::analysis
