// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/supply_facts.hpp"

namespace stepscope::analysis::finding {

void find_fetch(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.notable(term::kFetch, leaf::kFetchCpu);
  if (!effect.has_value() || !supply_known(c)) {
    return;
  }
  const std::string text = fmt::format("data loading: the dataset's __getitem__ computes {} per batch ({})",
                                       stage_cost(c, &BatchCost::cpu), c.amount(effect->ns));
  out->push_back(
      c.explanation(*effect,
                    {text,
                     "make __getitem__ cheaper (decode, augment, tokenize ahead of time) or add workers",
                     Confidence::kHigh,
                     {stage_observed(c, "computing per batch", &BatchCost::cpu)}},
                    {{leaf::kFetchCpu}}));
}

}  // namespace stepscope::analysis::finding
