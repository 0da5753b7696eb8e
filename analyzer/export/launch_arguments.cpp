// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/launch_arguments.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>

#include "analyzer/export/text.hpp"

namespace stepscope::analysis::exporting {
namespace {

// The next word, without the blank behind it.
std::string_view take_word(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 1));
  return word;
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

void append_member(std::string& out, std::string_view key) {
  out += out.empty() ? "\"" : ", \"";
  out += key;
  out += "\": ";
}

// "128x1x1" as [128, 1, 1].
void append_dimensions(std::string& out, std::string_view key, std::string_view text) {
  std::string list;
  while (!text.empty()) {
    const size_t end = std::min(text.find('x'), text.size());
    const std::optional<int64_t> number = whole_number(text.substr(0, end));
    if (!number.has_value()) {
      return;
    }
    list += list.empty() ? "[" : ", ";
    append_integer(list, *number);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  append_member(out, key);
  out += list;
  out += ']';
}

void append_number(std::string& out, std::string_view key, int64_t number) {
  append_member(out, key);
  append_integer(out, number);
}

// "4096", or "0+4096": static and dynamic.
void append_shared_memory(std::string& out, std::string_view text) {
  const size_t plus = text.find('+');
  if (plus == std::string_view::npos) {
    if (const std::optional<int64_t> bytes = whole_number(text)) {
      append_number(out, "shared memory", *bytes);
    }
    return;
  }
  const std::optional<int64_t> fixed = whole_number(text.substr(0, plus));
  const std::optional<int64_t> dynamic = whole_number(text.substr(plus + 1));
  if (fixed.has_value() && dynamic.has_value()) {
    append_number(out, "shared memory", *fixed + *dynamic);
    append_number(out, "static shared memory", *fixed);
    append_number(out, "dynamic shared memory", *dynamic);
  }
}

}  // namespace

std::string launch_arguments(std::string_view signature) {
  std::string out;
  while (!signature.empty()) {
    const std::string_view what = take_word(signature);
    const std::string_view value = take_word(signature);
    if (what == "grid" || what == "block") {
      append_dimensions(out, what, value);
    } else if (what == "regs") {
      if (const std::optional<int64_t> registers = whole_number(value)) {
        append_number(out, "registers per thread", *registers);
      }
    } else if (what == "smem") {
      append_shared_memory(out, value);
    }
  }
  return out;
}

}  // namespace stepscope::analysis::exporting
