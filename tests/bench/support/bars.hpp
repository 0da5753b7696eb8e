// SPDX-License-Identifier: Apache-2.0
//
// The bars of the design: one line per bar that says whether it was held, for people and for scripts.
#pragma once

#include <cstdio>

namespace stepscope::testing {

enum class Bound { kAtMost, kAtLeast };

inline bool bar(const char* what, double measured, const char* unit, double limit,
                Bound bound = Bound::kAtMost) {
  const bool held = bound == Bound::kAtMost ? measured <= limit : measured >= limit;
  std::printf("bar: %s: %.4g %s, %s %.4g -> %s\n", what, measured, unit,
              bound == Bound::kAtMost ? "at most" : "at least", limit, held ? "held" : "missed");
  return held;
}

}  // namespace stepscope::testing
