// SPDX-License-Identifier: Apache-2.0
#include "analyzer/work_words.hpp"

#include <cmath>

#include <fmt/format.h>

namespace stepscope::analysis {
namespace {

std::string signed_percent(double ratio) {
  return fmt::format("{:+.1f} %", 100 * (ratio - 1));
}

// Whole where it nearly is.
std::string amount_text(double amount) {
  constexpr double kNearly = 0.05;
  return std::abs(amount - std::round(amount)) < kNearly ? fmt::format("{:.0f}", amount)
                                                         : fmt::format("{:.1f}", amount);
}

}  // namespace

std::string work_cause(const WorkChange& change) {
  constexpr double kSame = 0.005;
  const bool more = change.ratio() > 1;
  const auto moved = [more](double ratio) { return more ? ratio > 1 + kSame : ratio < 1 - kSame; };
  const bool lengths = moved(change.length_ratio);
  const bool batches = moved(change.samples_ratio);
  if (lengths && batches) {
    return more ? "longer sequences and larger batches" : "shorter sequences and smaller batches";
  }
  if (lengths || batches) {
    return more ? (lengths ? "longer sequences" : "larger batches")
                : (lengths ? "shorter sequences" : "smaller batches");
  }
  return fmt::format("{} {}", more ? "more" : "fewer", work_unit_name(change.unit));
}

std::string work_verdict(const Diff& diff) {
  return !diff.work.explains_step ? ""
                                  : fmt::format("{}, not a {}", work_cause(diff.work.change),
                                                diff.delta_ns > 0 ? "slowdown" : "speedup");
}

std::string work_amounts(const Diff& diff) {
  const WorkPart& work = diff.work;
  if (!work.change.differs()) {
    return "";
  }
  const bool tokens = work.change.unit == WorkUnit::kTokens;
  const double shown = tokens ? 1000 : 1;  // so many in a time that is read with pleasure
  const auto ms = [shown](double ns_per_unit) { return fmt::format("{:.3f}", shown * ns_per_unit / 1e6); };
  return fmt::format(
      "{} -> {} {} per step ({}), {} -> {} ms per {} ({})", amount_text(work.change.base_per_step),
      amount_text(work.change.candidate_per_step), work_unit_name(work.change.unit),
      signed_percent(work.change.ratio()), ms(work.base_ns_per_unit), ms(work.candidate_ns_per_unit),
      tokens ? "1000 tokens" : "sample", signed_percent(work.candidate_ns_per_unit / work.base_ns_per_unit));
}

}  // namespace stepscope::analysis
