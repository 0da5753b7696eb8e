// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {

void find_gc_pauses(const Case& c, std::vector<Finding>* out) {
  const GcEvidence& gc = c.candidate().gc;
  const uint64_t pauses = gc.pauses[0] + gc.pauses[1] + gc.pauses[2];
  const std::optional<Effect> effect = c.notable(leaf::kGc);
  if (!effect.has_value() || pauses == 0) {
    return;
  }
  const std::string text = fmt::format(
      "Python's garbage collector pauses training: {} pauses ({} of generation 2), longest {} ({})", pauses,
      gc.pauses[2], ms(static_cast<double>(gc.max_ns)), c.amount(effect->ns));
  out->push_back(c.explanation(
      *effect,
      {text, "call gc.freeze() after start-up, or gc.disable() and collect at a time of your choice",
       Confidence::kHigh},
      {{leaf::kGc}}));
}

}  // namespace stepscope::analysis::finding
