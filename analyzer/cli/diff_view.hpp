// SPDX-License-Identifier: Apache-2.0
//
// A diff as text, the cause first, as JSON (stepscope.diff/1), and as a page.
#pragma once

#include <optional>
#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/cli/chain_view.hpp"
#include "analyzer/cli/kernel_diff_view.hpp"
#include "analyzer/cli/terminal.hpp"
#include "analyzer/diff.hpp"
#include "analyzer/findings.hpp"
#include "analyzer/replay/what_if.hpp"

namespace stepscope::analysis::cli {

struct DiffReport {
  const Diff& diff;
  std::span<const Finding> findings;
  std::span<const Run* const> candidates;  // what the findings point into
  bool all_terms = false;                  // the text lists small terms too
  const WhatIf* what_if = nullptr;         // when asked for
  const KernelDiff& kernels;
  std::optional<ByRows> by;               // --by
  const DiffChains* chains = nullptr;     // for JSON
  std::string base_path, candidate_path;  // to look at in the window; empty: the text does not say how
};

[[nodiscard]] std::string diff_text(const DiffReport& report, const Terminal& terminal);
// Its first lines: by how much, mainly because of what, and how the amount of work changed.
[[nodiscard]] std::string diff_headline(const DiffReport& report, const Terminal& terminal);
// A page (html_page.hpp). The spans are those the report was made of; the first run of each side is drawn.
[[nodiscard]] std::string diff_html(const DiffReport& report, std::span<const AnalyzedRun> base,
                                    std::span<const AnalyzedRun> candidate);
[[nodiscard]] nlohmann::ordered_json diff_json(const DiffReport& report);

// Only why the sides must not be compared: no numbers.
[[nodiscard]] nlohmann::ordered_json refusal_json(const Diff& diff);
// "batch size 64 -> 32, world size 8 -> 4"
[[nodiscard]] std::string blocking_differences(const Comparability& comparability);

}  // namespace stepscope::analysis::cli
