// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {

// In one run the optimizer's step is what training is for.
void find_optimizer(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.changed(leaf::kOptimizer);
  if (!effect.has_value() || c.candidate().optimizer.empty()) {
    return;
  }
  const std::string& before = c.base().optimizer;
  const std::string& now = c.candidate().optimizer;
  const bool other = !before.empty() && before != now;
  const std::string text = other ? fmt::format("optimizer {} -> {} ({})", before, now, c.amount(effect->ns))
                                 : fmt::format("the optimizer step ({}) takes {} ({})", now,
                                               effect->ns > 0 ? "longer" : "less time", c.amount(effect->ns));
  out->push_back(c.explanation(*effect,
                               {text,
                                "try a fused or foreach implementation",
                                other ? Confidence::kHigh : Confidence::kMedium,
                                {c.observed("optimizer", "", before, now)}},
                               {{leaf::kOptimizer}}));
}

}  // namespace stepscope::analysis::finding
