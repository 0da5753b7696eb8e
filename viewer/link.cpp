// SPDX-License-Identifier: Apache-2.0
#include "viewer/link.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <vector>

#include "analyzer/view_link.hpp"

namespace stepscope::viewer {
namespace {

using Parts = std::vector<analysis::LinkPart>;

// Shortest text that gives the same number again.
template <typename Number>
std::string number_text(Number value) {
  std::array<char, 32> room{};
  const auto written = std::to_chars(room.data(), room.data() + room.size(), value);
  return {room.data(), written.ptr};
}

// Times up to 31 years: what is longer would not survive arithmetic, "nan" and "inf" neither.
template <typename Number>
bool parse_number(std::string_view text, Number& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return false;
  }
  if constexpr (std::is_floating_point_v<Number>) {
    return std::abs(value) <= 1e18;
  } else if constexpr (std::is_same_v<Number, int64_t>) {
    return value / 1'000'000'000'000'000'000 == 0;
  } else {
    return true;
  }
}

// Cuts what stands before the next ':' off the text.
std::string_view cut(std::string_view& text) {
  const size_t end = std::min(text.find(':'), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

template <typename Number>
bool parse_pair(std::string_view text, Number& first, Number& second) {
  const std::string_view begin = cut(text);
  return parse_number(begin, first) && parse_number(text.empty() ? begin : text, second) && first <= second;
}

bool parse_range(std::string_view text, std::optional<TimeRange>& range) {
  range.emplace();
  return parse_pair(text, range->begin_ns, range->end_ns);
}

// The last one can have the smaller number: a run that resumed from a checkpoint counts some steps again.
bool parse_steps(std::string_view text, Link& link) {
  link.steps.emplace();
  const std::string_view first = cut(text);
  return parse_number(first, link.steps->first) &&
         parse_number(text.empty() ? first : text, link.steps->second);
}

bool parse_event(std::string_view text, Link& link) {
  Link::Event event;
  const auto side = value_of(side_words(), cut(text));
  const bool numbers = parse_number(cut(text), event.begin_ns) && parse_number(cut(text), event.row);
  event.side = side.value_or(Side::kA);
  event.lane = text;
  link.event = event;
  return side && numbers && !event.lane.empty();
}

bool parse_gap(std::string_view text, Link& link) {
  Link::Gap gap;
  const auto side = value_of(side_words(), cut(text));
  const bool number = parse_number(cut(text), gap.begin_ns);
  gap.side = side.value_or(Side::kA);
  gap.lane = text;
  link.gap = gap;
  return side && number && !gap.lane.empty();
}

bool parse_anchor(std::string_view text, Link& link) {
  link.anchor = link.anchor.value_or(Link::Anchor());
  const bool number = parse_number(cut(text), link.anchor->n);
  link.anchor->lane = text;
  return number && !text.empty();
}

bool parse_anchor_name(std::string_view text, Link& link) {
  link.anchor = link.anchor.value_or(Link::Anchor());
  link.anchor->name = text;
  return !text.empty();
}

bool parse_scroll(std::string_view text, Link& link) {
  link.scroll.emplace();
  return parse_number(text, *link.scroll) && *link.scroll >= 0;
}

// Those that were said before stay.
bool parse_usual(std::string_view text, Link& link) {
  link.options.merge(option_texts(ViewOptions()));
  return text == "usual";
}

// In the words in which the option tells it itself.
bool parse_option(const OptionRow& row, std::string_view text, Link& link) {
  ViewOptions said;
  const bool good = row.set(said, text);
  link.options.insert_or_assign(std::string(row.key), row.text(said));
  return good;
}

bool parse_term_name(std::string_view text, Link& link) {
  link.term = Link::Term{std::string(text), link.term ? link.term->rank : -1};
  return !text.empty();
}

bool parse_rank(std::string_view text, Link& link) {
  link.term = link.term.value_or(Link::Term());
  return parse_number(text, link.term->rank);
}

template <typename T>
bool parse_word(std::span<const Word<T>> words, std::string_view text, std::optional<T>& value) {
  value = value_of(words, text);
  return value.has_value();
}

bool insert(std::set<std::string>& set, std::string_view text) {
  set.emplace(text);
  return !text.empty();
}

bool parse_folded(std::string_view text, Link& link) {
  link.folded = link.folded.value_or(std::set<std::string>());
  if (!text.empty()) {  // "folded=" alone: nothing is
    link.folded->emplace(text);
  }
  return true;
}

bool parse_drawer(std::string_view text, Link& link) {
  link.drawer = text == "open";
  return text == "open" || text == "closed";
}

struct KeyRow {
  std::string_view key;
  bool (*parse)(std::string_view value, Link& link);
};

constexpr KeyRow kKeys[] = {
    {"range", [](std::string_view text, Link& link) { return parse_range(text, link.range); }},
    {"steps", parse_steps},
    {"step", parse_steps},
    {"time", [](std::string_view text, Link& link) { return parse_range(text, link.time); }},
    {"lane-of-time", [](std::string_view text, Link& link) { return insert(link.time_lanes, text); }},
    {"name", [](std::string_view text, Link& link) { return insert(link.names, text); }},
    {"lane", [](std::string_view text, Link& link) { return insert(link.lanes, text); }},
    {"run", [](std::string_view text, Link& link) { return parse_word(side_words(), text, link.run); }},
    {"event", parse_event},
    {"term", parse_term_name},
    {"rank", parse_rank},
    {"align", [](std::string_view text, Link& link) { return parse_word(align_words(), text, link.align); }},
    {"shown", [](std::string_view text, Link& link) { return parse_word(shown_words(), text, link.shown); }},
    {"lanes", [](std::string_view text,
                 Link& link) { return parse_word(arrangement_words(), text, link.arrangement); }},
    {"tab", [](std::string_view text, Link& link) { return parse_word(tab_words(), text, link.tab); }},
    {"drawer", parse_drawer},
    {"folded", parse_folded},
    {"search",
     [](std::string_view text, Link& link) {
       link.search = text;
       return true;
     }},
    {"anchor", parse_anchor},
    {"anchor-name", parse_anchor_name},
    {"gap", parse_gap},
    {"scroll", parse_scroll},
    {"delta", [](std::string_view text, Link& link) { return parse_word(delta_words(), text, link.delta); }},
    {"view-options", parse_usual},
};

// "" when the part can be understood.
std::string parse_part(const analysis::LinkPart& part, Link& link) {
  bool good = true;
  for (const KeyRow& row : kKeys) {
    good = good && (row.key != part.key || row.parse(part.value, link));
  }
  for (const OptionRow& row : option_table()) {
    good = good && (row.key != part.key || parse_option(row, part.value, link));
  }
  return good ? "" : "the link's " + part.key + "=" + part.value + " cannot be understood";
}

void add_options(Parts& parts, const OptionTexts& options) {
  const OptionTexts usual = option_texts(ViewOptions());
  const bool all = options.size() == usual.size();
  if (all) {
    parts.push_back({"view-options", "usual"});
  }
  for (const auto& [key, text] : options) {
    const auto other = usual.find(key);
    if (!all || other == usual.end() || other->second != text) {
      parts.push_back({key, text});
    }
  }
}

std::string range_text(const TimeRange& range) {
  return number_text(range.begin_ns) + ":" + number_text(range.end_ns);
}

void add_all(Parts& parts, const char* key, const std::set<std::string>& values) {
  for (const std::string& value : values) {
    parts.push_back({key, value});
  }
}

void add_selection(Parts& parts, const Link& link) {
  if (link.steps) {
    parts.push_back({"steps", number_text(link.steps->first) + ":" + number_text(link.steps->second)});
  }
  if (link.time) {
    parts.push_back({"time", range_text(*link.time)});
  }
  add_all(parts, "lane-of-time", link.time_lanes);
  add_all(parts, "name", link.names);
  add_all(parts, "lane", link.lanes);
  if (link.run) {
    parts.push_back({"run", std::string(word_of(side_words(), *link.run))});
  }
  if (link.event) {
    parts.push_back({"event", std::string(word_of(side_words(), link.event->side)) + ":" +
                                  number_text(link.event->begin_ns) + ":" + number_text(link.event->row) +
                                  ":" + link.event->lane});
  }
  if (link.gap) {
    parts.push_back({"gap", std::string(word_of(side_words(), link.gap->side)) + ":" +
                                number_text(link.gap->begin_ns) + ":" + link.gap->lane});
  }
}

template <typename T>
void add_word(Parts& parts, const char* key, std::span<const Word<T>> words, const std::optional<T>& value) {
  if (value) {
    parts.push_back({key, std::string(word_of(words, *value))});
  }
}

}  // namespace

std::string link_text(const Link& link) {
  Parts parts;
  if (link.term) {
    parts.push_back({"term", link.term->name});
    if (link.term->rank >= 0) {
      parts.push_back({"rank", number_text(link.term->rank)});
    }
  }
  add_selection(parts, link);
  if (link.range) {
    parts.push_back({"range", range_text(*link.range)});
  }
  add_word(parts, "align", align_words(), link.align);
  if (link.anchor && !link.anchor->lane.empty()) {
    parts.push_back({"anchor", number_text(link.anchor->n) + ":" + link.anchor->lane});
  }
  if (link.anchor && !link.anchor->name.empty()) {
    parts.push_back({"anchor-name", link.anchor->name});
  }
  if (link.scroll) {
    parts.push_back({"scroll", number_text(*link.scroll)});
  }
  add_word(parts, "shown", shown_words(), link.shown);
  add_word(parts, "lanes", arrangement_words(), link.arrangement);
  add_word(parts, "tab", tab_words(), link.tab);
  if (link.drawer) {
    parts.push_back({"drawer", *link.drawer ? "open" : "closed"});
  }
  if (link.folded && link.folded->empty()) {
    parts.push_back({"folded", ""});
  } else if (link.folded) {
    add_all(parts, "folded", *link.folded);
  }
  if (link.search) {
    parts.push_back({"search", *link.search});
  }
  add_word(parts, "delta", delta_words(), link.delta);
  add_options(parts, link.options);
  return analysis::link_text(parts);
}

std::string parse_link(std::string_view text, Link& link) {
  for (const analysis::LinkPart& part : analysis::link_parts(text)) {
    if (std::string wrong = parse_part(part, link); !wrong.empty()) {
      return wrong;
    }
  }
  return "";
}

}  // namespace stepscope::viewer
