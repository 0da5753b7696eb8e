// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view_link.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace stepscope::analysis {
namespace {

constexpr std::string_view kPlain = "-._/:+@";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kPlain.find(c) != std::string_view::npos;
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_plain(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
    }
  }
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    unsigned value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || parsed.ptr != digits.data() + 2) {
      return std::nullopt;
    }
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

}  // namespace

std::string link_text(std::span<const LinkPart> parts) {
  std::string out;
  for (const LinkPart& part : parts) {
    out += out.empty() ? "" : ",";
    append_escaped(out, part.key);
    out += '=';
    append_escaped(out, part.value);
  }
  return out;
}

std::vector<LinkPart> link_parts(std::string_view text) {
  std::vector<LinkPart> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      continue;
    }
    auto key = unescaped(part.substr(0, equals));
    auto value = unescaped(part.substr(equals + 1));
    if (key && value) {
      parts.push_back({std::move(*key), std::move(*value)});
    }
  }
  return parts;
}

}  // namespace stepscope::analysis
