// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {

// In one run nobody can say how much of it is too much.
void find_other_host_time(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.changed(leaf::kHostOther);
  if (!effect.has_value()) {
    return;
  }
  const std::string text = fmt::format(
      "the training thread spends {} outside the model, the optimizer and every data loader known: an "
      "iterator "
      "of your own, logging, metrics ({})",
      effect->ns > 0 ? "longer" : "less time", c.amount(effect->ns));
  out->push_back(
      c.explanation(*effect,
                    {text, "record with --python-samples 100 to see which lines, or mark them with ranges",
                     Confidence::kMedium},
                    {{leaf::kHostOther}}));
}

}  // namespace stepscope::analysis::finding
