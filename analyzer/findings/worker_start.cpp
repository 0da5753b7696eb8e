// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {

void find_worker_start(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.notable(leaf::kWorkerStart);
  if (!effect.has_value()) {
    return;
  }
  const std::string text = fmt::format("starting loader workers is on the path ({})", c.amount(effect->ns));
  out->push_back(c.explanation(*effect, {text, "use persistent_workers=True", Confidence::kMedium},
                               {{leaf::kWorkerStart}}));
}

}  // namespace stepscope::analysis::finding
