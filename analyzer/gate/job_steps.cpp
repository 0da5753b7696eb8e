// SPDX-License-Identifier: Apache-2.0
#include "analyzer/gate/job_steps.hpp"

#include <algorithm>
#include <unordered_map>

#include "analyzer/gate/warmup.hpp"

namespace stepscope::analysis {
namespace {

StepClass joined_class(StepClass one, StepClass other) {
  return one == StepClass::kWarmup || other == StepClass::kWarmup ? StepClass::kWarmup : std::max(one, other);
}

// Programs that count anew in each epoch give numbers that name no step; their ranks are paired by order.
bool numbers_rise(const ProcessLedger& rank) {
  const std::vector<Step>& steps = rank.steps.steps;
  return std::adjacent_find(steps.begin(), steps.end(),
                            [](const Step& a, const Step& b) { return b.number <= a.number; }) == steps.end();
}

void mark_unsettled(std::vector<JobStep>* steps) {
  std::vector<int64_t> train;
  for (const JobStep& step : *steps) {
    if (step.step_class == StepClass::kTrain) {
      train.push_back(step.duration_ns);
    }
  }
  size_t left = unsettled_steps(train);
  for (JobStep& step : *steps) {
    if (left == 0) {
      return;
    }
    if (step.step_class == StepClass::kTrain) {
      step.step_class = StepClass::kWarmup;
      --left;
    }
  }
}

}  // namespace

JobSteps job_steps(const Ledger& ledger) {
  JobSteps job;
  for (const ProcessLedger& process : ledger.processes) {
    if (!process.steps.steps.empty()) {
      job.ranks.push_back(&process);
    }
  }
  if (job.ranks.empty()) {
    return job;
  }
  const bool numbered = std::all_of(job.ranks.begin(), job.ranks.end(),
                                    [](const ProcessLedger* rank) { return numbers_rise(*rank); });
  const auto number_of = [numbered](const std::vector<Step>& steps, size_t s) {
    return numbered ? steps[s].number : static_cast<int64_t>(s);
  };
  std::vector<std::unordered_map<int64_t, size_t>> by_number(job.ranks.size());
  for (size_t r = 1; r < job.ranks.size(); ++r) {
    const std::vector<Step>& steps = job.ranks[r]->steps.steps;
    for (size_t s = 0; s < steps.size(); ++s) {
      by_number[r].emplace(number_of(steps, s), s);
    }
  }
  const std::vector<Step>& first = job.ranks[0]->steps.steps;
  for (size_t s = 0; s < first.size(); ++s) {
    JobStep step{first[s].duration_ns(), first[s].step_class, {s}};
    for (size_t r = 1; r < job.ranks.size(); ++r) {
      const auto found = by_number[r].find(number_of(first, s));
      if (found == by_number[r].end()) {
        break;
      }
      const Step& other = job.ranks[r]->steps.steps[found->second];
      step.index.push_back(found->second);
      step.duration_ns = std::max(step.duration_ns, other.duration_ns());
      step.step_class = joined_class(step.step_class, other.step_class);
    }
    if (step.index.size() == job.ranks.size()) {
      job.steps.push_back(std::move(step));
    }
  }
  mark_unsettled(&job.steps);
  return job;
}

}  // namespace stepscope::analysis
