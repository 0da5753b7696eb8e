// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace stepscope::analysis::cli {
namespace {

constexpr std::string_view kReset = "\x1b[0m";

std::string_view escape_of(Style style) {
  // Red and green are told apart by sign and bold too, for people who cannot tell them by colour.
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "\x1b[1m";
    case Style::kDim:
      return "\x1b[2m";
    case Style::kGood:
      return "\x1b[36m";
    case Style::kWarn:
      return "\x1b[33m";
    case Style::kBad:
      return "\x1b[1;31m";
  }
  return "";
}

// Length of the well-formed UTF-8 sequence at the front of `text`, 0 when there is none.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) {
    return 1;
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) {
    return 0;
  }
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      return 0;
    }
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool outside = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return overlong || outside ? 0 : length;
}

bool is_control(std::string_view sequence) {
  const auto lead = static_cast<uint8_t>(sequence[0]);
  if (sequence.size() == 1) {
    return lead < 0x20 || lead == 0x7F;
  }
  return sequence.size() == 2 && lead == 0xC2 && static_cast<uint8_t>(sequence[1]) < 0xA0;  // C1 controls
}

}  // namespace

Terminal inspect_terminal(int fd) {
  Terminal terminal;
  if (isatty(fd) == 0) {
    return terminal;
  }
  terminal.is_terminal = true;
  const char* no_color = getenv("NO_COLOR");
  const char* term = getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  terminal.color = !dumb && (no_color == nullptr || *no_color == '\0');
  winsize size{};
  terminal.width = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  return terminal;
}

std::string styled(std::string_view text, Style style, const Terminal& terminal) {
  const std::string_view escape = escape_of(style);
  if (!terminal.color || escape.empty()) {
    return std::string(text);
  }
  std::string result(escape);
  result.append(text).append(kReset);
  return result;
}

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (length == 0 || is_control(text.substr(0, length))) {
      result.push_back('?');
      text.remove_prefix(length == 0 ? 1 : length);
      continue;
    }
    result.append(text.substr(0, length));
    text.remove_prefix(length);
  }
  return result;
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  for (const char c : text) {
    width += (static_cast<uint8_t>(c) & 0xC0) != 0x80 ? 1 : 0;
  }
  return width;
}

std::string shortened(std::string_view text, size_t width) {
  if (display_width(text) <= width) {
    return std::string(text);
  }
  if (width == 0) {
    return "";
  }
  size_t end = 0;
  for (size_t columns = 0; columns + 1 < width && end < text.size(); ++columns) {
    const size_t length = sequence_length(text.substr(end));
    end += length == 0 ? 1 : length;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string wrapped(std::string_view text, size_t width, size_t indent) {
  std::string out;
  size_t column = indent;
  while (!text.empty()) {
    const size_t blank = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, blank);
    const size_t length = display_width(word);
    if (column > indent && column + 1 + length > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += " ";
      ++column;
    }
    out += word;
    column += length;
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return out;
}

}  // namespace stepscope::analysis::cli
