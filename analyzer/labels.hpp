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
#include <vector>

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

  [[nodiscard]] static bool is_mix(uint32_t label) { return (label & kMixBit) != 0; }
  [[nodiscard]] const MixWeights& weights(uint32_t label) const { return mixes_[label & ~kMixBit]; }
  [[nodiscard]] const std::vector<std::string>& leaves() const { return leaves_; }

 private:
  static constexpr uint32_t kMixBit = 0x80000000U;
  std::vector<std::string> leaves_;
  std::map<std::string, uint32_t, std::less<>> ids_;
  std::vector<MixWeights> mixes_;
};

}  // namespace stepscope::analysis
