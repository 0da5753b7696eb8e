// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/value_pairs.hpp"

#include <algorithm>

#include "analyzer/fleet/risk_ratio.hpp"
#include "analyzer/gate/statistics.hpp"

namespace stepscope::analysis {
namespace {

double hours_of(const Observations& observations, const RunSet& set) {
  double sum = 0;
  set.for_each([&](size_t i) { sum += observations.hours[i]; });
  return sum;
}

double risk_of(const Observations& observations, const RunSet& set) {
  const auto failed = static_cast<double>(set.count_common(observations.failed));
  const double all = observations.exposure == Exposure::kHours ? hours_of(observations, set)
                                                               : static_cast<double>(set.count());
  return all > 0 ? failed / all : 0;
}

double least_risk_of(const Observations& observations, const RunSet& set) {
  const size_t failed = set.count_common(observations.failed);
  return observations.exposure == Exposure::kHours ? least_rate(failed, hours_of(observations, set))
                                                   : least_risk(failed, set.count());
}

// Which sets each observation is in.
std::vector<std::vector<size_t>> sets_by_observation(const std::vector<RunSet>& sets, size_t observations) {
  std::vector<std::vector<size_t>> out(observations);
  for (size_t set = 0; set < sets.size(); ++set) {
    sets[set].for_each([&](size_t i) { out[i].push_back(set); });
  }
  return out;
}

}  // namespace

std::vector<ValuePair> find_pairs(const Observations& observations, std::span<const KnownSet> sets,
                                  const RunSet& among, size_t least, double q) {
  std::vector<RunSet> there;
  std::vector<double> risk;
  for (const KnownSet& set : sets) {
    there.push_back(set.there->common(among));
    risk.push_back(risk_of(observations, there.back()));
  }
  std::vector<ValuePair> pairs;
  std::vector<double> p_values;
  size_t untested = 0;  // too few failures to be named: they count as tested, with p = 1
  const std::vector<std::vector<size_t>> sets_of = sets_by_observation(there, observations.size());
  std::vector<size_t> shared(sets.size());
  for (size_t a = 0; a < sets.size(); ++a) {
    std::fill(shared.begin(), shared.end(), 0);
    there[a].for_each([&](size_t i) {
      for (const size_t b : sets_of[i]) {
        ++shared[b];
      }
    });
    for (size_t b = a + 1; b < sets.size(); ++b) {
      if (shared[b] < least) {
        continue;
      }
      ValuePair pair{a, b, there[a].common(there[b]), 1, 1, 0};
      if (pair.there.count_common(observations.failed) < kLeastPairFailures) {
        ++untested;
        continue;
      }
      const auto against = [&](size_t one, size_t other) {
        const RunSet comparable = there[one].common(*sets[other].known);
        return excess_p_value(observations.tally(pair.there, comparable), observations.exposure);
      };
      pair.p = std::max(against(a, b), against(b, a));
      pair.least = least_risk_of(observations, pair.there);
      p_values.push_back(pair.p);
      pairs.push_back(std::move(pair));
    }
  }
  p_values.insert(p_values.end(), untested, 1.0);
  const std::vector<double> q_values = false_discovery_q(p_values);
  std::vector<ValuePair> kept;
  for (size_t i = 0; i < pairs.size(); ++i) {
    pairs[i].q = q_values[i];
    // The risk of all cancels out of both lifts.
    if (pairs[i].q <= q && pairs[i].least > std::max(risk[pairs[i].first], risk[pairs[i].second])) {
      kept.push_back(std::move(pairs[i]));
    }
  }
  std::stable_sort(kept.begin(), kept.end(),
                   [](const ValuePair& a, const ValuePair& b) { return a.p < b.p; });
  return kept;
}

}  // namespace stepscope::analysis
