// SPDX-License-Identifier: Apache-2.0
//
// WorkChange: how the amount of work per step differs between the sides of a diff, and what of the terms it explains: longer sequences
// are not a slowdown.
//
//   WorkChange change = compare_work(base, candidate);
//   if (change.differs()) { ... explained_by_work(change, names, base_ns, delta_ns) ... }
//
// Amounts are compared in tokens where all runs know them, else in samples, and only when all know them the same way: by what the
// program said, or by what its loader delivered. With r = candidate / base:
//   * a term that can grow with the work is explained as far as it moved towards r times its base, and no further. One that stayed (fixed
//     costs) is not called faster, one beyond is slower per unit;
//   * computing and copying go by the unit; what a dataset does goes by samples; attention and softmax up to r times the ratio of
//     tokens per sample, since they grow with the square of the length; optimizers, communication, launches, pauses by nothing;
//   * waits that computing covers (launches, exposed communication, data) and that gave way to explained growth, or came with it when the work
//     shrank, are the work's too, up to as much.
// Deterministic. Internal to the library but for WorkChange.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stepscope::analysis {

struct AnalyzedRun;
struct Work;

enum class WorkUnit : uint8_t { kNone, kSamples, kTokens };
[[nodiscard]] std::string_view work_unit_name(WorkUnit unit);  // "", "samples", "tokens"

struct WorkChange {
  WorkUnit unit =
      WorkUnit::kNone;  // what both sides count in; none: nothing is known or the sides count differently
  double base_per_step = -1;       // mean per train step of one rank, over the side's runs
  double candidate_per_step = -1;  //
  double samples_ratio = 1;        // candidate / base; 1 where samples are not known
  double length_ratio = 1;         // of tokens per sample; 1 unless both are known

  [[nodiscard]] bool known() const { return unit != WorkUnit::kNone; }
  [[nodiscard]] double ratio() const { return known() ? candidate_per_step / base_per_step : 1; }
  // By half a percent and more: less explains nothing that could be flagged.
  [[nodiscard]] bool differs() const;
};

[[nodiscard]] WorkChange compare_work(std::span<const AnalyzedRun> base,
                                      std::span<const AnalyzedRun> candidate);
// By the runs' amounts alone; neither side is empty.
[[nodiscard]] WorkChange compare_work(std::span<const Work> base, std::span<const Work> candidate);

// Per term, what of its change the work explains; `base` and `delta` per term, ns.
[[nodiscard]] std::vector<double> explained_by_work(const WorkChange& change,
                                                    const std::vector<std::string>& names,
                                                    const std::vector<double>& base,
                                                    const std::vector<double>& delta);

// What the work explains of the terms' sum, all that can grow with it taken together: for a test of the sum, which would take the
// noise of each single term for more than its share. `names` may be leaves.
[[nodiscard]] double explained_of_sum(const WorkChange& change, const std::vector<std::string>& names,
                                      const std::vector<double>& base, const std::vector<double>& delta);

}  // namespace stepscope::analysis
