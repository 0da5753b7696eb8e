// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/format.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace stepscope::viewer {
namespace {

struct Unit {
  double ns;
  const char* name;
};
constexpr std::array<Unit, 4> kUnits{{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}}};

// Three significant digits, no exponent.
std::string three_digits(double value) {
  const double size = std::abs(value);
  const int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace

std::string format_duration(double ns) {
  const double size = std::abs(ns);
  if (size >= 120e9) {
    const double seconds = std::round(size / 1e9);
    const double minutes = std::floor(seconds / 60);
    return fmt::format("{}{:.0f} min {:02.0f} s", ns < 0 ? "-" : "", minutes, seconds - minutes * 60);
  }
  for (const Unit& unit : kUnits) {
    if (size >= unit.ns * 0.9995 && unit.ns > 1) {
      return three_digits(ns / unit.ns) + " " + unit.name;
    }
  }
  return fmt::format("{:.0f} ns", ns);
}

std::string format_ms(double ns) {
  const double ms = ns / 1e6;
  return std::abs(ms) < 0.995 && ms != 0 ? fmt::format("{:.2f}", ms) : fmt::format("{:.1f}", ms);
}

std::string format_delta_ms(double ns) {
  const double ms = ns / 1e6;
  const int decimals = std::abs(ms) < 0.995 ? 2 : 1;
  if (std::abs(ms) < 0.005) {
    return "= 0.00";
  }
  return fmt::format("{} {:+.{}f}", ms > 0 ? "▲" : "▼", ms, decimals);
}

std::string format_percent(double fraction) {
  const double percent = fraction * 100;
  return std::abs(percent) < 9.95 ? fmt::format("{:.1f} %", percent) : fmt::format("{:.0f} %", percent);
}

std::string format_signed_percent(double fraction) {
  const double percent = fraction * 100;
  return std::abs(percent) < 9.95 ? fmt::format("{:+.1f} %", percent) : fmt::format("{:+.0f} %", percent);
}

std::string format_ruler(double ns, double step_ns) {
  for (const Unit& unit : kUnits) {
    // The unit in which a tick is at least one hundredth keeps labels short: "12.34 s", not "12340 ms".
    if (std::abs(ns) >= unit.ns || (unit.ns == 1) || step_ns >= unit.ns) {
      const double ratio = step_ns / unit.ns;
      const int decimals =
          ratio >= 1 ? 0 : std::min(9, static_cast<int>(std::ceil(-std::log10(ratio) - 1e-9)));
      if (decimals <= 4 || unit.ns == 1) {
        return fmt::format("{:.{}f} {}", ns / unit.ns + 0.0, decimals, unit.name);
      }
    }
  }
  return fmt::format("{:.0f} ns", ns);
}

std::string format_count(uint64_t count) {
  std::string digits = fmt::format("{}", count);
  for (size_t at = digits.size(); at > 3; at -= 3) {
    digits.insert(at - 3, 1, ' ');
  }
  return digits;
}

std::string format_bytes(double bytes) {
  constexpr std::array<const char*, 5> kNames{"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (std::abs(bytes) >= 1024 && unit + 1 < kNames.size()) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : three_digits(bytes) + " " + kNames.at(unit);
}

std::string ordinal(size_t number) {
  const char* ending = number % 100 / 10 == 1 ? "th"
                       : number % 10 == 1     ? "st"
                       : number % 10 == 2     ? "nd"
                       : number % 10 == 3     ? "rd"
                                              : "th";
  return std::to_string(number) + ending;
}

bool parse_place(std::string_view text, PlaceText& place) {
  const size_t digits = std::min(text.find_first_not_of("0123456789.-"), text.size());
  const std::string_view number = text.substr(0, digits);
  const std::string_view unit = text.substr(digits);
  double value = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (number.empty() || parsed.ec != std::errc() || parsed.ptr != number.data() + number.size()) {
    return false;
  }
  if (unit.empty()) {
    place = {.is_step = true, .step = static_cast<int64_t>(value), .time_ns = 0};
    return value == std::floor(value) && std::abs(value) < 1e15;
  }
  for (const Unit& known : kUnits) {
    if (unit == known.name || (unit == "us" && known.ns == 1e3)) {
      place = {.is_step = false, .step = 0, .time_ns = value * known.ns};
      return true;
    }
  }
  return false;
}

}  // namespace stepscope::viewer
