// SPDX-License-Identifier: Apache-2.0
//
// Numbers as traces write them: microseconds with decimals to whole nanoseconds, and integers that may be texts.
//
// Exact: a time never goes through a double as long as it is written with digits and a point; digits below a nanosecond
// are rounded half up. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace stepscope::analysis::importing {

// "1712195495519689.04" -> 1712195495519689040. nullopt: not a number (NaN, null, text), or beyond +-2^62 ns.
[[nodiscard]] std::optional<int64_t> parse_microseconds(std::string_view text);

// "42", "0x2a", "42.0", "stream 42" is none of them. nullopt: not an integer that fits.
[[nodiscard]] std::optional<int64_t> parse_integer(std::string_view text);

}  // namespace stepscope::analysis::importing
