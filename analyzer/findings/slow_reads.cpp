// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/supply_facts.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {

void find_slow_reads(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.notable(term::kIo, leaf::kFetchIo);
  if (!effect.has_value() || !supply_known(c)) {
    return;
  }
  const HostEvidence& host = c.candidate().host;
  std::string more;
  if (host.read_bytes_per_s > 0) {
    more += fmt::format("; {:.1f} MB/s read", host.read_bytes_per_s / 1e6);
  }
  if (host.psi_io_share > 0.05) {
    more += fmt::format("; I/O pressure {}", percent(host.psi_io_share));
  }
  const std::string text = fmt::format("data loading: workers are blocked reading {} per batch ({}{})",
                                       stage_cost(c, &BatchCost::io), c.amount(effect->ns), more);
  out->push_back(
      c.explanation(*effect,
                    {text,
                     "look at the storage of the dataset: cache it, move it nearer, read larger pieces",
                     more.empty() ? Confidence::kMedium : Confidence::kHigh,
                     {stage_observed(c, "blocked reading per batch", &BatchCost::io)}},
                    {{leaf::kFetchIo}}));
}

}  // namespace stepscope::analysis::finding
