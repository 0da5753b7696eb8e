// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/format.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace stepscope::analysis::cli {
namespace {

constexpr double kMicrosecond = 1e3;
constexpr double kMillisecond = 1e6;
constexpr double kSecond = 1e9;

}  // namespace

std::string milliseconds(double ns) {
  const std::string text = fmt::format("{:.2f}", ns / kMillisecond);
  return text == "-0.00" ? "0.00" : text;
}

std::string signed_milliseconds(double ns) {
  const std::string text = milliseconds(ns);
  return text == "0.00" || text.front() == '-' ? text : "+" + text;
}

std::string duration(double ns) {
  if (std::abs(ns) < 0.9995 * kMillisecond) {
    return fmt::format("{:.0f} us", ns / kMicrosecond);
  }
  if (std::abs(ns) < 0.99995 * kSecond) {
    return fmt::format("{:.1f} ms", ns / kMillisecond);
  }
  if (std::abs(ns) < 59.95 * kSecond) {
    return fmt::format("{:.1f} s", ns / kSecond);
  }
  const auto seconds = static_cast<int64_t>(std::llround(ns / kSecond));
  if (seconds < 3600) {
    return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  }
  return fmt::format("{} h {:02} min", seconds / 3600, seconds % 3600 / 60);
}

std::string percent(double part, double whole) {
  if (whole == 0.0) {
    return "-";
  }
  const std::string text = fmt::format("{:.1f} %", 100.0 * part / whole);
  return text == "-0.0 %" ? "0.0 %" : text;
}

std::string counted(uint64_t count, std::string_view noun) {
  const bool sibilant = noun.ends_with("s") || noun.ends_with("x");
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : sibilant ? "es" : "s");
}

std::string bytes(uint64_t size) {
  if (size < 1024) {
    return fmt::format("{} B", size);
  }
  static constexpr std::array<const char*, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = static_cast<double>(size) / 1024.0;
  size_t unit = 0;
  while (value >= 1024.0 && unit + 1 < kUnits.size()) {
    value /= 1024.0;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits.at(unit));
}

std::string shell_word(std::string_view word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-+./:=@%,").find(c) != std::string_view::npos;
  });
  if (plain) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

}  // namespace stepscope::analysis::cli
