// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/waterfall.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace stepscope::viewer {
namespace {

constexpr int64_t kSmallOneIn = 100;

// How many of the terms, in order, stand alone.
size_t count_alone(const DiffTable& table, const std::vector<size_t>& order, size_t most) {
  const int64_t small = table.scale_ns() / kSmallOneIn;
  size_t alone = 0;
  while (alone < order.size() && alone < most && std::abs(table.terms[order[alone]].delta_ns) > small) {
    ++alone;
  }
  return alone + 1 == order.size() && alone < most ? order.size() : alone;
}

}  // namespace

Waterfall Waterfall::make(const DiffTable& table, size_t most) {
  Waterfall fall;
  if (!table.comparison || table.terms.empty()) {
    return fall;
  }
  std::vector<size_t> order;
  for (size_t i = 0; i < table.terms.size(); ++i) {
    if (table.terms[i].delta_ns != 0) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t x, size_t y) {
    return std::abs(table.terms[x].delta_ns) > std::abs(table.terms[y].delta_ns);
  });
  const size_t alone = count_alone(table, order, most);
  WaterfallBar base;
  base.kind = WaterfallBar::Kind::kBase;
  base.title = "A: mean step";
  base.to_ns = table.a_step_ns;
  fall.bars.push_back(std::move(base));
  int64_t sum = table.a_step_ns;
  fall.low_ns = fall.high_ns = sum;
  const auto put = [&](WaterfallBar bar, int64_t delta_ns) {
    bar.from_ns = sum;
    sum += delta_ns;
    bar.to_ns = sum;
    fall.low_ns = std::min(fall.low_ns, sum);
    fall.high_ns = std::max(fall.high_ns, sum);
    fall.bars.push_back(std::move(bar));
  };
  for (size_t i = 0; i < alone; ++i) {
    const TermRow& term = table.terms[order[i]];
    WaterfallBar bar;
    bar.title = term.title();
    bar.category = term.category;
    bar.flagged = term.flagged;
    bar.terms = {order[i]};
    put(std::move(bar), term.delta_ns);
  }
  if (alone < order.size()) {
    WaterfallBar others;
    others.kind = WaterfallBar::Kind::kOthers;
    others.title = std::to_string(order.size() - alone) + (order.size() - alone == 1 ? " other" : " others");
    int64_t delta = 0;
    for (size_t i = alone; i < order.size(); ++i) {
      delta += table.terms[order[i]].delta_ns;
      others.terms.push_back(order[i]);
    }
    put(std::move(others), delta);
  }
  WaterfallBar candidate;
  candidate.kind = WaterfallBar::Kind::kCandidate;
  candidate.title = "B: mean step";
  candidate.to_ns = table.b_step_ns;
  fall.bars.push_back(std::move(candidate));
  fall.low_ns = std::min(fall.low_ns, table.b_step_ns);
  fall.high_ns = std::max(fall.high_ns, table.b_step_ns);
  return fall;
}

}  // namespace stepscope::viewer
