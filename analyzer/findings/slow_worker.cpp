// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/supply_facts.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

// One run: what it costs a step, as far as batches were waited for.
std::optional<Effect> reach_in_run(const Case& c) {
  const Supply& supply = c.candidate().supply;
  int64_t waited = 0;
  for (const std::string_view name : kMakingLeaves) {
    waited += c.leaf_ns(name);
  }
  const double reach = supply.excess * supply.batches_per_step / std::max(1.0, supply.parallelism);
  const int64_t ns = std::min(waited, static_cast<int64_t>(reach));
  return c.large(ns) ? std::optional<Effect>({term::kSlowWorker, ns}) : std::nullopt;
}

}  // namespace

void find_slow_worker(const Case& c, std::vector<Finding>* out) {
  const bool now = c.one_run() || c.candidate().supply.excess > 0;
  const Supply& supply = now ? c.candidate().supply : c.base().supply;
  if (supply.excess <= 0) {
    return;
  }
  const std::optional<Effect> effect = c.one_run() ? reach_in_run(c) : c.changed(term::kSlowWorker);
  if (!effect.has_value()) {
    return;
  }
  const std::string text = fmt::format(
      "data loading: worker {} needs {} more per batch than the others, mostly {}; in-order delivery "
      "makes everyone wait for it ({})",
      supply.slow_worker, ms(supply.excess), supply.slowest_stage, c.amount(effect->ns));
  out->push_back(c.explanation(*effect,
                               {text,
                                "look at what is special about that worker: its shard, its CPU, its mount",
                                Confidence::kHigh,
                                {c.observed("worker", "", {}, static_cast<double>(supply.slow_worker)),
                                 c.observed("more than the others per batch", "ns", {}, supply.excess)}},
                               kMakingLeaves));
}

}  // namespace stepscope::analysis::finding
