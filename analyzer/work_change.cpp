// SPDX-License-Identifier: Apache-2.0
#include "analyzer/work_change.hpp"

#include <algorithm>
#include <cmath>

#include "analyzer/compare.hpp"
#include "analyzer/diff.hpp"

namespace stepscope::analysis {
namespace {

enum class Scale : uint8_t { kFixed, kUnits, kSquare, kSamples };

struct ScaledTerm {
  std::string_view name;  // one that ends in "/" stands for a family
  Scale scale;
};
// The first that fits counts.
constexpr ScaledTerm kScaled[] = {
    {term::kFetch, Scale::kSamples},       {term::kStarved, Scale::kSamples},
    {term::kIo, Scale::kSamples},          {term::kBlocked, Scale::kSamples},
    {term::kCollate, Scale::kUnits},       {term::kTransfer, Scale::kUnits},
    {leaf::kPin, Scale::kUnits},           {"compute/optimizer", Scale::kFixed},
    {"compute/attention", Scale::kSquare}, {"compute/softmax", Scale::kSquare},
    {leaf::kComputePrefix, Scale::kUnits}, {leaf::kCopyPrefix, Scale::kUnits},
    {leaf::kHostPrefix, Scale::kUnits},    {leaf::kHostOther, Scale::kUnits},
};

Scale scale_of(std::string_view name) {
  constexpr std::string_view kFetchLeaves = "data.fetch.";
  if (name.starts_with(kFetchLeaves)) {
    return Scale::kSamples;
  }
  const auto* const found = std::find_if(std::begin(kScaled), std::end(kScaled), [name](const auto& one) {
    return one.name.ends_with('/') ? name.starts_with(one.name) : name == one.name;
  });
  return found == std::end(kScaled) ? Scale::kFixed : found->scale;
}

// Waits that what computes covers.
bool is_covered(std::string_view name) {
  constexpr std::string_view kData = "data.";
  return name == leaf::kIdleLaunch || name.starts_with(leaf::kCommPrefix) || name.starts_with(kData);
}

// The largest factor, or the least where the work shrank, by which the work can change a term.
double factor_of(const WorkChange& change, Scale scale) {
  const double ratio = change.ratio();
  switch (scale) {
    case Scale::kUnits:
      return ratio;
    case Scale::kSquare:
      return ratio * (ratio > 1 ? std::max(1.0, change.length_ratio) : std::min(1.0, change.length_ratio));
    case Scale::kSamples:
      return change.samples_ratio;
    case Scale::kFixed:
      break;
  }
  return 1;
}

// Waits that gave way to what the work explains: they take back up to as much.
void explain_covered(const std::vector<std::string>& names, const std::vector<double>& delta,
                     std::vector<double>* explained) {
  double total = 0;
  for (const double ns : *explained) {
    total += ns;
  }
  const auto gave_way = [&](size_t t) {
    return is_covered(names[t]) && (*explained)[t] == 0 && delta[t] * total < 0;
  };
  double shrunk = 0;
  for (size_t t = 0; t < names.size(); ++t) {
    shrunk += gave_way(t) ? std::abs(delta[t]) : 0;
  }
  const double share = shrunk > 0 ? std::min(1.0, std::abs(total) / shrunk) : 0;
  for (size_t t = 0; t < names.size(); ++t) {
    if (gave_way(t)) {
      (*explained)[t] = share * delta[t];
    }
  }
}

// Mean over the runs of a side; -1 where one does not know.
double side_mean(std::span<const Work> side, double Work::*amount) {
  double sum = 0;
  for (const Work& work : side) {
    if (work.*amount <= 0) {
      return -1;
    }
    sum += work.*amount;
  }
  return sum / static_cast<double>(side.size());
}

bool counted_alike(std::span<const Work> base, std::span<const Work> candidate) {
  const auto same = [said = base[0].said](const Work& work) { return work.said == said; };
  return std::all_of(base.begin(), base.end(), same) && std::all_of(candidate.begin(), candidate.end(), same);
}

std::vector<Work> amounts(std::span<const AnalyzedRun> side) {
  std::vector<Work> out;
  for (const AnalyzedRun& run : side) {
    out.push_back(run.evidence->work);
  }
  return out;
}

}  // namespace

std::string_view work_unit_name(WorkUnit unit) {
  return unit == WorkUnit::kTokens ? "tokens" : unit == WorkUnit::kSamples ? "samples" : "";
}

bool WorkChange::differs() const {
  constexpr double kSame = 0.005;
  return std::abs(ratio() - 1) >= kSame;
}

WorkChange compare_work(std::span<const AnalyzedRun> base, std::span<const AnalyzedRun> candidate) {
  return compare_work(std::span<const Work>(amounts(base)), std::span<const Work>(amounts(candidate)));
}

WorkChange compare_work(std::span<const Work> base, std::span<const Work> candidate) {
  WorkChange out;
  if (!counted_alike(base, candidate)) {
    return out;
  }
  const double samples[] = {side_mean(base, &Work::samples_per_step),
                            side_mean(candidate, &Work::samples_per_step)};
  const double tokens[] = {side_mean(base, &Work::tokens_per_step),
                           side_mean(candidate, &Work::tokens_per_step)};
  const bool know_samples = samples[0] > 0 && samples[1] > 0;
  const bool know_tokens = tokens[0] > 0 && tokens[1] > 0;
  if (know_samples) {
    out.samples_ratio = samples[1] / samples[0];
  }
  if (know_tokens || know_samples) {
    out.unit = know_tokens ? WorkUnit::kTokens : WorkUnit::kSamples;
    out.base_per_step = know_tokens ? tokens[0] : samples[0];
    out.candidate_per_step = know_tokens ? tokens[1] : samples[1];
  }
  if (know_tokens && know_samples) {
    out.length_ratio = out.ratio() / out.samples_ratio;
  }
  return out;
}

std::vector<double> explained_by_work(const WorkChange& change, const std::vector<std::string>& names,
                                      const std::vector<double>& base, const std::vector<double>& delta) {
  std::vector<double> out(names.size(), 0.0);
  for (size_t t = 0; t < names.size(); ++t) {
    const double all = base[t] * (factor_of(change, scale_of(names[t])) - 1);
    out[t] = std::clamp(delta[t], std::min(0.0, all), std::max(0.0, all));
  }
  explain_covered(names, delta, &out);
  return out;
}

double explained_of_sum(const WorkChange& change, const std::vector<std::string>& names,
                        const std::vector<double>& base, const std::vector<double>& delta) {
  double all = 0;
  double moved = 0;
  for (size_t t = 0; t < names.size(); ++t) {
    if (const double factor = factor_of(change, scale_of(names[t])); factor != 1) {
      all += base[t] * (factor - 1);
      moved += delta[t];
    }
  }
  const double explained = std::clamp(moved, std::min(0.0, all), std::max(0.0, all));
  double gave_way = 0;  // waits under it, which take back up to as much
  for (size_t t = 0; t < names.size(); ++t) {
    if (is_covered(names[t]) && factor_of(change, scale_of(names[t])) == 1 && delta[t] * explained < 0) {
      gave_way += std::abs(delta[t]);
    }
  }
  return explained - std::copysign(std::min(gave_way, std::abs(explained)), explained);
}

}  // namespace stepscope::analysis
