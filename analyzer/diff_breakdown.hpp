// SPDX-License-Identifier: Apache-2.0
//
// break_down: the terms of a diff in other parts: by kernel, operator, phase, rank, ...
//
// A term is a leaf's change; what a leaf is made of is known as weights per part, on either side. Each side's mean of the
// leaf is handed out in proportion to its weights, in whole ns that add up, so that the parts of a term add up to the term
// and all parts together to the change of the step, exactly. What a term says beyond its leaf's own change (hidden growth
// moved away) is handed out in proportion to the parts' growth. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/diff.hpp"

namespace stepscope::analysis {

// The part that a leaf without weights goes to.
inline constexpr uint32_t kUnknownPart = 0xFFFFFFFF;

// Of one side, by leaf and part; ns of whatever was looked at: only proportions count.
using PartWeights = std::map<std::string, std::map<uint32_t, int64_t>, std::less<>>;

struct PartChange {
  std::string term;  // which it is a part of
  uint32_t part = kUnknownPart;
  int64_t base_ns = 0;
  int64_t candidate_ns = 0;
  int64_t delta_ns = 0;
};

// Every part of every term in `diff` for which `wanted` is true; parts without time are left out.
[[nodiscard]] std::vector<PartChange> break_down(const Diff& diff, const PartWeights& base,
                                                 const PartWeights& candidate,
                                                 bool (*wanted)(std::string_view));

// compute/<family> and comm.exposed/<collective>: time of kernels.
[[nodiscard]] bool is_kernel_leaf(std::string_view leaf);

}  // namespace stepscope::analysis
