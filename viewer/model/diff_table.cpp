// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/diff_table.hpp"

#include <algorithm>
#include <cstdlib>

namespace stepscope::viewer {
namespace {

int64_t weight(const DiffTable& table, const TermRow& term) {
  return std::abs(table.comparison ? term.delta_ns : term.a_ns);
}

// "data.fetch" covers "data.fetch.cpu" and "data.fetch.io"; every other term is its own leaf.
bool leaf_of_term(std::string_view leaf, std::string_view term) {
  return leaf == term || (leaf.size() > term.size() && leaf.starts_with(term) && leaf[term.size()] == '.') ||
         (term == "data.starved" && leaf == "data.fetch.starved") ||
         (term == "data.io" && leaf == "data.fetch.io") ||
         (term == "data.blocked" && leaf == "data.fetch.blocked") ||
         ((term == "data.workers" || term == "data.slow_worker") && leaf.starts_with("data."));
}

// To the event.
void narrow(const RunModel& run, const EventRef& event, Place* place) {
  const EventRow& row = run.lanes[event.lane].rows[event.row];
  place->begin_ns = row.start(event.index);
  place->end_ns = row.end(event.index);
}

}  // namespace

std::string TermRow::title() const {
  return rank < 0 ? name : name + " (rank " + std::to_string(rank) + ")";
}

void DiffTable::sort(TermOrder order, bool descending) {
  const auto less = [&](const TermRow& x, const TermRow& y) {
    switch (order) {
      case TermOrder::kName:
        return x.name < y.name;
      case TermOrder::kA:
        return x.a_ns < y.a_ns;
      case TermOrder::kB:
        return x.b_ns < y.b_ns;
      case TermOrder::kEffect:
        break;
    }
    return weight(*this, x) < weight(*this, y);
  };
  std::stable_sort(terms.begin(), terms.end(),
                   [&](const TermRow& x, const TermRow& y) { return descending ? less(y, x) : less(x, y); });
}

int64_t DiffTable::residual_ns() const {
  int64_t sum = 0;
  for (const TermRow& term : terms) {
    sum += comparison ? term.delta_ns : term.a_ns;
  }
  return (comparison ? delta_ns : a_step_ns) - sum;
}

int64_t DiffTable::scale_ns() const {
  int64_t scale = 1;
  for (const TermRow& term : terms) {
    scale = std::max(scale, weight(*this, term));
  }
  return scale;
}

std::optional<EventRef> longest_event(const RunModel& run, Side side, uint32_t lane, Category category,
                                      int64_t begin_ns, int64_t end_ns) {
  std::optional<EventRef> best;
  int64_t best_ns = -1;
  const std::vector<EventRow>& rows = run.lanes[lane].rows;
  for (uint32_t r = 0; r < rows.size(); ++r) {
    const EventRow& row = rows[r];
    for (size_t i = row.first_starting_at(begin_ns); i < row.size() && row.start(i) < end_ns; ++i) {
      if (run.category_of[row.name(i)] == category && row.duration(i) > best_ns) {
        best = EventRef{side, lane, r, static_cast<uint32_t>(i)};
        best_ns = row.duration(i);
      }
    }
  }
  return best;
}

std::optional<Place> find_place(const RunModel& run, Side side, std::string_view term) {
  const size_t leaves = run.ledger.leaves.size();
  if (run.steps.empty() || run.step_lane >= run.lanes.size() ||
      run.ledger.ns.size() < leaves * run.steps.size()) {
    return std::nullopt;
  }
  size_t worst = run.steps.size();
  int64_t worst_ns = 0;
  for (size_t s = 0; s < run.steps.size(); ++s) {
    int64_t ns = 0;
    for (size_t leaf = 0; leaf < leaves; ++leaf) {
      ns += leaf_of_term(run.ledger.leaves[leaf], term) ? run.ledger.ns[s * leaves + leaf] : 0;
    }
    if (run.steps[s].train && ns > worst_ns) {
      worst = s;
      worst_ns = ns;
    }
  }
  if (worst == run.steps.size()) {
    return std::nullopt;
  }
  const StepModel& step = run.steps[worst];
  Place place{side, run.step_lane, step.begin_ns, step.end_ns};
  const auto event =
      longest_event(run, side, run.step_lane, analysis::category_of_leaf(term), step.begin_ns, step.end_ns);
  if (event) {
    narrow(run, *event, &place);
  }
  return place;
}

std::optional<Place> find_place_in(const RunModel& run, Side side, uint32_t process, int64_t begin_ns,
                                   int64_t end_ns, std::string_view term) {
  std::optional<Place> place;
  for (const bool streams : {true, false}) {
    int64_t longest = 0;
    for (uint32_t lane = 0; lane < run.lanes.size(); ++lane) {
      if (run.lanes[lane].process != process || (run.lanes[lane].role == LaneRole::kStream) != streams) {
        continue;
      }
      const auto event = longest_event(run, side, lane, analysis::category_of_leaf(term), begin_ns, end_ns);
      Place here{side, lane, begin_ns, end_ns};
      if (event) {
        narrow(run, *event, &here);
      }
      const int64_t length = event ? here.end_ns - here.begin_ns : 0;
      if (!place || length > longest) {
        place = here;
        longest = length;
      }
    }
    if (longest > 0) {
      break;
    }
  }
  return place;
}

}  // namespace stepscope::viewer
