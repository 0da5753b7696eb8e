// SPDX-License-Identifier: Apache-2.0
//
// Numbers as people read them. Independent of the locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stepscope::analysis::cli {

// "182.34": milliseconds with two decimals. Doubles, since means of ns are not whole.
[[nodiscard]] std::string milliseconds(double ns);
// "+21.30", "-4.00", "0.00".
[[nodiscard]] std::string signed_milliseconds(double ns);
// "350 us", "182.3 ms", "12.4 s", "7 min 03 s", "2 h 05 min".
[[nodiscard]] std::string duration(double ns);
// "38.1 %"; "-" when the whole is 0.
[[nodiscard]] std::string percent(double part, double whole);
// "1 step", "3 steps".
[[nodiscard]] std::string counted(uint64_t count, std::string_view noun);
// "512 B", "1.5 MiB".
[[nodiscard]] std::string bytes(uint64_t size);
// The word as a POSIX shell would take it back: quoted when it has to be.
[[nodiscard]] std::string shell_word(std::string_view word);

}  // namespace stepscope::analysis::cli
