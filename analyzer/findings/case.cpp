// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {

Case::Case(const Diff& diff, std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate)
    : diff_(&diff), base_(base), candidate_(candidate) {}

Case::Case(const AnalyzedRun& run) : candidate_(&run, 1) {
  size_t steps = 0;
  means_ = run.ledger->class_means(StepClass::kTrain, &step_ns_, &steps);
}

std::optional<Effect> Case::notable(std::string_view term, std::string_view leaf) const {
  if (!one_run()) {
    return changed(term);
  }
  const int64_t ns = leaf_ns(leaf);
  return large(ns) ? std::optional<Effect>({leaf, ns}) : std::nullopt;
}

std::optional<Effect> Case::changed(std::string_view term) const {
  if (one_run()) {
    return std::nullopt;
  }
  for (const Term& one : diff_->terms) {
    if (one.name == term && one.flagged) {
      return Effect{term, one.delta_ns};
    }
  }
  return std::nullopt;
}

std::optional<Effect> Case::grown(std::string_view term) const {
  const std::optional<Effect> effect = changed(term);
  return effect.has_value() && effect->ns > 0 ? effect : std::nullopt;
}

int64_t Case::leaf_ns(std::string_view leaf) const {
  const size_t index = run().ledger->leaf_index(leaf);
  return index < means_.size() ? means_[index] : 0;
}

bool Case::large(int64_t ns) const {
  constexpr double kLarge = 0.05;
  return ns > 0 && static_cast<double>(ns) >= kLarge * static_cast<double>(step_ns_);
}

std::string Case::amount(int64_t ns) const {
  return one_run() ? ms(static_cast<double>(ns)) + "/step"
                   : fmt::format("{:+.1f} ms/step", static_cast<double>(ns) / 1e6);
}

Observation Case::observed(std::string name, std::string unit, Observation::Value base,
                           Observation::Value candidate) const {
  return {std::move(name), std::move(unit), one_run() ? Observation::Value() : std::move(base),
          std::move(candidate)};
}

// The term or leaf that the finding is named after, and those of its leaves that stand out too.
std::vector<Observation> Case::terms_of(std::string_view id, std::span<const std::string_view> leaves) const {
  std::vector<Observation> out;
  if (one_run()) {
    for (const std::string_view name : leaves) {
      if (const int64_t ns = leaf_ns(name); name == id || large(ns)) {
        out.push_back(observed(std::string(name), "ns", {}, static_cast<double>(ns)));
      }
    }
    return out;
  }
  for (const Term& term : diff_->terms) {
    const bool listed = std::find(leaves.begin(), leaves.end(), term.name) != leaves.end();
    // The work has no time of its own on either side.
    if ((term.name == id && id != term::kWork) || (listed && term.flagged)) {
      out.push_back(observed(term.name, "ns", static_cast<double>(term.base_ns),
                             static_cast<double>(term.candidate_ns)));
    }
  }
  return out;
}

Finding Case::make(std::string id, int64_t effect_ns, Sentence sentence,
                   std::span<const std::string_view> leaves) const {
  Finding out;
  out.id = std::move(id);
  out.text = std::move(sentence.text);
  out.advice = std::move(sentence.advice);
  out.effect_ns = effect_ns;
  out.confidence = sentence.confidence;
  out.where = worst_step(run(), 0, leaves);
  out.evidence = terms_of(out.id, leaves);
  std::move(sentence.evidence.begin(), sentence.evidence.end(), std::back_inserter(out.evidence));
  return out;
}

Finding Case::explanation(const Effect& effect, Sentence sentence,
                          std::span<const std::string_view> leaves) const {
  if (!one_run() && !diff_->noise_known && sentence.confidence == Confidence::kHigh &&
      std::abs(effect.ns) < 2 * diff_->min_effect_ns) {
    sentence.confidence = Confidence::kMedium;
  }
  return make(std::string(effect.name), effect.ns, std::move(sentence),
              effect.ns < 0 ? std::span<const std::string_view>() : leaves);
}

}  // namespace stepscope::analysis::finding
