// SPDX-License-Identifier: Apache-2.0
#include "analyzer/diff_breakdown.hpp"

#include <algorithm>
#include <set>

#include "analyzer/apportion.hpp"

namespace stepscope::analysis {
namespace {

using Weights = std::map<uint32_t, int64_t>;

// What each part has of a leaf's mean.
Weights hand_out(int64_t mean, const Weights* weights) {
  if (mean == 0) {
    return {};
  }
  std::vector<int64_t> values;
  std::vector<uint32_t> parts;
  int64_t sum = 0;
  if (weights != nullptr) {
    for (const auto& [part, weight] : *weights) {
      parts.push_back(part);
      values.push_back(weight);
      sum += weight;
    }
  }
  if (sum <= 0) {
    return {{kUnknownPart, mean}};
  }
  const std::vector<int64_t> split = apportion(mean, values);
  Weights out;
  for (size_t i = 0; i < parts.size(); ++i) {
    out[parts[i]] = split[i];
  }
  return out;
}

const Weights* weights_of(const PartWeights& side, std::string_view leaf_name) {
  const auto found = side.find(leaf_name);
  return found == side.end() ? nullptr : &found->second;
}

// What a term says beyond its leaf's own change goes to the parts that changed the other way.
void hand_out_rest(int64_t rest, std::vector<PartChange>* parts) {
  if (rest == 0) {
    return;
  }
  std::vector<int64_t> weights;
  for (const PartChange& part : *parts) {
    weights.push_back(std::max<int64_t>(0, rest < 0 ? part.delta_ns : -part.delta_ns));
  }
  const std::vector<int64_t> split = apportion(rest, weights);
  for (size_t i = 0; i < split.size(); ++i) {
    (*parts)[i].delta_ns += split[i];
  }
}

}  // namespace

std::vector<PartChange> break_down(const Diff& diff, const PartWeights& base, const PartWeights& candidate,
                                   bool (*wanted)(std::string_view)) {
  std::vector<PartChange> out;
  for (const Term& term : diff.terms) {
    if (!wanted(term.name)) {
      continue;
    }
    Weights before = hand_out(term.base_ns, weights_of(base, term.name));
    Weights now = hand_out(term.candidate_ns, weights_of(candidate, term.name));
    std::set<uint32_t> known;
    for (const Weights* side : {&before, &now}) {
      for (const auto& [part, ns] : *side) {
        known.insert(part);
      }
    }
    if (known.empty()) {
      known.insert(kUnknownPart);  // a term without a leaf of its own
    }
    std::vector<PartChange> parts;
    for (const uint32_t part : known) {
      parts.push_back({term.name, part, before[part], now[part], now[part] - before[part]});
    }
    hand_out_rest(term.delta_ns - (term.candidate_ns - term.base_ns), &parts);
    std::copy_if(parts.begin(), parts.end(), std::back_inserter(out), [](const PartChange& part) {
      return part.base_ns != 0 || part.candidate_ns != 0 || part.delta_ns != 0;
    });
  }
  return out;
}

bool is_kernel_leaf(std::string_view leaf_name) {
  return leaf_name.starts_with(leaf::kCommPrefix) ||
         (leaf_name.starts_with(leaf::kComputePrefix) && leaf_name != leaf::kForward &&
          leaf_name != leaf::kBackward);
}

}  // namespace stepscope::analysis
