// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/text.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace stepscope::analysis::exporting {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the valid UTF-8 sequence at text[at]; 0: there is none. Shortest forms only, no surrogates, at most U+10FFFF.
size_t utf8_length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80U) {
    return 1;
  }
  if (first < 0xC2U || first > 0xF4U || !follows(1)) {
    return 0;
  }
  if (first < 0xE0U) {
    return 2;
  }
  if (!follows(2)) {
    return 0;
  }
  if (first < 0xF0U) {
    const bool overlong = first == 0xE0U && byte(1) < 0xA0U;
    const bool surrogate = first == 0xEDU && byte(1) >= 0xA0U;
    return overlong || surrogate ? 0 : 3;
  }
  const bool overlong = first == 0xF0U && byte(1) < 0x90U;
  const bool beyond = first == 0xF4U && byte(1) >= 0x90U;
  return !follows(3) || overlong || beyond ? 0 : 4;
}

// What stands for an ASCII character inside a JSON text.
void append_escaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) >= 0x20U) {
    out += c;
    return;
  }
  out += "\\u00";
  out += kHex[static_cast<unsigned char>(c) >> 4U];
  out += kHex[static_cast<unsigned char>(c) & 0xFU];
}

template <typename Ascii>
void append_text(std::string& out, std::string_view text, const Ascii& ascii) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text, at);
    if (length == 1) {
      ascii(text[at]);
    } else if (length == 0) {
      out += kReplacement;
    } else {
      out.append(text, at, length);
    }
    at += length == 0 ? 1 : length;
  }
}

}  // namespace

void append_utf8(std::string& out, std::string_view text) {
  append_text(out, text, [&out](char c) { out += c; });
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  append_text(out, text, [&out](char c) { append_escaped(out, c); });
  out += '"';
}

void append_integer(std::string& out, int64_t value) {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  static_cast<void>(error);  // 20 digits always fit
  out.append(digits.data(), end);
}

void append_unsigned(std::string& out, uint64_t value) {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  static_cast<void>(error);
  out.append(digits.data(), end);
}

void append_real(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "nan";
    return;
  }
  std::array<char, 40> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  static_cast<void>(error);  // the shortest form has at most 24 characters
  out.append(digits.data(), end);
}

void append_microseconds(std::string& out, int64_t ns) {
  const uint64_t magnitude = ns < 0 ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
  if (ns < 0) {
    out += '-';
  }
  append_unsigned(out, magnitude / 1000);
  const uint64_t rest = magnitude % 1000;
  const char decimals[] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                           static_cast<char>('0' + rest % 10)};
  out.append(decimals, sizeof decimals);
}

}  // namespace stepscope::analysis::exporting
