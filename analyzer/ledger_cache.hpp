// SPDX-License-Identifier: Apache-2.0
//
// The ledger of one process as the roll-up inside its recording. Internal to the library.
//
// Rows `step` and `step_ledger` carry steps and leaves; what has no column there (method, confidence, thread, micro
// steps, numbers) and a fingerprint of the inputs travel in the text of `method`. A roll-up whose fingerprint or
// sums do not match is ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/ledger.hpp"

namespace stepscope::analysis {

// A process ledger with its own list of leaves.
struct BuiltLedger {
  std::vector<std::string> leaves;
  ProcessLedger ledger;
};

// What the ledger of `process` was computed from, as a short text.
[[nodiscard]] std::string input_fingerprint(const Run& run, uint32_t process, const LedgerOptions& options);

[[nodiscard]] trace::Rollup to_rollup(const Run& run, const BuiltLedger& built,
                                      const std::string& fingerprint);
[[nodiscard]] std::optional<BuiltLedger> from_rollup(const Run& run, uint32_t process,
                                                     const trace::Rollup& rollup,
                                                     const std::string& fingerprint);

}  // namespace stepscope::analysis
