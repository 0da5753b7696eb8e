// SPDX-License-Identifier: Apache-2.0
//
// The truth about a scenario, by construction: each changed run is simulated again without the injected causes and with the
// same noise, and the difference is what they cost. Of several causes each is added to those before it, so that they add up: 15 % per token
// cost more where sequences are longer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/scenarios/generator/scenario.hpp"
#include "tests/scenarios/generator/simulation.hpp"

namespace stepscope::scenarios {

struct TrueCause {
  const Injection* injection = nullptr;
  double ns = 0;  // per step, on top of those before it
};

struct Truth {
  double without_ns = 0, with_ns = 0;  // the mean step
  std::vector<TrueCause> causes;       // in the scenario's order
};

// Mean over the steps of all ranks that are neither warm-up nor have a checkpoint in `checkpoints_of`, ns.
[[nodiscard]] double mean_of(Measure measure, const History& history, const Job& checkpoints_of);

// Of runs with these seeds.
[[nodiscard]] Truth find_truth(const Scenario& scenario, const Job& base, const std::vector<uint64_t>& seeds);

// As JSON (stepscope.truth/1).
[[nodiscard]] std::string truth_json(const Scenario& scenario, const Truth& truth, int64_t seed);

}  // namespace stepscope::scenarios
