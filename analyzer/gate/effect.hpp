// SPDX-License-Identifier: Apache-2.0
//
// The change between two sides of runs, each run one number, with its uncertainty; and the smallest change that could be seen.
//
// Values are logarithms where the change is a ratio (step time), plain where it may be 0 (a leaf). The unit is the run:
//   as many runs on both sides, or three or more   Welch's t with Satterthwaite's degrees of freedom (Welch, Biometrika 1947): the
//                                   sides may scatter differently
//   one or two runs against more    Student's t: they scatter as the runs of the other side do (for one run, a prediction interval).
//                                   Two runs are not believed to when they scatter more (F test at 5 %): then Welch's. Welch's
//                                   alone is too sure of two runs: 8 % false alarms of 10 against 2 at 5 %
//   a noise model                   stands in for the scatter of a side with one run, and of both where one has fewer than
//                                   three (t with the model's degrees of freedom). It is not used where the runs at hand scatter
//                                   more than it allows (F test at 1 %)
//   one run on both, no model       nothing is known
// Runs that agree to the last digit do not make a change certain: each value is known to its `resolution` only, and the
// variance of a run is at least resolution^2 / 12.
// Deterministic. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace stepscope::analysis {

enum class NoiseSource : uint8_t { kNone, kWelch, kPrediction, kModel };

// Run-to-run noise that was measured elsewhere.
struct KnownNoise {
  double sd = 0;
  double degrees = 0;  // runs it was measured from, less 1
};

struct Effect {
  NoiseSource source = NoiseSource::kNone;  // kNone: only `estimate` says anything
  double estimate = 0;                      // mean of the candidate - mean of the base
  double standard_error = 0;
  double degrees = 0;
  double sd = 0;               // run to run, both sides pooled
  double p_greater = 1;        // one-sided: the candidate is not greater
  bool model_refused = false;  // a model was given, and the runs scatter more than it allows

  // One-sided bounds at this level: each is missed with probability `level`.
  [[nodiscard]] double lower(double level) const;
  [[nodiscard]] double upper(double level) const;
};

// Neither side is empty.
[[nodiscard]] Effect compare_runs(std::span<const double> base, std::span<const double> candidate,
                                  const std::optional<KnownNoise>& model, double resolution);

// The change that runs with scatter `sd` show with probability `power` at the one-sided `level`. By Welch's test, integrated
// over what the runs may show of their scatter; with one run on a side by the t distribution with `degrees`. Negative
// when no number of runs this small can show any: one run on both sides and `degrees` 0.
[[nodiscard]] double detectable_change(size_t base, size_t candidates, double sd, double degrees,
                                       double level, double power);

// Runs to add (the scatter and the estimate staying as they are) until a candidate at or above the threshold is clearly slower,
// or one below it clearly below. `both`: the base grows with the candidate. 0: enough already; `most` + 1: more than that.
struct MoreRuns {
  size_t base = 0;
  size_t candidates = 0;
};
[[nodiscard]] size_t runs_to_decide(const Effect& effect, const MoreRuns& now, double threshold, double level,
                                    bool both, size_t most);

}  // namespace stepscope::analysis
