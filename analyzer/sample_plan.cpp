// SPDX-License-Identifier: Apache-2.0
#include "analyzer/sample_plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "analyzer/gpu_events.hpp"

namespace stepscope::analysis {
namespace {

std::vector<const Step*> spread_steps(const std::vector<Step>& steps, size_t most) {
  std::vector<const Step*> all;
  for (const StepClass wanted : {StepClass::kTrain, StepClass::kWarmup}) {
    for (const Step& step : steps) {
      if (step.step_class == wanted) {
        all.push_back(&step);
      }
    }
    if (!all.empty()) {
      break;
    }
  }
  if (all.size() <= most) {
    return all;
  }
  std::vector<const Step*> out;
  for (size_t i = 0; i < most; ++i) {  // the middles of equal parts
    out.push_back(all[(2 * i + 1) * all.size() / (2 * most)]);
  }
  return out;
}

// How long the job waited for each rank: share of its train steps.
std::vector<double> held_shares(const RankLedger& job) {
  std::vector<double> out(job.ranks(), 0.0);
  double total = 0;
  for (size_t s = 0; s < job.steps().size(); ++s) {
    if (job.steps()[s].step_class == StepClass::kTrain) {
      total += static_cast<double>(job.steps()[s].duration_ns());
      for (size_t r = 0; r < out.size(); ++r) {
        out[r] += static_cast<double>(job.held(s)[r]);
      }
    }
  }
  for (double& share : out) {
    share /= std::max(1.0, total);
  }
  return out;
}

// A job's side of a plan.
class PathPlanner {
 public:
  explicit PathPlanner(const AnalyzedRun& run) : job_(*run.ranks) {
    for (const uint32_t process : job_.processes) {
      const auto found =
          std::find_if(run.ledger->processes.begin(), run.ledger->processes.end(),
                       [process](const ProcessLedger& one) { return one.steps.process == process; });
      processes_.push_back(&found->steps);
    }
  }

  [[nodiscard]] std::vector<const Step*> steps(size_t most) const {
    return spread_steps(job_.ledger.processes[0].steps.steps, most);
  }

  // Adds to `out`, by rank, the share of the step that lies on it.
  void add_shares(const Step& step, std::vector<double>* out) const {
    for (auto segment = first_in(step.begin_ns);
         segment != job_.path.end() && segment->begin_ns < step.end_ns; ++segment) {
      (*out)[segment->rank] += static_cast<double>(std::min(segment->end_ns, step.end_ns) -
                                                   std::max(segment->begin_ns, step.begin_ns)) /
                               static_cast<double>(step.duration_ns());
    }
  }

  // The rank's own step in the middle of this one of the job, as far as it is on the path; none when there is no such step.
  void plan(uint32_t pair, const Step& step, uint32_t rank, SamplePlan* out) const {
    const RankClock& clock = job_.clocks[rank];
    const std::vector<Step>& own = processes_[rank]->steps;
    const int64_t middle = clock.from_first(step.begin_ns + step.duration_ns() / 2);
    const auto behind = std::upper_bound(own.begin(), own.end(), middle,
                                         [](int64_t ns, const Step& one) { return ns < one.begin_ns; });
    if (behind == own.begin() || (behind - 1)->end_ns <= middle) {
      return;
    }
    PlannedStep& planned = out->emplace_back();
    planned.pair = pair;
    planned.process = processes_[rank];
    planned.step = &*(behind - 1);
    planned.whole = false;
    const int64_t end = clock.to_first(planned.step->end_ns);
    for (auto segment = first_in(clock.to_first(planned.step->begin_ns));
         segment != job_.path.end() && segment->begin_ns < end; ++segment) {
      if (segment->rank == rank) {
        planned.on_path.push_back({clock.from_first(segment->begin_ns), clock.from_first(segment->end_ns)});
      }
    }
  }

