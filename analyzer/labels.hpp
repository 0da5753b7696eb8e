// SPDX-License-Identifier: Apache-2.0
//
// Labels: what an instant can be called while a ledger is built: a leaf, or a mix of leaves in measured proportions that is
// resolved into leaves per step, in whole ns. Internal to the library.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/apportion.hpp"
#include "analyzer/ledger.hpp"

namespace stepscope::analysis {

// The leaves a mix is made of, in the order of Mix::weights; they are labels 0..4.
inline constexpr std::array<std::string_view, 5> kMixLeaves = {
    leaf::kFetchCpu, leaf::kFetchStarved, leaf::kFetchIo, leaf::kFetchBlocked, leaf::kCollate};
using MixWeights = std::array<int64_t, kMixLeaves.size()>;

class Labels {
 public:
  Labels() {
    for (const std::string_view name : kMixLeaves) {
      (void)leaf(name);
    }
  }

  [[nodiscard]] uint32_t leaf(std::string_view name) {
    if (const auto found = ids_.find(name); found != ids_.end()) {
      return found->second;
    }
    const auto id = static_cast<uint32_t>(leaves_.size());
    leaves_.emplace_back(name);
    ids_.emplace(std::string(name), id);
    return id;
  }

  // A label that stands for these proportions; all zero: `otherwise`.
  [[nodiscard]] uint32_t mix(const MixWeights& weights, uint32_t otherwise) {
    int nonzero = 0;
    uint32_t only = otherwise;
    for (uint32_t i = 0; i < weights.size(); ++i) {
      if (weights[i] > 0) {
        ++nonzero;
        only = i;
      }
    }
    if (nonzero <= 1) {
      return only;
    }
    mixes_.push_back(weights);
    return kMixBit | static_cast<uint32_t>(mixes_.size() - 1);
  }

  // A label that stands for these leaves in proportion to their weights, which are positive. `parts` is not empty.
  [[nodiscard]] uint32_t blend(const std::vector<std::pair<uint32_t, int64_t>>& parts) {
    if (parts.size() == 1) {
      return parts.front().first;
    }
    Blend& made = blends_.emplace_back();
    for (const auto& [label, weight] : parts) {
      made.leaves.push_back(label);
      made.weights.push_back(weight);
    }
    return kMixBit | kBlendBit | static_cast<uint32_t>(blends_.size() - 1);
  }

  // A mix or a blend: not a leaf yet.
  [[nodiscard]] static bool is_mix(uint32_t label) { return (label & kMixBit) != 0; }

  // What of `total` ns each leaf of a mix or blend gets, in whole ns that add up: give(leaf, ns).
  template <typename Give>
  void split(uint32_t label, int64_t total, const Give& give) const {
    if ((label & kBlendBit) != 0) {
      const Blend& blend = blends_[label & ~(kMixBit | kBlendBit)];
      const std::vector<int64_t> parts = apportion(total, blend.weights);
      for (size_t i = 0; i < parts.size(); ++i) {
        give(blend.leaves[i], parts[i]);
      }
      return;
    }
    MixWeights parts{};
    apportion(total, mixes_[label & ~kMixBit], parts);
    for (uint32_t leaf_id = 0; leaf_id < parts.size(); ++leaf_id) {
      give(leaf_id, parts[leaf_id]);
    }
  }
  [[nodiscard]] const std::vector<std::string>& leaves() const { return leaves_; }

 private:
  struct Blend {
    std::vector<uint32_t> leaves;
    std::vector<int64_t> weights;
  };
  static constexpr uint32_t kMixBit = 0x80000000U;
  static constexpr uint32_t kBlendBit = 0x40000000U;
  std::vector<std::string> leaves_;
  std::map<std::string, uint32_t, std::less<>> ids_;
  std::vector<MixWeights> mixes_;
  std::vector<Blend> blends_;
};

}  // namespace stepscope::analysis
