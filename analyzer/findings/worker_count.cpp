// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/supply_facts.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {

void find_worker_count(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.changed(term::kWorkers);
  if (!effect.has_value() || c.base().supply.parallelism == c.candidate().supply.parallelism) {
    return;
  }
  const auto workers = [](const Supply& supply) { return supply.in_process ? 0.0 : supply.parallelism; };
  const std::string text = fmt::format(
      "data loading: num_workers {:.0f} -> {:.0f}, {} of work per batch ({})", workers(c.base().supply),
      workers(c.candidate().supply), ms(c.candidate().supply.cost.total()), c.amount(effect->ns));
  out->push_back(c.explanation(
      *effect,
      {text,
       "set num_workers back",
       Confidence::kHigh,
       {c.observed("num_workers", "", workers(c.base().supply), workers(c.candidate().supply))}},
      kMakingLeaves));
}

}  // namespace stepscope::analysis::finding
