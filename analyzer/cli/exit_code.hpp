// SPDX-License-Identifier: Apache-2.0
//
// Exit codes of every stepscope command (docs/cli.md). 1 is a regression found by `gate`, or something found by
// `fleet --fail-on-finding`.
#pragma once

namespace stepscope::analysis::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitRegression = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInconclusive = 3;
inline constexpr int kExitNotComparable = 4;
inline constexpr int kExitUnreadable = 5;

}  // namespace stepscope::analysis::cli
