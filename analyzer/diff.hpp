// SPDX-License-Identifier: Apache-2.0
//
// diff_runs: why did the step get slower (or faster)? The change of the mean train step between two sides,
// each one or more runs, as named terms that add up to it exactly.
//
//   Diff d = diff_runs(base, candidate, {}).value();
//   for (const Term& t : d.terms) ...   // largest |delta| first; sum of delta_ns == d.delta_ns, always
//
// Arithmetic. Per run the mean of each leaf over the train steps of all ranks, in whole ns rounded together
// (largest remainder) so that leaves add up to the mean step; per side the mean over runs, rounded the same
// way. Deltas are differences of these integers: the residual is 0 by construction and asserted.
//
// Data terms. Time in data.fetch.* and data.collate leaves says what a worker did while it was waited for,
// not what changed. The change D of that time is handed to causes with a supply model. In a steady state W
// workers that need S ns for a batch deliver one every R = S / W. With in-order delivery the slowest worker
// sets the pace: S = S_typical + excess. The change of R splits exactly (symmetric product rule, W' = mean of
// 1/W, S' = mean of S):
//     dR = sum over stages dS_stage * W'  +  d(excess) * W'  +  d(1/W) * S'
// stages: cpu -> data.fetch, starved -> data.starved, io -> data.io, blocked -> data.blocked, collate ->
// data.collate, put -> data.transfer; excess -> data.slow_worker; 1/W -> data.workers. D is split in these
// proportions:
//   * D / dR within (0, 1.25]: scaled by it (below 1: a part of the slower supply stayed hidden behind
//   compute);
//   * above: scaled by 1.25, and what is left goes to the leaves' own changes;
//   * of opposite sign, or dR within noise, or no worker records: the leaves' own changes name the terms.
// CPU time and run-queue wait move together. If the CPUs allowed to the workers shrank (affinity, quota,
// throttling), CPU growth is counted as starvation; if they did not and fetch or collate needed clearly more
// CPU, the queueing it brings belongs to it. Other data leaves (transfer beyond its exposure, dispatch,
// worker_start, pin, other) are terms of their own. What grew but stayed hidden behind other work is listed
// in `hidden`: it costs nothing today.
//
// Ranks. Where every run has a known Level C ledger (AnalyzedRun::ranks, rank_ledger.hpp), the step is the job's and the terms
// are those of the path of what the job waited for (`by_ranks`): time that ranks wait for each other is nobody's, and the
// terms still add up exactly. Otherwise all is means over ranks, and a caveat says why.
// Kernel terms. A kernel that grew while communication ran beside it, which is exposed less in turn, does not cost the step:
// that part is taken from both terms and listed in `hidden` (hidden_kernels.hpp).
//
// Work. Where both sides know how much of it a step is and the amounts differ (work_change.hpp), what the amount explains is taken
// from the terms and is a term of its own, term::kWork; what is left of the others is their change per unit. They still add up exactly.
//
// Uncertainty. The unit is the run. With two or more runs per side, intervals come from resampling runs (and
// blocks of steps inside them), widened to Student's t for the few runs there are. With one run on a side the
// tool cannot know run-to-run noise: `noise_known` is false, intervals show only the noise within the run, as
// a floor. A term is flagged when its interval excludes 0 and |delta| >= the minimum effect: max(1 % of the
// base step, 50 us), and max(5 %, 500 us) while noise is not known, four times that when the step as a whole
// stayed within it (terms that cancel are chance until more runs show otherwise), or when a side is a single step and there are
// no intervals at all. Checkpoint, eval and epoch-start steps
// are compared in `classes`, never flagged.
//
// Errors: kUsage for an empty side, kNotComparable when a side has no steps at all. Differences that make
// numbers meaningless do not stop the computation: they are in `comparability`, and the caller decides.
// Deterministic, one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/compare.hpp"
#include "analyzer/evidence.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/run.hpp"
#include "analyzer/work_change.hpp"

