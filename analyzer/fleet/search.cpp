// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/search.hpp"

#include <algorithm>
#include <optional>

#include "analyzer/fleet/value_pairs.hpp"
#include "analyzer/gate/statistics.hpp"

namespace stepscope::analysis {
namespace {

constexpr size_t kMostFindings = 20;
// Of the comparisons that all runs together allow, the share that strata leave, below which a value is tied to a time.
constexpr double kLeastOverlap = 0.2;

// One hypothesis in one round.
struct TestedGroup {
  bool tested = false;  // enough runs with and without it are left
  double p = 1;
  double q = 1;
};

// The least false discovery rate of the whole search at which each of one family (single values, or pairs) is found.
std::vector<double> shared_q(const std::vector<double>& p_values) {
  std::vector<double> out = false_discovery_q(p_values);
  for (double& q : out) {
    q = std::min(1.0, kFindingFamilies * q);
  }
  return out;
}

size_t failures_in(const std::vector<Stratum>& strata) {
  size_t sum = 0;
  for (const Stratum& stratum : strata) {
    sum += stratum.failed_there;
  }
  return sum;
}

Stratum together(const std::vector<Stratum>& strata) {
  Stratum sum;
  for (const Stratum& stratum : strata) {
    sum.failed_there += stratum.failed_there;
    sum.runs_there += stratum.runs_there;
    sum.failed += stratum.failed;
    sum.runs += stratum.runs;
    sum.hours_there += stratum.hours_there;
    sum.hours += stratum.hours;
  }
  return sum;
}

// Pairs of runs, one with and one without, within strata, of those in all runs together.
double overlap(const std::vector<Stratum>& strata) {
  const auto pairs = [](const Stratum& s) {
    const auto there = static_cast<double>(s.runs_there);
    const auto all = static_cast<double>(s.runs);
    return all > 0 ? there * (all - there) / all : 0;
  };
  double within = 0;
  for (const Stratum& stratum : strata) {
    within += pairs(stratum);
  }
  const double whole = pairs(together(strata));
  return whole > 0 ? within / whole : 0;
}

class Search {
 public:
  Search(const Observations& observations, const std::vector<std::vector<size_t>>& groups)
      : observations_(observations) {
    for (const std::vector<size_t>& group : groups) {
      const AttributeValue& leader = observations.values[group.front()];
      sets_.push_back({&leader.there, &observations.known[leader.attribute]});
    }
  }

  FleetSearch run() {
    FleetSearch out;
    RunSet among = observations_.all;
    std::vector<TestedGroup> tested = test(among);
    out.only_in_time = tied_to_time(tested);
    while (out.picks.size() < kMostFindings) {
      std::optional<FleetPick> pick = best(tested, among);
      if (!pick.has_value()) {
        break;
      }
      among = among.without(pick->there);
      std::vector<TestedGroup> next = test(among);
      for (size_t g = 0; g < sets_.size(); ++g) {
        const bool itself = std::find(pick->groups.begin(), pick->groups.end(), g) != pick->groups.end();
        if (tested[g].q <= kFalseDiscovery && next[g].q > kFalseDiscovery &&
            !(itself && pick->groups.size() == 1)) {
          pick->shadows.push_back({g, next[g].tested ? FleetRetest::kExplained : FleetRetest::kTooFewLeft});
        }
      }
      tested = std::move(next);
      out.picks.push_back(std::move(*pick));
    }
    return out;
  }

 private:
  [[nodiscard]] std::vector<Stratum> tally(size_t group, const RunSet& among) const {
    return observations_.tally(*sets_[group].there, among.common(*sets_[group].known));
  }

  // Whether a value is tested is decided by its runs, not by how they ended; one with too few failures to be named counts
  // as tested with p = 1.
  [[nodiscard]] std::vector<TestedGroup> test(const RunSet& among) const {
    std::vector<TestedGroup> out(sets_.size());
    std::vector<double> p_values;
    for (size_t g = 0; g < sets_.size(); ++g) {
      const std::vector<Stratum> strata = tally(g, among);
      const Stratum all = together(strata);
      out[g].tested = all.runs_there >= kLeastRuns && all.runs >= all.runs_there + kLeastRuns;
      if (!out[g].tested) {
        continue;
      }
      out[g].p = failures_in(strata) < kLeastFailures ? 1 : excess_p_value(strata, observations_.exposure);
      p_values.push_back(out[g].p);
    }
    const std::vector<double> q_values = shared_q(p_values);
    size_t next = 0;
    for (TestedGroup& group : out) {
      group.q = group.tested ? q_values[next++] : 1;
    }
    return out;
  }

  // The single value with the least p; the pair that explains it better where there is one; a pair of values that do not
  // stand out by themselves where no single one does. Only that last one is a finding more, and has to share the rate: the
  // pair that takes the place of a value says of what was found anyway where it holds.
  [[nodiscard]] std::optional<FleetPick> best(const std::vector<TestedGroup>& tested,
                                              const RunSet& among) const {
    const auto first = std::min_element(tested.begin(), tested.end(),
                                        [](const TestedGroup& a, const TestedGroup& b) { return a.p < b.p; });
    const bool single = first != tested.end() && first->tested && first->q <= kFalseDiscovery;
    const auto top = static_cast<size_t>(first - tested.begin());
    const double families = single ? 1 : kFindingFamilies;
    const std::vector<ValuePair> pairs =
        find_pairs(observations_, sets_, among, kLeastRuns, kFalseDiscovery / families);
    const ValuePair* chosen = nullptr;
    for (const ValuePair& pair : pairs) {
      const bool of_top = pair.first == top || pair.second == top;
      if (single ? of_top && (chosen == nullptr || pair.least > chosen->least) : chosen == nullptr) {
        chosen = &pair;
      }
    }
    if (chosen != nullptr) {
      const RunSet known = sets_[chosen->first].known->common(*sets_[chosen->second].known);
      return FleetPick{{chosen->first, chosen->second},
                       chosen->there,
                       among.common(known),
                       chosen->p,
                       families * chosen->q,
                       {}};
    }
    if (!single) {
      return std::nullopt;
    }
    return FleetPick{
        {top}, sets_[top].there->common(among), among.common(*sets_[top].known), first->p, first->q, {}};
  }

  [[nodiscard]] std::vector<size_t> tied_to_time(const std::vector<TestedGroup>& tested) const {
    std::vector<size_t> out;
    std::vector<double> p_values;
    std::vector<size_t> candidates;
    for (size_t g = 0; g < sets_.size(); ++g) {
      if (!tested[g].tested) {
        continue;
      }
      const std::vector<Stratum> strata = tally(g, observations_.all);
      const Stratum all = together(strata);
      const bool countable = failures_in(strata) >= kLeastFailures;
      p_values.push_back(countable ? excess_p_value({&all, 1}, observations_.exposure) : 1);
      candidates.push_back(g);
    }
    const std::vector<double> q_values = shared_q(p_values);
    for (size_t i = 0; i < candidates.size(); ++i) {
      const size_t g = candidates[i];
      if (q_values[i] <= kFalseDiscovery && tested[g].q > kFalseDiscovery &&
          overlap(tally(g, observations_.all)) < kLeastOverlap) {
        out.push_back(g);
      }
    }
    return out;
  }

  const Observations& observations_;
  std::vector<KnownSet> sets_;
};

}  // namespace

FleetSearch search_fleet(const Observations& observations, const std::vector<std::vector<size_t>>& groups) {
  return Search(observations, groups).run();
}

}  // namespace stepscope::analysis
