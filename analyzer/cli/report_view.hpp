// SPDX-License-Identifier: Apache-2.0
//
// The report of one run as text, as JSON (stepscope.report/1), and as a page.
#pragma once

#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/cli/chain_view.hpp"
#include "analyzer/cli/terminal.hpp"
#include "analyzer/findings.hpp"
#include "analyzer/gpu_activity.hpp"
#include "analyzer/rank_ledger.hpp"

namespace stepscope::analysis::cli {

struct Report {
  const Run& run;
  const Ledger& ledger;
  const Evidence& evidence;
  std::span<const Finding> findings;
  const GpuActivity& activity;  // empty for a run without GPU activity
  const RankLedger& ranks;
  const ChainReport* chain = nullptr;  // when asked for, and there is one
};

// Its first line: the run, and how long a train step takes.
[[nodiscard]] std::string report_headline(const Report& report);
[[nodiscard]] std::string report_html(const Report& report);  // a page (html_page.hpp)
[[nodiscard]] std::string report_text(const Report& report, const Terminal& terminal);
[[nodiscard]] nlohmann::ordered_json report_json(const Report& report);

}  // namespace stepscope::analysis::cli