namespace stepscope::analysis {

namespace term {
inline constexpr std::string_view kFetch = "data.fetch";
inline constexpr std::string_view kCollate = "data.collate";
inline constexpr std::string_view kWorkers = "data.workers";
inline constexpr std::string_view kSlowWorker = "data.slow_worker";
inline constexpr std::string_view kStarved = "data.starved";
inline constexpr std::string_view kIo = "data.io";
inline constexpr std::string_view kBlocked = "data.blocked";
inline constexpr std::string_view kTransfer = "data.transfer";
inline constexpr std::string_view kWork = "work";  // a step is more work, or less
// Every other term has the name of its leaf.
}  // namespace term

// The leaf whose time a term is; empty for terms that are no leaf's.
[[nodiscard]] std::string_view leaf_of_term(std::string_view term_name);

struct Interval {
  double low_ns = 0;
  double high_ns = 0;
};

struct Term {
  std::string name;
  int64_t base_ns = 0;       // mean per train step; for data terms what the leaves of the same name show
  int64_t candidate_ns = 0;  //
  int64_t delta_ns = 0;      // sums to Diff::delta_ns. For modelled terms not candidate - base: see above
  double share = 0;          // of the total delta; 0 when that is 0
  Interval interval;         // of delta, 95 %
  bool modelled =
      false;  // apportioned by the supply model, or without what is hidden or what the work explains
  bool flagged = false;
  int32_t rank = -1;  // the one rank whose own time in this leaf changed; -1: no single one, or not known
};

// The amount of work per step on both sides, and what it explains.
struct WorkPart {
  WorkChange change;
  int64_t explained_ns = 0;  // delta of term::kWork; 0 where the amounts are the same
  int64_t rest_ns = 0;       // delta of the step less that: what changed per unit
  Interval rest_interval;    // 95 %
  bool rest_flagged = false;
  double base_ns_per_unit = 0;       // mean step / amount; 0 where the amount is not known
  double candidate_ns_per_unit = 0;  //

  // The step changed as its work did, and did not change further that way beyond noise: it is not slower (or faster), it does more (or less).
  bool explains_step = false;
};

// Growth of supply or of kernels that did not reach the step.
struct HiddenTerm {
  std::string name;
  int64_t delta_ns = 0;  // per step, if it were exposed
};

// The job's steps where Diff::by_ranks, else those of all ranks.
struct ClassDiff {
  StepClass step_class = StepClass::kTrain;
  size_t base_steps = 0;
  size_t candidate_steps = 0;
  int64_t base_mean_ns = 0;
  int64_t candidate_mean_ns = 0;
};

// A side of the comparison, for headings and JSON.
struct DiffSide {
  std::vector<std::string> runs;  // paths
  size_t steps = 0;               // train steps of all runs; of all ranks, unless by_ranks
  int64_t mean_step_ns = 0;
  std::vector<int64_t> run_means_ns;
  double noise_share = -1;  // run-to-run standard deviation / mean; -1 with one run
};

struct Diff {
  Comparability comparability;
  DiffSide base, candidate;
  int64_t delta_ns = 0;  // candidate.mean_step_ns - base.mean_step_ns
  Interval interval;     // of delta_ns, 95 %
  bool noise_known = false;
  bool intervals_known = true;  // false: a side is a single step. Then all intervals are of no width
  bool by_ranks = false;        // the job's path over its ranks, not means over ranks
  bool flagged = false;         // the step time itself changed, by the same rule
  WorkPart work;
  int64_t min_effect_ns = 0;  // what a term must reach to be flagged
  std::vector<Term> terms;    // |delta| descending, then name; all terms, small ones too
  int64_t residual_ns = 0;    // delta_ns - sum of terms: 0
  std::vector<HiddenTerm> hidden;
  std::vector<ClassDiff> classes;    // every class that either side has, in order of the enum
  std::vector<std::string> caveats;  // sentences: what this comparison cannot know
};

struct DiffOptions {
  LedgerOptions ledger;
  uint32_t resamples = 400;
  uint64_t seed = 1;  // of the resampling; the same seed gives the same bytes
};

[[nodiscard]] Result<Diff> diff_runs(std::span<const Run* const> base, std::span<const Run* const> candidate,
                                     const DiffOptions& options);

// The same with ledgers and evidence already at hand (report and viewer share them).
[[nodiscard]] Result<Diff> diff_analyzed(std::span<const AnalyzedRun> base,
                                         std::span<const AnalyzedRun> candidate, const DiffOptions& options);

}  // namespace stepscope::analysis
