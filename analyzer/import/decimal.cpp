// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/decimal.hpp"

#include <charconv>
#include <cmath>
#include <system_error>

namespace stepscope::analysis::importing {
namespace {

constexpr int64_t kLargestTime = (int64_t{1} << 62U) - 1;  // so that differences fit

bool is_decimal_digit(char c) {
  return c >= '0' && c <= '9';
}

// With an exponent, which no profiler writes for a time it wants to be exact.
std::optional<int64_t> parse_scientific(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const double ns = value * 1000;
  if (error != std::errc() || end != text.data() + text.size() ||
      !(std::abs(ns) < static_cast<double>(kLargestTime))) {
    return std::nullopt;
  }
  return std::llround(ns);
}

}  // namespace

std::optional<int64_t> parse_microseconds(std::string_view text) {
  size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  at += negative ? 1U : 0U;
  const size_t first = at;
  int64_t value = 0;
  for (; at < text.size() && is_decimal_digit(text[at]); ++at) {
    if (value > kLargestTime / 10000) {
      return std::nullopt;
    }
    value = value * 10 + (text[at] - '0');
  }
  if (at == first) {
    return std::nullopt;
  }
  value *= 1000;
  if (at < text.size() && text[at] == '.') {
    ++at;
    int64_t scale = 100;
    for (; at < text.size() && is_decimal_digit(text[at]); ++at) {
      if (scale > 0) {
        value += scale * (text[at] - '0');
      } else if (scale == 0) {
        value += text[at] >= '5' ? 1 : 0;
      }
      scale = scale > 0 ? scale / 10 : -1;
    }
  }
  if (at < text.size()) {
    return text[at] == 'e' || text[at] == 'E' ? parse_scientific(text) : std::nullopt;
  }
  return value > kLargestTime ? std::nullopt : std::optional(negative ? -value : value);
}

std::optional<int64_t> parse_integer(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) {
    uint64_t bits = 0;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), bits, 16);
    return error == std::errc() && end == text.data() + text.size()
               ? std::optional(static_cast<int64_t>(bits))
               : std::nullopt;
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {  // hashes and addresses use all 64 bits
    uint64_t bits = 0;
    const auto [last, problem] = std::from_chars(text.data(), text.data() + text.size(), bits);
    return problem == std::errc() && last == text.data() + text.size()
               ? std::optional(static_cast<int64_t>(bits))
               : std::nullopt;
  }
  if (error != std::errc()) {
    return std::nullopt;
  }
  const std::string_view rest(end, static_cast<size_t>(text.data() + text.size() - end));
  const bool whole =
      rest.empty() || (rest[0] == '.' && rest.find_first_not_of('0', 1) == std::string_view::npos);
  return whole ? std::optional(value) : std::nullopt;
}

}  // namespace stepscope::analysis::importing
