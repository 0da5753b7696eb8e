// SPDX-License-Identifier: Apache-2.0
#include "analyzer/motif.hpp"

#include <algorithm>
#include <optional>

#include "analyzer/motif_lags.hpp"
#include "analyzer/motif_tiling.hpp"

namespace stepscope::analysis {
namespace {

// One period may match that much less than all together must: else chance would reject half of those of a sequence that barely
// qualifies, and twice the period would look better.
constexpr double kOnePeriodLess = 0.1;
constexpr double kNearlyAll = 0.8;  // of the periods must have what makes them steps
constexpr double kStandsOut = 1.1;  // an idle gap that many times the next says where a step begins,
constexpr double kTowers = 4;       // and one that many times, that there is one
constexpr uint32_t kIdleOfNote = 10000 / kMotifIdleUnitNs;
constexpr size_t kSampledPeriods = 33;

// One lag that was tried: its motif and what it explains.
struct Trial {
  MotifSpan motif;
  Tiling tiling;
  double coverage = 0;
  double copied_in = 0;  // share of the periods that have one
  double copied_out = 0;
  double updates = 0;
  bool copied_between = false;   // a part that is no period has a host-to-device copy,
  bool updated_between = false;  // an optimizer's kernel

  [[nodiscard]] size_t period() const { return motif.size(); }
  [[nodiscard]] double periods() const {
    return static_cast<double>(tiling.covered) / static_cast<double>(motif.size());
  }
  // What came before the first period or after the last says nothing: a model may be set up with an optimizer's kernels.
  [[nodiscard]] bool has_updates() const { return updates > 0 || updated_between; }
  [[nodiscard]] double explained() const { return coverage * tiling.ratio(); }
};

bool one_symbol(MotifSpan items) {
  return std::all_of(items.begin(), items.end(),
                     [&](const MotifItem& item) { return item.symbol == items.front().symbol; });
}

Trial try_motif(MotifSpan items, MotifSpan motif, const MotifOptions& options) {
  Trial out;
  out.motif = motif;
  out.tiling = tile(items, motif, options.min_ratio - kOnePeriodLess);
  out.coverage = static_cast<double>(out.tiling.covered) / static_cast<double>(items.size());
  size_t in = 0;
  size_t back = 0;
  size_t updates = 0;
  for (const MotifPart& part : out.tiling.parts) {
    const MotifSpan piece = items.subspan(part.begin, part.end - part.begin);
    const auto any = [&piece](const auto& has) { return std::any_of(piece.begin(), piece.end(), has); };
    const bool copied = any([](const MotifItem& item) { return item.copied_in != 0; });
    const bool updated = any([](const MotifItem& item) { return item.update != 0; });
    if (!part.step) {
      out.copied_between |= copied;
      out.updated_between |= updated;
      continue;
    }
    in += copied ? 1U : 0U;
    back += any([](const MotifItem& item) { return item.copied_out != 0; }) ? 1U : 0U;
    updates += updated ? 1U : 0U;
  }
  const auto tiles = static_cast<double>(std::max<size_t>(1, out.tiling.tiles));
  out.copied_in = static_cast<double>(in) / tiles;
  out.copied_out = static_cast<double>(back) / tiles;
  out.updates = static_cast<double>(updates) / tiles;
  return out;
}

// Usual idle time before each item of a period, over periods sampled evenly.
std::vector<uint32_t> usual_idle(MotifSpan items, const Trial& trial) {
  const size_t period = trial.period();
  std::vector<size_t> begins;
  for (const MotifPart& part : trial.tiling.parts) {
    if (part.step && part.end - part.begin == period) {
      begins.push_back(part.begin);
    }
  }
  const size_t stride = std::max<size_t>(1, begins.size() / kSampledPeriods);
  std::vector<uint32_t> out(period, 0);
  std::vector<uint32_t> idle;
  for (size_t phase = 0; phase < period && !begins.empty(); ++phase) {
    idle.clear();
    for (size_t i = 0; i < begins.size(); i += stride) {
      if (begins[i] + phase > 0) {  // nothing is known of the time before the first item
        idle.push_back(items[begins[i] + phase].idle);
      }
    }
    if (!idle.empty()) {
      const auto middle = idle.begin() + static_cast<std::ptrdiff_t>(idle.size() / 2);
      std::nth_element(idle.begin(), middle, idle.end());
      out[phase] = *middle;
    }
  }
  return out;
}

// The phase at which the longest stretch without an optimizer's kernel begins; 0 without any.
size_t after_update(MotifSpan motif) {
  const size_t period = motif.size();
  size_t best = 0;
  size_t longest = 0;
  size_t run = 0;
  for (size_t i = 0; i < 2 * period; ++i) {
    if (motif[i % period].update != 0) {
      run = 0;
    } else if (++run > longest && run <= period) {
      longest = run;
      best = (i + 1 - run) % period;
    }
  }
  return longest == period ? 0 : best;
}

// The phase with the longest usual idle time, and whether it stands out: longer than launches are apart, and `times` the next.
struct LongestIdle {
  size_t phase = 0;
  bool stands_out = false;
};
template <typename Candidate>
LongestIdle longest_idle(const std::vector<uint32_t>& idle, double times, const Candidate& candidate) {
  LongestIdle out;
  uint32_t longest = 0;
  uint32_t next = 0;
  for (size_t phase = 0; phase < idle.size(); ++phase) {
    if (!candidate(phase)) {
      continue;
    }
    if (idle[phase] > longest) {
      next = longest;
      longest = idle[phase];
      out.phase = phase;
    } else {
      next = std::max(next, idle[phase]);
    }
  }
  out.stands_out = longest >= kIdleOfNote && longest >= times * next;
  return out;
}

// The phase behind what comes once a step: the optimizer, when its kernels are known, or what shorter periods leave over.
std::optional<size_t> behind_the_update(MotifSpan items, const Trial& trial,
                                        const std::optional<Trial>& inner) {
  const MotifSpan motif = trial.motif;
  if (std::any_of(motif.begin(), motif.end(), [](const MotifItem& item) { return item.update != 0; })) {
    return after_update(motif);
  }
  if (inner.has_value()) {
    const auto origin = static_cast<size_t>(motif.data() - items.data());
    for (const MotifPart& part : inner->tiling.parts) {
      if (part.end > origin && (!part.step || part.end - part.begin > inner->period())) {
        return (part.end - origin) % motif.size();
      }
    }
  }
  return std::nullopt;
}

// Where in the motif a step begins.
size_t first_phase(MotifSpan items, const Trial& trial, const std::optional<Trial>& inner) {
  const MotifSpan motif = trial.motif;
  const size_t period = motif.size();
  const std::optional<size_t> origin = behind_the_update(items, trial, inner);
  std::optional<size_t> first_copy;
  for (size_t i = 0; i < period && !first_copy.has_value(); ++i) {
    const size_t phase = (origin.value_or(0) + i) % period;
    if (motif[phase].copied_in != 0) {
      first_copy = phase;
    }
  }
  if (origin.has_value() && first_copy.has_value()) {
    return *first_copy;
  }
  const LongestIdle idle = longest_idle(usual_idle(items, trial), kStandsOut, [&](size_t phase) {
    return !first_copy.has_value() || motif[phase].copied_in != 0;
  });
  return idle.stands_out ? idle.phase : first_copy.value_or(origin.value_or(0));
}

MotifEvidence evidence_of(MotifSpan items, const Trial& trial) {
  if (trial.updates >= kNearlyAll) {
    return MotifEvidence::kUpdate;
  }
  if (trial.has_updates()) {
    return MotifEvidence::kNone;
  }
  if (trial.copied_in >= kNearlyAll || trial.copied_out >= kNearlyAll) {
    return MotifEvidence::kCopy;
  }
  const LongestIdle idle = longest_idle(usual_idle(items, trial), kTowers, [](size_t) { return true; });
  return idle.stands_out ? MotifEvidence::kIdle : MotifEvidence::kNone;
}

bool qualifies(const Trial& trial, const MotifOptions& options) {
  return trial.tiling.tiles > 0 && trial.tiling.ratio() >= options.min_ratio &&
         trial.coverage >= options.min_coverage && trial.periods() >= options.min_periods;
}

std::optional<Trial> try_lag(MotifSpan items, size_t lag, const MotifOptions& options) {
  const MotifPlace place = best_place(items, lag);
  if (static_cast<double>(place.matched) < options.min_ratio * static_cast<double>(lag)) {
    return std::nullopt;
  }
  const MotifSpan motif = items.subspan(place.begin, lag);
  if (one_symbol(motif)) {
    return std::nullopt;
  }
  Trial trial = try_motif(items, motif, options);
  return qualifies(trial, options) ? std::optional(std::move(trial)) : std::nullopt;
}

// True when `longer` is the step and `shorter` a part of it.
bool explains_more(const Trial& longer, const Trial& shorter, const MotifOptions& options) {
  if (shorter.updates >= kNearlyAll) {
    return false;
  }
  if (longer.updates >= kNearlyAll) {
    return true;
  }
  if (!shorter.has_updates() && shorter.copied_in >= kNearlyAll && shorter.copied_between) {
    return false;
  }
  return longer.explained() > shorter.explained() + options.min_gain;
}

// The trial again over `items`, with a motif that begins where a step does; as it was when that is not as good, because what
// steps begin with differs from step to step.
Trial turned(MotifSpan items, MotifSpan searched, const Trial& trial, const std::optional<Trial>& inner,
             const MotifOptions& options) {
  const auto begin = static_cast<size_t>(trial.motif.data() - items.data());
  const size_t phase = first_phase(searched, trial, inner);
  Trial out = try_motif(items, items.subspan(begin + phase, trial.period()), options);
  return qualifies(out, options) ? out : try_motif(items, trial.motif, options);
}

// How many of the shorter periods lie in each step.
void count_sub_periods(const Tiling& shorter, std::vector<MotifPart>* parts) {
  auto at = parts->begin();
  for (const MotifPart& sub : shorter.parts) {
    const size_t middle = sub.begin + (sub.end - sub.begin) / 2;
    while (at != parts->end() && at->end <= middle) {
      ++at;
    }
    if (at != parts->end() && sub.step && middle >= at->begin) {
      ++at->sub_periods;
    }
  }
}

}  // namespace

Motif find_motif(MotifSpan items, const MotifOptions& options) {
  Motif out;
  if (items.size() < 6) {
    out.verdict = MotifVerdict::kTooFewItems;
    return out;
  }
  if (one_symbol(items)) {
    out.verdict = MotifVerdict::kOneSymbol;
    return out;
  }
  const MotifSpan searched = items.subspan(0, std::min(items.size(), kMotifSearch));
  // A fiftieth: a period that is cut short at either end is one still.
  const double longest = static_cast<double>(searched.size()) / (options.min_periods - 0.02);
  std::optional<Trial> best;
  std::optional<Trial> inner;
  for (const size_t lag : candidate_lags(searched, static_cast<size_t>(longest))) {
    std::optional<Trial> trial = try_lag(searched, lag, options);
    if (!trial.has_value()) {
      continue;
    }
    if (!best.has_value()) {
      best = std::move(trial);
    } else if (explains_more(*trial, *best, options)) {
      inner = std::move(best);
      best = std::move(trial);
    }
  }
  if (!best.has_value()) {
    return out;
  }
  if (inner.has_value()) {
    inner = turned(searched, searched, *inner, std::nullopt, options);
  }
  const Trial found = turned(items, searched, *best, inner, options);
  if (!qualifies(found, options)) {
    return out;
  }
  out.period = found.period();
  out.ratio = found.tiling.ratio();
  out.coverage = found.coverage;
  out.periods = found.periods();
  out.evidence = evidence_of(items, found);
  if (out.evidence == MotifEvidence::kNone) {
    out.verdict = MotifVerdict::kUnmarked;
    return out;
  }
  out.verdict = MotifVerdict::kFound;
  out.parts = found.tiling.parts;
  if (inner.has_value() && inner->copied_in >= kNearlyAll) {
    out.sub_period = inner->period();
    count_sub_periods(tile(items, inner->motif, options.min_ratio - kOnePeriodLess), &out.parts);
  }
  return out;
}

}  // namespace stepscope::analysis
