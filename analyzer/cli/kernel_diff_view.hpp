// SPDX-License-Identifier: Apache-2.0
//
// Which kernels of one run stand for which of the other, and a diff by something else than leaves: parts of the text of
// stepscope diff and of its JSON.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analyzer/cli/terminal.hpp"
#include "analyzer/diff_by.hpp"
#include "analyzer/diff_kernels.hpp"

namespace stepscope::analysis::cli {

// What --by asked for.
struct ByRows {
  DiffBy by = DiffBy::kFamily;
  std::vector<DiffRow> rows;
};

// The groups behind the terms that stand out; "" when no kernel term does. `all`: every group, however small.
[[nodiscard]] std::string kernels_text(const Diff& diff, const KernelDiff& kernels, bool all,
                                       const Terminal& terminal);
[[nodiscard]] std::string by_text(const Diff& diff, const ByRows& by, bool all, const Terminal& terminal);

[[nodiscard]] nlohmann::ordered_json kernels_json(const KernelDiff& kernels);
[[nodiscard]] nlohmann::ordered_json by_json(const ByRows& by);

}  // namespace stepscope::analysis::cli
