// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/generator/truth.hpp"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

namespace stepscope::scenarios {
namespace {

// Time in [begin, end) in which nothing runs on the GPU.
int64_t idle_ns(const std::vector<std::pair<int64_t, int64_t>>& busy, int64_t begin, int64_t end) {
  int64_t idle = 0;
  int64_t now = begin;
  for (const auto& [from, to] : busy) {
    if (to <= now) {
      continue;
    }
    if (from >= end) {
      break;
    }
    idle += std::max<int64_t>(0, from - now);
    now = std::max(now, to);
  }
  return idle + std::max<int64_t>(0, end - now);
}

bool counts(const Job& job, size_t step) {
  const auto number = static_cast<int64_t>(step) + 1;
  return step > 0 && (job.checkpoint_every == 0 || number % job.checkpoint_every != 0);
}

std::string list(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    out += (out.empty() ? "\"" : ", \"") + text + "\"";
  }
  return "[" + out + "]";
}

const char* expect_name(Expect expect) {
  return expect == Expect::kCauses ? "causes" : expect == Expect::kNothing ? "nothing" : "refusal";
}

}  // namespace

double mean_of(Measure measure, const History& history, const Job& checkpoints_of) {
  double sum = 0;
  double count = 0;
  for (const RankHistory& rank : history.ranks) {
    std::vector<std::pair<int64_t, int64_t>> busy;
    for (const Work& work : rank.works) {
      // A collective that waits for a rank to come runs nothing yet.
      const bool waits = work.op->kind == Op::Kind::kCollective;
      busy.emplace_back(waits ? work.end_ns - work.gpu_ns : work.start_ns, work.end_ns);
    }
    std::sort(busy.begin(), busy.end());
    for (size_t step = 0; step + 1 < rank.marks.size(); ++step) {
      if (counts(checkpoints_of, step)) {
        const int64_t begin = rank.marks[step];
        const int64_t end = rank.marks[step + 1];
        sum += static_cast<double>(measure == Measure::kStep ? end - begin : idle_ns(busy, begin, end));
        ++count;
      }
    }
  }
  return count > 0 ? sum / count : 0;
}

Truth find_truth(const Scenario& scenario, const Job& base, const std::vector<uint64_t>& seeds) {
  Truth truth;
  Job changed = base;
  for (const Injection& injection : scenario.injections) {
    injection.apply(changed);
    truth.causes.push_back({&injection, 0});
  }
  const double share = 1.0 / static_cast<double>(seeds.size());
  for (const uint64_t seed : seeds) {
    const History without = simulate(base, seed);
    const History with = simulate(changed, seed);
    truth.without_ns += share * mean_of(Measure::kStep, without, changed);
    truth.with_ns += share * mean_of(Measure::kStep, with, changed);
    Job so_far = base;
    std::deque<History> between;
    const History* before = &without;
    for (TrueCause& cause : truth.causes) {
      const Measure measure = cause.injection->measure;
      cause.injection->apply(so_far);
      const bool last = &cause == &truth.causes.back();
      const History* now = last ? &with : &between.emplace_back(simulate(so_far, seed));
      cause.ns += share * (mean_of(measure, *now, changed) - mean_of(measure, *before, changed));
      before = now;
    }
  }
  return truth;
}

std::string truth_json(const Scenario& scenario, const Truth& truth, int64_t seed) {
  std::string causes;
  for (const TrueCause& cause : truth.causes) {
    causes +=
        fmt::format("{}\n    {{\"names\": {}, \"rank\": {}, \"ns\": {:.0f}}}", causes.empty() ? "" : ",",
                    list(cause.injection->names), cause.injection->rank, cause.ns);
  }
  return fmt::format(
      "{{\n  \"format\": \"stepscope.truth/1\",\n  \"scenario\": \"{}\",\n  \"name\": \"{}\",\n  "
      "\"summary\": \"{}\",\n"
      "  \"seed\": {},\n  \"scored\": {},\n  \"expect\": \"{}\",\n"
      "  \"step_without_ns\": {:.0f},\n  \"step_with_ns\": {:.0f},\n  \"causes\": [{}],\n  \"consequences\": "
      "{},\n"
      "  \"hidden\": {},\n  \"groups\": {}\n}}\n",
      scenario.id, scenario.name, scenario.summary, seed, scenario.scored, expect_name(scenario.expect),
      truth.without_ns, truth.with_ns, causes, list(scenario.consequences), list(scenario.hidden),
      list(scenario.groups));
}

}  // namespace stepscope::scenarios
