// SPDX-License-Identifier: Apache-2.0
#include "analyzer/findings/supply_facts.hpp"

#include <utility>

#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {

bool supply_known(const Case& c) {
  return c.candidate().supply.known && (c.one_run() || c.base().supply.known);
}

std::string stage_cost(const Case& c, double BatchCost::*stage) {
  const double now = c.candidate().supply.cost.*stage;
  return c.one_run() ? ms(now) : from_to(c.base().supply.cost.*stage, now);
}

Observation stage_observed(const Case& c, std::string name, double BatchCost::*stage) {
  return c.observed(std::move(name), "ns", c.one_run() ? 0 : c.base().supply.cost.*stage,
                    c.candidate().supply.cost.*stage);
}

}  // namespace stepscope::analysis::finding
