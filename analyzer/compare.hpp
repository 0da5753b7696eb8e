// SPDX-License-Identifier: Apache-2.0
//
// check_comparability: what differs between two sides of a comparison, by name, before any number is
// compared.
//
// Blocking (a step is not the same amount of work): world size, number of training processes, which ranks of the job have a
// recording with steps (means over other ranks would look like time saved), batch size (a note where both sides know how much work a step
// is: work_change.hpp), batches or backwards per step, the way steps were found, GPU activity recorded on one side only (a step is then made of
// other leaves), no train steps on one side, a run of which a training process lost 1 % of its events or more, or nobody knows how
// many (what is missing would look like time saved). Notes (numbers stand, the reader should know): GPU model, CUPTI and NCCL version,
// host CPU model and number, kernel, Python, framework and package versions, num_workers and other loader settings,
// affinity, CPU quota, command line, git commit, the hash of the rest of the environment, file systems, a recording with less data
// loss, a spool that cannot be read. A different model is no difference here: comparing models is what a diff may be for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/evidence.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/rank_ledger.hpp"
#include "analyzer/run.hpp"

namespace stepscope::analysis {

enum class Verdict : uint8_t { kComparable, kComparableWithNotes, kNotComparable };
[[nodiscard]] std::string_view verdict_name(
    Verdict verdict);  // "comparable", "comparable with notes", "not comparable"

struct Difference {
  std::string key;  // "batch size", "package torch", ...
  std::string base;
  std::string candidate;
  bool blocking = false;
};

struct Comparability {
  Verdict verdict = Verdict::kComparable;
  std::vector<Difference> differences;  // blocking ones first, then by key
};

// One run with what was computed from it. Pointers are borrowed.
struct AnalyzedRun {
  const Run* run = nullptr;
  const Ledger* ledger = nullptr;
  const Evidence* evidence = nullptr;
  const RankLedger* ranks = nullptr;  // null: how the ranks hold each other up is not asked
};

// Both sides need at least one run. Within a side the first run speaks for all; a run that differs from it in
// a blocking fact is itself a blocking difference.
[[nodiscard]] Comparability check_comparability(std::span<const AnalyzedRun> base,
                                                std::span<const AnalyzedRun> candidate);

}  // namespace stepscope::analysis
