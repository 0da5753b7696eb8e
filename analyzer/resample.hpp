// SPDX-License-Identifier: Apache-2.0
//
// Resampling of steps and runs: how sure a mean is. Seeded, so the same input gives the same numbers. Internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/ledger.hpp"

namespace stepscope::analysis {

// splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  size_t below(size_t n) { return next() % n; }  // the bias of % is nothing for such n

 private:
  uint64_t state_;
};

// The train steps of one run, as prefix sums per leaf, so that a block of steps costs one row.
class StepSamples {
 public:
  // `leaves`: ascending, a superset of the ledger's.
  StepSamples(const Ledger& ledger, const std::vector<std::string>& leaves);

  [[nodiscard]] size_t count() const { return count_; }
  [[nodiscard]] std::vector<int64_t> sums() const;  // per leaf

  // Length of blocks for the moving-block bootstrap: long enough for the correlation of neighbouring steps
  // (2 / (1 - rho)), and such that there are at most `most_blocks` of them.
  [[nodiscard]] size_t block_length(size_t most_blocks) const;
  // Adds the means per leaf of one resample (moving blocks) to `means`, weighted.
  void add_resampled_means(Random& random, size_t block, double weight, std::vector<double>* means) const;

 private:
  size_t width_ = 0;
  size_t count_ = 0;
  std::vector<int64_t> prefix_;  // (count + 1) x width
  std::vector<int64_t> durations_;
};

// Two-sided 95 % quantile of Student's t.
[[nodiscard]] double student_t95(size_t degrees_of_freedom);

}  // namespace stepscope::analysis
