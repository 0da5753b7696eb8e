// SPDX-License-Identifier: Apache-2.0
#include "analyzer/diff.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <deque>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "analyzer/apportion.hpp"
#include "analyzer/diff_terms.hpp"
#include "analyzer/hidden_kernels.hpp"
#include "analyzer/rank_terms.hpp"
#include "analyzer/resample.hpp"

namespace stepscope::analysis {
namespace {

// The runs of one side, ready to be averaged and resampled.
struct Side {
  std::span<const AnalyzedRun> runs;
  std::vector<size_t> used;  // runs that have train steps
  std::vector<StepSamples> samples;
  std::vector<std::vector<int64_t>> run_means;  // per run and leaf, closed
  std::vector<int64_t> means;                   // per leaf, closed over runs
  SupplySide supply;
};

// What the diff compares of a run: the ledger of the job, or those of its ranks.
const Ledger& compared(const AnalyzedRun& run, bool by_ranks) {
  return by_ranks ? run.ranks->ledger : *run.ledger;
}

std::vector<std::string> all_leaves(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate,
                                    bool by_ranks) {
  std::set<std::string> leaves;
  for (const auto& side : {base, candidate}) {
    for (const AnalyzedRun& run : side) {
      const std::vector<std::string>& own = compared(run, by_ranks).leaves;
      leaves.insert(own.begin(), own.end());
    }
  }
  return {leaves.begin(), leaves.end()};
}

Side make_side(std::span<const AnalyzedRun> runs, const std::vector<std::string>& leaves, bool by_ranks,
               DiffSide* shown) {
  Side side;
  side.runs = runs;
  std::vector<int64_t> sums(leaves.size(), 0);
  std::vector<const Evidence*> evidence;
  for (size_t i = 0; i < runs.size(); ++i) {
    shown->runs.push_back(runs[i].run->path());
    StepSamples samples(compared(runs[i], by_ranks), leaves);
    if (samples.count() == 0) {
      continue;
    }
    shown->steps += samples.count();
    std::vector<int64_t> means = closed_means(samples.sums(), static_cast<int64_t>(samples.count()));
    shown->run_means_ns.push_back(std::accumulate(means.begin(), means.end(), int64_t{0}));
    for (size_t l = 0; l < means.size(); ++l) {
      sums[l] += means[l];
    }
    side.used.push_back(i);
    side.samples.push_back(std::move(samples));
    side.run_means.push_back(std::move(means));
    evidence.push_back(runs[i].evidence);
  }
  side.means = side.used.empty() ? sums : closed_means(sums, static_cast<int64_t>(side.used.size()));
  shown->mean_step_ns = std::accumulate(side.means.begin(), side.means.end(), int64_t{0});
  side.supply = supply_side(evidence);
  if (shown->run_means_ns.size() > 1 && shown->mean_step_ns > 0) {
    double squares = 0;
    for (const int64_t mean : shown->run_means_ns) {
      const auto off = static_cast<double>(mean - shown->mean_step_ns);
      squares += off * off;
    }
    shown->noise_share = std::sqrt(squares / static_cast<double>(shown->run_means_ns.size() - 1)) /
                         static_cast<double>(shown->mean_step_ns);
  }
  return side;
}

std::vector<double> as_doubles(const std::vector<int64_t>& values) {
  return {values.begin(), values.end()};
}

// One resample of a side: runs, and blocks of steps inside them.
void resample_side(const Side& side, Random& random, std::vector<double>* means, SupplySide* supply) {
  // With one run all there is to see is drift inside it: blocks of a sixteenth of the run keep it together.
  constexpr size_t kBlocksOfOneRun = 16;
  constexpr size_t kBlocksOfManyRuns = 500;
  const size_t runs = side.samples.size();
  const double weight = 1.0 / static_cast<double>(runs);
  std::fill(means->begin(), means->end(), 0.0);
  std::vector<const Evidence*> evidence;
  for (size_t i = 0; i < runs; ++i) {
    const size_t pick = runs == 1 ? 0 : random.below(runs);
    const StepSamples& samples = side.samples[pick];
    const size_t block = samples.block_length(runs == 1 ? kBlocksOfOneRun : kBlocksOfManyRuns);
    samples.add_resampled_means(random, block, weight, means);
    evidence.push_back(side.runs[side.used[pick]].evidence);
  }
  *supply = supply_side(evidence);
}

double spread(const std::vector<double>& values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return std::sqrt(squares / static_cast<double>(std::max<size_t>(1, values.size() - 1)));
}

// Resampling runs understates their spread when there are few: the unbiased estimate is larger by this factor.
double few_runs_factor(size_t runs) {
  return runs < 2 ? 1.0 : std::sqrt(static_cast<double>(runs) / static_cast<double>(runs - 1));
}

double sum_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// 95 % half widths.
struct HalfWidths {
  std::vector<double> terms;
  double step = 0;
  double work = 0;  // of what the work explains, and of the rest of the step
  double rest = 0;  //
};

HalfWidths half_widths(const Side& base, const Side& candidate, const TermSpace& space,
                       const WorkChange& work, const DiffOptions& options) {
  constexpr size_t kBlocksOfOneRun = 16;
  const size_t terms = space.names().size();
  std::vector<std::vector<double>> drawn(terms);
  std::vector<double> steps;
  std::vector<double> explained;
  std::vector<double> rests;
  Random random(options.seed);
  std::vector<double> base_means(space.leaf_count());
  std::vector<double> candidate_means(space.leaf_count());
  SupplySide base_supply;
  SupplySide candidate_supply;
  for (uint32_t i = 0; i < options.resamples; ++i) {
    resample_side(base, random, &base_means, &base_supply);
    resample_side(candidate, random, &candidate_means, &candidate_supply);
    const TermDeltas deltas = space.deltas(base_means, candidate_means, base_supply, candidate_supply);
    const std::vector<double> by_work =
        work.differs() ? explained_by_work(work, space.names(), space.by_term(base_means), deltas.delta)
                       : std::vector<double>(terms, 0.0);
    for (size_t t = 0; t < terms; ++t) {
      drawn[t].push_back(deltas.delta[t] - by_work[t]);
    }
    steps.push_back(sum_of(deltas.delta));
    explained.push_back(sum_of(by_work));
    rests.push_back(steps.back() - explained.back());
  }
  const size_t runs_a = base.samples.size();
  const size_t runs_b = candidate.samples.size();
  const bool many = runs_a > 1 && runs_b > 1;
  const size_t freedom = many ? runs_a + runs_b - 2 : kBlocksOfOneRun - 1;
  const double widen = student_t95(freedom) * std::max(few_runs_factor(runs_a), few_runs_factor(runs_b));
  const auto width = [widen](const std::vector<double>& values) {
    return values.empty() ? 0.0 : widen * spread(values);
  };
  HalfWidths out;
  for (const std::vector<double>& values : drawn) {
    out.terms.push_back(width(values));
  }
  out.step = width(steps);
  out.work = width(explained);
  out.rest = width(rests);
  return out;
}

int64_t minimum_effect(int64_t base_step, bool noise_known) {
  constexpr int64_t kKnownFloor = 50 * 1000;
  constexpr int64_t kUnknownFloor = 500 * 1000;
  return noise_known ? std::max(kKnownFloor, base_step / 100) : std::max(kUnknownFloor, base_step / 20);
}

// With one run per side and a step that did not change, time that moved between terms moved by chance more often than
// by two causes that cancel: a term must reach this multiple of the minimum effect. So it must where a side is one step.
constexpr int64_t kUnsureFactor = 4;

bool stands_out(int64_t delta, double half_width, int64_t least) {
  return std::abs(delta) >= least && static_cast<double>(std::abs(delta)) > half_width;
}

Interval around(int64_t delta, double half_width) {
  return {static_cast<double>(delta) - half_width, static_cast<double>(delta) + half_width};
}

// Mean duration of the steps of one class over all runs of a side; 0 when there are none. Adds to `steps` how many.
int64_t class_mean_ns(std::span<const AnalyzedRun> side, StepClass step_class, bool by_ranks, size_t* steps) {
  int64_t total = 0;
  for (const AnalyzedRun& run : side) {
    for (const ProcessLedger& process : compared(run, by_ranks).processes) {
      for (const Step& step : process.steps.steps) {
        if (step.step_class == step_class) {
          total += step.duration_ns();
          ++*steps;
        }
      }
    }
  }
  return *steps == 0 ? 0 : rounded_mean(total, static_cast<int64_t>(*steps));
}

std::vector<ClassDiff> compare_classes(std::span<const AnalyzedRun> base,
                                       std::span<const AnalyzedRun> candidate, bool by_ranks) {
  std::vector<ClassDiff> out;
  for (size_t c = 0; c < kStepClassCount; ++c) {
    ClassDiff row;
    row.step_class = static_cast<StepClass>(c);
    row.base_mean_ns = class_mean_ns(base, row.step_class, by_ranks, &row.base_steps);
    row.candidate_mean_ns = class_mean_ns(candidate, row.step_class, by_ranks, &row.candidate_steps);
    if (row.base_steps + row.candidate_steps > 0) {
      out.push_back(row);
    }
  }
  return out;
}

void add_caveats(Diff* diff, const Side& base, const Side& candidate, bool modelled) {
  std::vector<std::string>& caveats = diff->caveats;
  if (!diff->noise_known && diff->intervals_known) {
    caveats.push_back(
        fmt::format("{} run{} against {}: run-to-run noise cannot be known from one run per side; the "
                    "intervals show only the noise "
                    "inside the runs, and changes below {:.1f} ms are not flagged",
                    base.samples.size(), base.samples.size() == 1 ? "" : "s", candidate.samples.size(),
                    static_cast<double>(diff->min_effect_ns) / 1e6));
  }
  constexpr size_t kFewSteps = 20;
  if (!diff->intervals_known) {
    caveats.push_back(fmt::format(
        "one step per side: {} in the base, {} in the candidate; whether it is an ordinary one, and how much "
        "steps differ, cannot be known: there are no intervals, and changes below {:.1f} ms are not flagged",
        diff->base.steps, diff->candidate.steps, static_cast<double>(diff->min_effect_ns) / 1e6));
  } else if (diff->base.steps < kFewSteps || diff->candidate.steps < kFewSteps) {
    caveats.push_back(fmt::format("few train steps: {} in the base, {} in the candidate", diff->base.steps,
                                  diff->candidate.steps));
  }
  for (const auto& [side, name] : {std::pair(&base, "base"), std::pair(&candidate, "candidate")}) {
    const bool waits = side->supply.batches_per_step > 0;
    if (waits && !side->supply.known) {
      caveats.push_back(fmt::format(
          "the {} lacks records of how most batches were made; its data wait cannot be traced to a cause",
          name));
    }
  }
  if (modelled) {
    caveats.push_back("data terms are apportioned by the change in the time that workers need per batch");
  }
  caveats.push_back("terms account for time; they do not prove causes");
}

// Takes growth of kernels that communication covers out of `deltas`. Per term what was taken; empty: nothing.
Result<std::vector<int64_t>> take_hidden(const Side& base, const Side& candidate, const TermSpace& space,
                                         bool by_ranks, int64_t least, std::vector<int64_t>* deltas) {
  std::vector<OpenTerm> open;
  for (size_t t = 0; t < deltas->size(); ++t) {
    open.push_back(
        {space.names()[t], space.shown(t, base.means), space.shown(t, candidate.means), (*deltas)[t]});
  }
  Result<std::vector<int64_t>> moved = hidden_kernel_growth(base.runs, candidate.runs, open, by_ranks, least);
  for (size_t t = 0; moved.ok() && t < moved.value().size(); ++t) {
    (*deltas)[t] -= moved.value()[t];
  }
  return moved;
}

// Takes what the amount of work explains out of `deltas`. Per term what was taken; empty: nothing.
std::vector<int64_t> take_work(const Side& base, const TermSpace& space, const WorkChange& work,
                               std::vector<int64_t>* deltas) {
  std::vector<int64_t> taken;
  if (work.differs()) {
    for (const double ns :
         explained_by_work(work, space.names(), space.by_term(as_doubles(base.means)), as_doubles(*deltas))) {
      taken.push_back(std::llround(ns));
    }
    for (size_t t = 0; t < taken.size(); ++t) {
      (*deltas)[t] -= taken[t];
    }
  }
  return taken;
}

void fill_work(const std::vector<int64_t>& taken, const HalfWidths& widths, Diff* diff) {
  WorkPart& work = diff->work;
  work.explained_ns = std::accumulate(taken.begin(), taken.end(), int64_t{0});
  work.rest_ns = diff->delta_ns - work.explained_ns;
  work.rest_interval = around(work.rest_ns, widths.rest);
  work.rest_flagged = stands_out(work.rest_ns, widths.rest, diff->min_effect_ns);
  if (!work.change.known()) {
    return;
  }
  work.base_ns_per_unit = static_cast<double>(diff->base.mean_step_ns) / work.change.base_per_step;
  work.candidate_ns_per_unit =
      static_cast<double>(diff->candidate.mean_step_ns) / work.change.candidate_per_step;
  if (taken.empty()) {
    return;
  }
  Term one;
  one.name = term::kWork;
  one.delta_ns = work.explained_ns;
  one.share =
      diff->delta_ns == 0 ? 0 : static_cast<double>(one.delta_ns) / static_cast<double>(diff->delta_ns);
  one.interval = around(one.delta_ns, widths.work);
  one.modelled = true;
  one.flagged = stands_out(one.delta_ns, widths.work, diff->min_effect_ns);
  const bool same_way = (work.explained_ns > 0) == (diff->delta_ns > 0);
  const bool further = work.rest_flagged && (work.rest_ns > 0) == (diff->delta_ns > 0);
  work.explains_step = diff->flagged && one.flagged && same_way && !further;
  diff->terms.push_back(std::move(one));
}

Status fill_terms(Diff* diff, const Side& base, const Side& candidate, const TermSpace& space,
                  const DiffOptions& options) {
  const TermDeltas exact =
      space.deltas(as_doubles(base.means), as_doubles(candidate.means), base.supply, candidate.supply);
  std::vector<int64_t> deltas = space.close(exact, base.means, candidate.means);
  const Result<std::vector<int64_t>> moved =
      take_hidden(base, candidate, space, diff->by_ranks, diff->min_effect_ns, &deltas);
  if (!moved.ok()) {
    return moved.status();
  }
  const WorkChange& work = diff->work.change;
  const std::vector<int64_t> taken_by_work = take_work(base, space, work, &deltas);
  const HalfWidths widths = half_widths(base, candidate, space, work, options);
  diff->interval = around(diff->delta_ns, widths.step);
  diff->flagged = stands_out(diff->delta_ns, widths.step, diff->min_effect_ns);
  fill_work(taken_by_work, widths, diff);
  const int64_t unexplained = taken_by_work.empty() ? diff->delta_ns : diff->work.rest_ns;
  const bool step_changed = std::abs(unexplained) >= diff->min_effect_ns;
  const int64_t least =
      diff->noise_known || step_changed ? diff->min_effect_ns : kUnsureFactor * diff->min_effect_ns;
  for (size_t t = 0; t < deltas.size(); ++t) {
    Term one;
    one.name = space.names()[t];
    one.base_ns = space.shown(t, base.means);
    one.candidate_ns = space.shown(t, candidate.means);
    one.delta_ns = deltas[t];
    one.share =
        diff->delta_ns == 0 ? 0 : static_cast<double>(deltas[t]) / static_cast<double>(diff->delta_ns);
    one.interval = around(deltas[t], widths.terms[t]);
    const int64_t taken = moved.value().empty() ? 0 : moved.value()[t];
    const bool by_work = !taken_by_work.empty() && taken_by_work[t] != 0;
    one.modelled = (exact.modelled && space.is_modelled(t)) || taken != 0 || by_work;
    one.flagged = stands_out(deltas[t], widths.terms[t], least);
    if (one.base_ns != 0 || one.candidate_ns != 0 || one.delta_ns != 0) {
      diff->terms.push_back(std::move(one));
    }
    if (const int64_t hidden = static_cast<int64_t>(exact.hidden[t]) + std::max<int64_t>(0, taken);
        hidden >= diff->min_effect_ns) {
      diff->hidden.push_back({space.names()[t], hidden});
    }
  }
  std::sort(diff->terms.begin(), diff->terms.end(), [](const Term& a, const Term& b) {
    return std::abs(a.delta_ns) != std::abs(b.delta_ns) ? std::abs(a.delta_ns) > std::abs(b.delta_ns)
                                                        : a.name < b.name;
  });
  std::sort(diff->hidden.begin(), diff->hidden.end(), [](const HiddenTerm& a, const HiddenTerm& b) {
    return a.delta_ns != b.delta_ns ? a.delta_ns > b.delta_ns : a.name < b.name;
  });
  add_caveats(diff, base, candidate, exact.modelled);
  return {};
}

Status require_steps(std::span<const AnalyzedRun> side) {
  for (const AnalyzedRun& run : side) {
    for (const ProcessLedger& process : run.ledger->processes) {
      if (!process.steps.steps.empty()) {
        return {};
      }
    }
  }
  return {Code::kNotComparable,
          side[0].run->path() +
              ": no steps were found, so there is no step time to compare; 'stepscope steps' says why"};
}

}  // namespace

std::string_view leaf_of_term(std::string_view term_name) {
  static constexpr std::pair<std::string_view, std::string_view> kData[] = {
      {term::kFetch, leaf::kFetchCpu},
      {term::kStarved, leaf::kFetchStarved},
      {term::kIo, leaf::kFetchIo},
      {term::kBlocked, leaf::kFetchBlocked},
      {term::kWorkers, {}},
      {term::kSlowWorker, {}},
      {term::kWork, {}}};
  const auto* const found = std::find_if(std::begin(kData), std::end(kData),
                                         [&](const auto& row) { return row.first == term_name; });
  return found == std::end(kData) ? term_name : found->second;
}

Result<Diff> diff_analyzed(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate,
                           const DiffOptions& options) {
  if (base.empty() || candidate.empty()) {
    return Status(Code::kUsage, "a diff needs at least one run on each side");
  }
  for (const auto& side : {base, candidate}) {
    if (Status status = require_steps(side); !status.ok()) {
      return status;
    }
  }
  Diff diff;
  diff.comparability = check_comparability(base, candidate);
  diff.work.change = compare_work(base, candidate);
  diff.by_ranks = ranks_are_known(base, candidate);
  diff.classes = compare_classes(base, candidate, diff.by_ranks);
  const std::vector<std::string> leaves = all_leaves(base, candidate, diff.by_ranks);
  const Side a = make_side(base, leaves, diff.by_ranks, &diff.base);
  const Side b = make_side(candidate, leaves, diff.by_ranks, &diff.candidate);
  diff.delta_ns = diff.candidate.mean_step_ns - diff.base.mean_step_ns;
  diff.noise_known = a.samples.size() > 1 && b.samples.size() > 1;
  diff.intervals_known = diff.noise_known || (diff.base.steps > 1 && diff.candidate.steps > 1);
  diff.min_effect_ns =
      (diff.intervals_known ? 1 : kUnsureFactor) * minimum_effect(diff.base.mean_step_ns, diff.noise_known);
  if (a.samples.empty() || b.samples.empty()) {
    // Comparability says so already ("train steps"); there is no number to give.
    diff.delta_ns = 0;
    diff.caveats.push_back("one side has no train steps: nothing is compared");
    return diff;
  }
  if (Status status = fill_terms(&diff, a, b, TermSpace(leaves), options); !status.ok()) {
    return status;
  }
  name_ranks(base, candidate, &diff);
  diff.residual_ns = diff.delta_ns;
  for (const Term& one : diff.terms) {
    diff.residual_ns -= one.delta_ns;
  }
  assert(diff.residual_ns == 0 && "terms must add up to the change of the step");
  return diff;
}

Result<Diff> diff_runs(std::span<const Run* const> base, std::span<const Run* const> candidate,
                       const DiffOptions& options) {
  std::deque<Ledger> ledgers;
  std::deque<Evidence> evidence;
  std::deque<RankLedger> ranks;
  std::vector<AnalyzedRun> sides[2];
  for (const size_t side : {0U, 1U}) {
    for (const Run* run : side == 0 ? base : candidate) {
      Result<Ledger> ledger = build_ledger(*run, options.ledger);
      if (!ledger.ok()) {
        return ledger.status();
      }
      ledgers.push_back(std::move(ledger).value());
      Result<Evidence> facts = gather_evidence(*run, ledgers.back());
      if (!facts.ok()) {
        return facts.status();
      }
      evidence.push_back(std::move(facts).value());
      Result<RankLedger> job = build_rank_ledger(*run, ledgers.back(), options.ledger.cache);
      if (!job.ok()) {
        return job.status();
      }
      ranks.push_back(std::move(job).value());
      sides[side].push_back({run, &ledgers.back(), &evidence.back(), &ranks.back()});
    }
  }
  return diff_analyzed(sides[0], sides[1], options);
}

}  // namespace stepscope::analysis
