// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rank_path.hpp"

#include <algorithm>

namespace stepscope::analysis {

std::vector<PathSegment> walk_path(std::span<const std::vector<RankWait>> waits, uint32_t last,
                                   int64_t begin_ns, int64_t end_ns) {
  std::vector<PathSegment> path;
  uint32_t rank = last;
  int64_t now = end_ns;
  while (now > begin_ns) {
    const std::vector<RankWait>& own = waits[rank];
    // Strictly before `now`: at that very moment somebody waited for this rank, so it did not wait itself.
    const auto after = std::lower_bound(own.begin(), own.end(), now,
                                        [](const RankWait& wait, int64_t ns) { return wait.until_ns < ns; });
    const bool waited = after != own.begin() && (after - 1)->until_ns > begin_ns;
    const int64_t from = waited ? (after - 1)->until_ns : begin_ns;
    path.push_back({rank, from, now});
    rank = waited ? (after - 1)->for_rank : rank;
    now = from;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace stepscope::analysis
