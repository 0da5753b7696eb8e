// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/supply_facts.hpp"

namespace stepscope::analysis::finding {

void find_blocked_workers(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.notable(term::kBlocked, leaf::kFetchBlocked);
  if (!effect.has_value() || !supply_known(c)) {
    return;
  }
  const std::string text =
      fmt::format("data loading: workers sleep or wait for locks {} per batch, not for a CPU or a disk ({})",
                  stage_cost(c, &BatchCost::blocked), c.amount(effect->ns));
  out->push_back(c.explanation(*effect,
                               {text,
                                "look for sleeps, locks, network calls and retries in the dataset",
                                Confidence::kMedium,
                                {stage_observed(c, "asleep or blocked per batch", &BatchCost::blocked)}},
                               {{leaf::kFetchBlocked}}));
}

}  // namespace stepscope::analysis::finding
