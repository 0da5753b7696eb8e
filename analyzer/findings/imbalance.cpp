// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "analyzer/findings/rank_case.hpp"
#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {

void find_imbalance(const Case& c, std::vector<Finding>* out) {
  if (c.one_run() || !c.diff().by_ranks) {
    return;
  }
  const RankCase ranks(c);
  const double growth = ranks.now.mean_wait_ns - ranks.before.mean_wait_ns;
  const auto effect = static_cast<int64_t>(std::llround(growth));
  const auto most = std::max_element(ranks.now.most_share.begin(), ranks.now.most_share.end());
  // Of chance every rank would be it in one step of so many; one that is it far more often is a late rank.
  const double chance = 1.0 / static_cast<double>(ranks.now.most_share.size());
  if (!ranks.diff.flagged || ranks.diff.delta_ns <= 0 || effect < ranks.diff.min_effect_ns ||
      2 * effect < ranks.diff.delta_ns || !ranks.beyond_residual(effect) || *most > (1 + chance) / 2) {
    return;
  }
  Finding finding;
  finding.id = "rank.imbalance";
  finding.text = fmt::format(
      "imbalance: another rank is late in every step, and the others wait for it: {} of each step on average "
      "({:+.1f} ms/step); no rank is the last in more than {} of the steps",
      from_to(ranks.before.mean_wait_ns, ranks.now.mean_wait_ns), growth / 1e6, percent(*most));
  finding.advice = "give ranks equal work: sequence lengths, padding, expert routing, shards of the data";
  finding.effect_ns = effect;
  finding.confidence = Confidence::kMedium;
  finding.evidence = {{"ranks wait for each other", "ns", ranks.before.mean_wait_ns, ranks.now.mean_wait_ns},
                      {"share of steps of the rank waited for longest most often", "", {}, *most}};
  out->push_back(std::move(finding));
}

}  // namespace stepscope::analysis::finding
