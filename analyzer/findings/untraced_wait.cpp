// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {

void find_untraced_wait(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.notable(leaf::kDataOther);
  if (!effect.has_value() || c.candidate().supply.unjoined_share < 0.2) {
    return;
  }
  const std::string text = fmt::format(
      "the wait for data cannot be traced: {} of the batches have no record of the worker that made them "
      "({})",
      percent(c.candidate().supply.unjoined_share), c.amount(effect->ns));
  out->push_back(c.explanation(
      *effect, {text, "record the worker processes too: check 'stepscope doctor'", Confidence::kLow},
      {{leaf::kDataOther}}));
}

}  // namespace stepscope::analysis::finding
