// SPDX-License-Identifier: Apache-2.0
#include "analyzer/diff_terms.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analyzer/ledger.hpp"

namespace stepscope::analysis {
namespace {

struct SupplyLeaf {
  std::string_view leaf;
  SupplyTerm term;
};
constexpr SupplyLeaf kSupplyLeaves[] = {{leaf::kFetchCpu, kTermFetch},  {leaf::kFetchStarved, kTermStarved},
                                        {leaf::kFetchIo, kTermIo},      {leaf::kFetchBlocked, kTermBlocked},
                                        {leaf::kCollate, kTermCollate}, {leaf::kTransfer, kTermTransfer}};

// Whole numbers near `values` that add up to `total`, which is their sum up to rounding.
void round_to_total(const std::vector<double>& values, int64_t total, std::vector<int64_t>* out) {
  std::vector<double> fraction(values.size());
  int64_t given = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double whole = std::floor(values[i]);
    (*out)[i] = static_cast<int64_t>(whole);
    fraction[i] = values[i] - whole;
    given += (*out)[i];
  }
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return fraction[a] > fraction[b]; });
  const int64_t step = given < total ? 1 : -1;
  for (size_t i = 0; given != total; ++i, given += step) {
    const size_t at = i % order.size();
    (*out)[order[step > 0 ? at : order.size() - 1 - at]] += step;
  }
}

}  // namespace

TermSpace::TermSpace(const std::vector<std::string>& leaves) {
  for (size_t t = 0; t < kSupplyTermCount; ++t) {
    names_.emplace_back(supply_term_name(t));
  }
  for (const std::string& name : leaves) {
    const auto supply = std::find_if(std::begin(kSupplyLeaves), std::end(kSupplyLeaves),
                                     [&name](const SupplyLeaf& one) { return one.leaf == name; });
    if (supply != std::end(kSupplyLeaves)) {
      term_of_leaf_.push_back(supply->term);
    } else {
      term_of_leaf_.push_back(names_.size());
      names_.push_back(name);
    }
  }
}

TermDeltas TermSpace::deltas(const std::vector<double>& base, const std::vector<double>& candidate,
                             const SupplySide& base_supply, const SupplySide& candidate_supply) const {
  TermDeltas out;
  out.delta.assign(names_.size(), 0.0);
  out.hidden.assign(names_.size(), 0.0);
  SupplyTerms base_leaves{};
  SupplyTerms candidate_leaves{};
  for (size_t l = 0; l < term_of_leaf_.size(); ++l) {
    const size_t term = term_of_leaf_[l];
    if (is_modelled(term)) {
      base_leaves[term] += base[l];
      candidate_leaves[term] += candidate[l];
    } else {
      out.delta[term] = candidate[l] - base[l];
    }
  }
  const SupplySplit split = split_data_wait(base_leaves, candidate_leaves, base_supply, candidate_supply);
  std::copy(split.delta.begin(), split.delta.end(), out.delta.begin());
  std::copy(split.hidden.begin(), split.hidden.end(), out.hidden.begin());
  out.modelled = split.modelled;
  return out;
}

std::vector<int64_t> TermSpace::close(const TermDeltas& exact, const std::vector<int64_t>& base,
                                      const std::vector<int64_t>& candidate) const {
  std::vector<int64_t> out(names_.size(), 0);
  int64_t modelled_total = 0;
  for (size_t l = 0; l < term_of_leaf_.size(); ++l) {
    const int64_t change = candidate[l] - base[l];
    if (is_modelled(term_of_leaf_[l])) {
      modelled_total += change;
    } else {
      out[term_of_leaf_[l]] = change;
    }
  }
  const std::vector<double> supply(exact.delta.begin(), exact.delta.begin() + kSupplyTermCount);
  std::vector<int64_t> whole(kSupplyTermCount, 0);
  round_to_total(supply, modelled_total, &whole);
  std::copy(whole.begin(), whole.end(), out.begin());
  return out;
}

std::vector<double> TermSpace::by_term(const std::vector<double>& means) const {
  std::vector<double> out(names_.size(), 0.0);
  for (size_t l = 0; l < term_of_leaf_.size(); ++l) {
    out[term_of_leaf_[l]] += means[l];
  }
  return out;
}

int64_t TermSpace::shown(size_t term, const std::vector<int64_t>& means) const {
  int64_t sum = 0;
  for (size_t l = 0; l < term_of_leaf_.size(); ++l) {
    sum += term_of_leaf_[l] == term ? means[l] : 0;
  }
  return sum;
}

}  // namespace stepscope::analysis
