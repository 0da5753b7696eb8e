// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {

void find_checkpoints(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.notable(leaf::kCheckpoint);
  if (!effect.has_value()) {
    return;
  }
  const std::string text =
      fmt::format("checkpoints are written in ordinary steps ({})", c.amount(effect->ns));
  out->push_back(c.explanation(*effect, {text, "save asynchronously or less often", Confidence::kMedium},
                               {{leaf::kCheckpoint}}));
}

}  // namespace stepscope::analysis::finding
