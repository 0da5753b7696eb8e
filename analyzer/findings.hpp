// SPDX-License-Identifier: Apache-2.0
//
// Findings: leaves and terms plus evidence, as a sentence with a confidence and a pointer to a place to look
// at.
//
// A finding is made only when a term is flagged (diff) or a leaf is large (report) and there is evidence for
// the sentence; without evidence it abstains: no finding, the number in the table stands alone. Order:
// largest effect first.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analyzer/compare.hpp"
#include "analyzer/diff.hpp"
#include "analyzer/evidence.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/run.hpp"

namespace stepscope::analysis {

enum class Confidence : uint8_t { kLow, kMedium, kHigh };
[[nodiscard]] std::string_view confidence_name(Confidence confidence);  // "low", "medium", "high"

// Where to look: the step in which the leaf is largest, and the moment in it.
struct Pointer {
  uint32_t run = 0;  // index into the candidate runs (diff), 0 (report)
  uint32_t process = 0;
  uint32_t lane = kNoLane;
  int64_t step = -1;  // Step::index
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
};

// What speaks for a finding: a number or a name, on both sides.
struct Observation {
  using Value = std::variant<std::monostate, double, std::string>;  // monostate: there is none
  std::string name;  // a term or leaf, "kernels per step", "num_workers"
  std::string unit;  // "ns", "bytes", "bytes/s", "MHz"; empty for counts, shares and names
  Value base;        // none in a report of one run
  Value candidate;   // or the one run
};

struct Finding {
  std::string id;         // the term or leaf it explains, or "recording.*" for the quality of the data
  std::string text;       // one sentence for people
  std::string advice;     // what to do, one sentence; may be empty
  int64_t effect_ns = 0;  // per step
  Confidence confidence = Confidence::kLow;
  std::optional<Pointer> where;
  std::vector<Observation> evidence;
  std::vector<std::string> terms = {};  // the terms it accounts for, where its id names none
  int32_t rank = -1;                    // whose fault it is; -1: no single rank's
};

// Why one run spends its step as it does.
[[nodiscard]] std::vector<Finding> find_in_run(const AnalyzedRun& run);

// Why the candidate differs from the base. The spans are those given to diff_analyzed.
[[nodiscard]] std::vector<Finding> find_in_diff(const Diff& diff, std::span<const AnalyzedRun> base,
                                                std::span<const AnalyzedRun> candidate);

}  // namespace stepscope::analysis
