// SPDX-License-Identifier: Apache-2.0
//
// What a loss counter means: severity, a sentence and what to do, by the longest known prefix of its name.
//
// Severities: "info" (worth knowing, nothing is missing), "error" (a source failed; what it would have recorded is
// missing as a whole), "data_loss" (events that were seen are not in the file; a gate does not pass on such a run).
#pragma once

#include <span>
#include <string_view>

namespace stepscope::trace {

struct LossMeaning {
  std::string_view prefix;
  std::string_view severity;
  std::string_view sentence;
  std::string_view remedy =
      "";  // what to do about it, for `stepscope doctor`; rows of severity "info" need none
};

// Never fails: an unknown counter counts as data loss, since a newer collector may know a loss that we do not.
[[nodiscard]] const LossMeaning& loss_meaning(std::string_view counter);

// The whole table, for tests and documentation.
[[nodiscard]] std::span<const LossMeaning> loss_meanings();

}  // namespace stepscope::trace