 private:
  // The first segment of the path that ends behind `ns`.
  [[nodiscard]] std::vector<PathSegment>::const_iterator first_in(int64_t ns) const {
    return std::upper_bound(job_.path.begin(), job_.path.end(), ns,
                            [](int64_t at, const PathSegment& segment) { return at < segment.end_ns; });
  }

  const RankLedger& job_;
  std::vector<const ProcessSteps*> processes_;  // by rank
};

// Ranks by what is to be seen on them, most first, until nine tenths are: those and no more than `most`.
std::vector<uint32_t> worth_a_look(const std::vector<double>& shares, size_t most) {
  constexpr double kEnough = 0.9;
  std::vector<uint32_t> order(shares.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&shares](uint32_t a, uint32_t b) { return shares[a] > shares[b]; });
  const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
  double seen = 0;
  std::vector<uint32_t> out;
  for (const uint32_t rank : order) {
    if (out.size() == most || seen >= kEnough * all || shares[rank] <= 0) {
      break;
    }
    out.push_back(rank);
    seen += shares[rank];
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Jobs of the same ranks, next to each other. `bonus`: what makes a rank interesting in every step.
void plan_together(std::span<const PathPlanner> jobs, const std::vector<double>& bonus,
                   const SampleSize& size, std::span<SamplePlan> out) {
  const size_t budget = size.steps * size.processes;
  // The more ranks a step takes, the fewer steps.
  for (size_t most = size.steps; most > 0; --most) {
    std::vector<std::vector<const Step*>> steps;
    size_t count = most;
    for (const PathPlanner& job : jobs) {
      steps.push_back(job.steps(most));
      count = std::min(count, steps.back().size());
    }
    std::vector<std::vector<uint32_t>> ranks;
    size_t total = 0;
    for (size_t i = 0; i < count; ++i) {
      std::vector<double> shares = bonus;
      for (size_t j = 0; j < jobs.size(); ++j) {
        jobs[j].add_shares(*steps[j][i], &shares);
      }
      ranks.push_back(worth_a_look(shares, budget));
      total += ranks.back().size();
    }
    if (total > budget && most > 1) {
      continue;
    }
    uint32_t pair = 0;
    for (size_t i = 0; i < count; ++i) {
      for (const uint32_t rank : ranks[i]) {
        for (size_t j = 0; j < jobs.size(); ++j) {
          jobs[j].plan(pair, *steps[j][i], rank, &out[j]);
        }
        ++pair;
      }
    }
    return;
  }
}

}  // namespace

SamplePlan plan_spread(const Run& run, const Ledger& ledger, const SampleSize& size) {
  SamplePlan out;
  uint32_t processes = 0;
  for (const ProcessLedger& process : ledger.processes) {
    if (processes == size.processes) {
      break;
    }
    if (process.steps.steps.empty() || !has_gpu_events(run, process.steps.process)) {
      continue;
    }
    for (const Step* step : spread_steps(process.steps.steps, size.steps)) {
      out.push_back({processes, &process.steps, step, true, {}});
    }
    ++processes;
  }
  return out;
}

SamplePlan plan_path(const AnalyzedRun& run, const SampleSize& size) {
  const PathPlanner job[] = {PathPlanner(run)};
  SamplePlan out[1];
  plan_together(job, std::vector<double>(run.ranks->ranks(), 0.0), size, out);
  return std::move(out[0]);
}

std::pair<SamplePlan, SamplePlan> plan_path(const AnalyzedRun& base, const AnalyzedRun& candidate,
                                            const SampleSize& size) {
  const PathPlanner jobs[] = {PathPlanner(base), PathPlanner(candidate)};
  // A rank that the job waits for longer than before is what the diff is about.
  std::vector<double> bonus = held_shares(*candidate.ranks);
  const std::vector<double> before = held_shares(*base.ranks);
  for (size_t r = 0; r < bonus.size(); ++r) {
    bonus[r] = std::abs(bonus[r] - before[r]);
  }
  SamplePlan out[2];
  plan_together(jobs, bonus, size, out);
  return {std::move(out[0]), std::move(out[1])};
}

}  // namespace stepscope::analysis
