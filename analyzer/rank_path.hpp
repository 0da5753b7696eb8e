// SPDX-License-Identifier: Apache-2.0
//
// walk_path: which rank held a job up, at every instant.
//
// Going back in time from the end: the rank at hand is what the job waits for, until the moment up to which this rank itself
// waited in a collective for another one to come. From there on back, the other one is what the job waits for. So the path
// changes ranks only where one waited for another, and its segments cover the span exactly, without gap or overlap.
// This is the identity of the frontier: the most time that any rank has spent up to a collective's boundary grows from boundary
// to boundary by what the rank that came last did in between.
//
// Pure function. Internal to the library.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace stepscope::analysis {

// A rank that had nothing else to do waited until `until_ns` for rank `for_rank` to come.
struct RankWait {
  int64_t until_ns = 0;
  uint32_t for_rank = 0;
};

struct PathSegment {
  uint32_t rank = 0;
  int64_t begin_ns = 0;
  int64_t end_ns = 0;  // > begin_ns
};

// `waits`: per rank, ascending. `last`: the rank at `end_ns`. Segments ascend and cover [begin_ns, end_ns).
[[nodiscard]] std::vector<PathSegment> walk_path(std::span<const std::vector<RankWait>> waits, uint32_t last,
                                                 int64_t begin_ns, int64_t end_ns);

}  // namespace stepscope::analysis
