// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/supply_facts.hpp"

namespace stepscope::analysis::finding {

void find_collate(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.notable(term::kCollate);
  if (!effect.has_value() || !supply_known(c)) {
    return;
  }
  const std::string text = fmt::format("data loading: collate takes {} per batch ({})",
                                       stage_cost(c, &BatchCost::collate), c.amount(effect->ns));
  out->push_back(
      c.explanation(*effect,
                    {text,
                     "make collate_fn cheaper: pad less, copy less, stack tensors instead of lists",
                     Confidence::kHigh,
                     {stage_observed(c, "collating per batch", &BatchCost::collate)}},
                    {{leaf::kCollate}}));
}

}  // namespace stepscope::analysis::finding
