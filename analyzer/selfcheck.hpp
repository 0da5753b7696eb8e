// SPDX-License-Identifier: Apache-2.0
//
// selfcheck: does this run hold together? Sum identities of the ledger, clocks, losses, joins, files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/ledger.hpp"
#include "analyzer/run.hpp"

namespace stepscope::analysis {

enum class CheckState : uint8_t { kPass, kNote, kFail };
[[nodiscard]] std::string_view check_state_name(CheckState state);  // "pass", "note", "fail"

struct Check {
  std::string
      name;  // "ledger.sum", "chain.sum", "ranks.sum", "clock.monotonic", "steps.order", "loss", "batches.joined", "file", ...
  CheckState state = CheckState::kPass;
  std::string detail;  // one sentence with the numbers
};

struct SelfcheckOptions {
  bool files = true;  // verify every file and decode every segment (slow on large runs)
  LedgerOptions ledger;
};

// Always in the same order. An error only when the run cannot be analysed at all.
[[nodiscard]] Result<std::vector<Check>> selfcheck(const Run& run, const SelfcheckOptions& options);

// True when no check failed.
[[nodiscard]] bool passed(const std::vector<Check>& checks);

}  // namespace stepscope::analysis
