// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {

void find_slow_handover(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.notable(term::kTransfer);
  if (!effect.has_value() || c.candidate().supply.transfer < 0) {
    return;
  }
  const Supply& supply = c.candidate().supply;
  const std::string text =
      fmt::format("data loading: a made batch takes {} until the main process has it ({})",
                  ms(supply.transfer + supply.cost.put), c.amount(effect->ns));
  out->push_back(
      c.explanation(*effect,
                    {text,
                     "hand over tensors, not Python objects; check /dev/shm",
                     Confidence::kMedium,
                     {c.observed("hand-over per batch", "ns", {}, supply.transfer + supply.cost.put)}},
                    {{leaf::kTransfer}}));
}

}  // namespace stepscope::analysis::finding
