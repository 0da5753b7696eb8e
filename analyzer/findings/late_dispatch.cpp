// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {

void find_late_dispatch(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.notable(leaf::kDispatch);
  if (!effect.has_value() || c.candidate().loader.prefetch_factor < 0) {
    return;
  }
  const std::string text =
      fmt::format("data loading: workers sit idle because indices reach them late (prefetch_factor {}; {})",
                  c.candidate().loader.prefetch_factor, c.amount(effect->ns));
  out->push_back(c.explanation(
      *effect,
      {text,
       "raise prefetch_factor",
       Confidence::kMedium,
       {c.observed("prefetch_factor", "", {}, static_cast<double>(c.candidate().loader.prefetch_factor))}},
      {{leaf::kDispatch}}));
}

}  // namespace stepscope::analysis::finding
