// SPDX-License-Identifier: Apache-2.0
//
// One side of a comparison of recordings: runs with all that the analyses computed from them.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "analyzer/compare.hpp"
#include "analyzer/evidence.hpp"
#include "analyzer/ledger.hpp"
#include "analyzer/rank_ledger.hpp"
#include "analyzer/run.hpp"

namespace stepscope::analysis::cli {

// Owns the runs; a deque, because AnalyzedRun points into it. Not copied or moved for the same reason.
struct RunSide {
  struct Entry {
    Run run;
    Ledger ledger;
    Evidence evidence;
    RankLedger ranks;
  };
  std::deque<Entry> entries;
  std::vector<AnalyzedRun> analyzed;
  std::vector<const Run*> runs;

  RunSide() = default;
  RunSide(const RunSide&) = delete;
  RunSide& operator=(const RunSide&) = delete;
  ~RunSide() = default;

  // Opens (with progress on a terminal) and analyses one more run. Errors: those of the analyses.
  Status add(const std::string& path);
};

}  // namespace stepscope::analysis::cli
