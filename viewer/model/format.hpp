// SPDX-License-Identifier: Apache-2.0
//
// Numbers for people: durations with one unit and sensible precision, signed differences, counts, byte sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stepscope::viewer {

// "12.3 ms", "456 µs", "1.20 s", "87 ns".
[[nodiscard]] std::string format_duration(double ns);
// Always in ms with one decimal, two below 1 ms: columns of a table line up ("20.4", "0.35").
[[nodiscard]] std::string format_ms(double ns);
// "▲ +21.3", "▼ -0.4", "= 0.0" in ms: shape, sign and number, never colour alone.
[[nodiscard]] std::string format_delta_ms(double ns);
[[nodiscard]] std::string format_percent(double fraction);
[[nodiscard]] std::string format_signed_percent(double fraction);
// Time since the start of the run at the precision of a ruler with `step_ns` between ticks.
[[nodiscard]] std::string format_ruler(double ns, double step_ns);
[[nodiscard]] std::string format_count(uint64_t count);
[[nodiscard]] std::string format_bytes(double bytes);
// "1st", "2nd", "3rd", "11th".
[[nodiscard]] std::string ordinal(size_t number);

// Parses "412" (a step), "12.5s", "350ms", "20us", "7ns" (a time since the start). False when it is neither.
struct PlaceText {
  bool is_step = false;
  int64_t step = 0;
  double time_ns = 0;
};
[[nodiscard]] bool parse_place(std::string_view text, PlaceText& place);

}  // namespace stepscope::viewer
