// SPDX-License-Identifier: Apache-2.0
#include "analyzer/fleet/host_list.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "analyzer/csv_cells.hpp"

namespace stepscope::analysis {
namespace {

// Cut at `separator` where no bracket is open; nullopt where brackets do not match.
std::optional<std::vector<std::string_view>> cut_outside_brackets(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  size_t begin = 0;
  bool open = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[' || text[i] == ']') {
      if (open == (text[i] == '[')) {
        return std::nullopt;
      }
      open = !open;
    } else if (text[i] == separator && !open) {
      out.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  out.push_back(text.substr(begin));
  return open ? std::nullopt : std::optional(out);
}

std::optional<uint64_t> host_number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// "01-03" as 01, 02, 03; "7" as 7. False where it is no range.
bool add_range(std::string_view range, std::vector<std::string>* numbers) {
  const size_t dash = range.find('-');
  const std::string_view from = range.substr(0, dash);
  const std::string_view to = dash == std::string_view::npos ? from : range.substr(dash + 1);
  const std::optional<uint64_t> first = host_number(from);
  const std::optional<uint64_t> last = host_number(to);
  if (!first.has_value() || !last.has_value() || *last < *first || *last - *first >= kMostHosts) {
    return false;
  }
  for (uint64_t number = *first; number <= *last; ++number) {
    numbers->push_back(fmt::format("{:0{}}", number, from.size()));
  }
  return true;
}

// "r[1-2]h[3-4]" as its four hosts. False where it is no list of hosts.
bool expand(std::string_view text, std::vector<std::string>* out) {
  std::vector<std::string> names{""};
  while (!text.empty()) {
    const size_t open = std::min(text.find('['), text.size());
    for (std::string& name : names) {
      name += text.substr(0, open);
    }
    text.remove_prefix(open);
    if (text.empty()) {
      break;
    }
    const size_t close = text.find(']');
    std::vector<std::string> numbers;
    std::string_view ranges = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    for (bool more = true; more;) {
      const size_t comma = ranges.find(',');
      more = comma != std::string_view::npos;
      if (!add_range(trimmed_cell(ranges.substr(0, comma)), &numbers)) {
        return false;
      }
      ranges.remove_prefix(more ? comma + 1 : ranges.size());
    }
    if (names.size() * numbers.size() > kMostHosts) {
      return false;
    }
    std::vector<std::string> longer;
    for (const std::string& name : names) {
      for (const std::string& number : numbers) {
        longer.push_back(name + number);
      }
    }
    names = std::move(longer);
  }
  out->insert(out->end(), names.begin(), names.end());
  return out->size() <= kMostHosts;
}

}  // namespace

std::optional<std::vector<std::string>> hosts_of(std::string_view list) {
  const std::optional<std::vector<std::string_view>> parts = cut_outside_brackets(list, ';');
  if (!parts.has_value()) {
    return std::nullopt;
  }
  std::vector<std::string> found;
  for (const std::string_view part : *parts) {
    const bool brackets = part.find('[') != std::string_view::npos;
    const std::vector<std::string_view> hosts =
        brackets ? *cut_outside_brackets(part, ',') : std::vector{part};
    for (const std::string_view host : hosts) {
      if (!expand(trimmed_cell(host), &found)) {
        return std::nullopt;
      }
    }
  }
  std::vector<std::string> out;
  std::set<std::string_view> seen;
  for (const std::string& host : found) {
    if (!host.empty() && seen.insert(host).second) {
      out.push_back(host);
    }
  }
  return out;
}

}  // namespace stepscope::analysis
