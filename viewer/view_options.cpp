// SPDX-License-Identifier: Apache-2.0
#include "viewer/view_options.hpp"

#include <charconv>
#include <optional>

#include "viewer/words.hpp"

namespace stepscope::viewer {
namespace {

constexpr char kBetween = '\x1F';  // of texts in a list; no name has it
constexpr std::string_view kDescending = ":down";
constexpr std::string_view kAscending = ":up";
constexpr std::string_view kTelling = "telling";
constexpr std::string_view kNoRows = "none";

constexpr Word<bool> kAxes[] = {{"log", true}, {"linear", false}};
constexpr Word<bool> kBars[] = {{"shares", true}, {"counts", false}};
constexpr Word<bool> kVisible[] = {{"shown", true}, {"hidden", false}};
constexpr Word<bool> kCounterLines[] = {{"all", true}, {"changing", false}};
constexpr Word<FlameSource> kSources[] = {
    {"threads", FlameSource::kHost}, {"gpu", FlameSource::kGpu}, {"python", FlameSource::kPython}};
constexpr Word<FlameWidth> kWidths[] = {
    {"b", FlameWidth::kB}, {"a", FlameWidth::kA}, {"larger", FlameWidth::kLarger}};
constexpr Word<std::optional<MoverChange>> kChanges[] = {{"all", std::nullopt},
                                                         {"changed", MoverChange::kChanged},
                                                         {"new", MoverChange::kNew},
                                                         {"gone", MoverChange::kGone}};
constexpr Word<RankShow> kRankShows[] = {
    {"difference", RankShow::kDifference}, {"a", RankShow::kA}, {"b", RankShow::kB}};
constexpr Word<RankMetric> kMetrics[] = {
    {"step", RankMetric::kStep}, {"waits", RankMetric::kWaited}, {"late", RankMetric::kHeld}};
constexpr Word<RankOrder> kRankOrders[] = {
    {"rank", RankOrder::kRank}, {"latest", RankOrder::kLate}, {"slowest", RankOrder::kSlow}};
constexpr Word<Side> kSqlRuns[] = {{"a", Side::kA}, {"b", Side::kB}};
constexpr Word<MoverOrder> kMoverOrders[] = {
    {"change", MoverOrder::kEffect}, {"what", MoverOrder::kLabel},     {"a", MoverOrder::kA},
    {"b", MoverOrder::kB},           {"count-a", MoverOrder::kCountA}, {"count-b", MoverOrder::kCountB},
    {"match", MoverOrder::kTier},
};
constexpr Word<EventOrder> kEventOrders[] = {{"start", EventOrder::kStart},
                                             {"duration", EventOrder::kDuration},
                                             {"name", EventOrder::kName},
                                             {"lane", EventOrder::kLane}};
constexpr Word<AreaOrder> kAreaOrders[] = {
    {"change", AreaOrder::kDelta},   {"name", AreaOrder::kName},       {"count-a", AreaOrder::kCountA},
    {"count-b", AreaOrder::kCountB}, {"self-a", AreaOrder::kSelfA},    {"self-b", AreaOrder::kSelfB},
    {"total", AreaOrder::kTotal},    {"longest", AreaOrder::kLongest},
};
constexpr Word<TermOrder> kTermOrders[] = {
    {"change", TermOrder::kEffect}, {"name", TermOrder::kName}, {"a", TermOrder::kA}, {"b", TermOrder::kB}};

template <typename T, size_t N>
std::string word(const Word<T> (&words)[N], const T& value) {
  return std::string(word_of(std::span<const Word<T>>(words), value));
}

template <typename T, size_t N>
bool set_word(const Word<T> (&words)[N], std::string_view text, T& value) {
  const auto found = value_of(std::span<const Word<T>>(words), text);
  if (found) {
    value = *found;
  }
  return found.has_value();
}

template <typename Order, size_t N>
std::string sorting(const Word<Order> (&words)[N], const Sorting<Order>& value) {
  return word(words, value.order) + std::string(value.descending ? kDescending : kAscending);
}

// "change:down"; the direction may be left out.
template <typename Order, size_t N>
bool set_sorting(const Word<Order> (&words)[N], std::string_view text, Sorting<Order>& value) {
  const size_t colon = std::min(text.find(':'), text.size());
  const std::string_view direction = text.substr(colon);
  if ((!direction.empty() && direction != kDescending && direction != kAscending) ||
      !set_word(words, text.substr(0, colon), value.order)) {
    return false;
  }
  value.descending = direction != kAscending;
  return true;
}

template <typename Number>
bool set_number(std::string_view text, Number& value) {
  Number parsed{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || parsed < 0) {
    return false;
  }
  value = parsed;
  return true;
}

std::string durations_text(const ViewOptions& options) {
  const DurationRange& within = options.histogram.within;
  return within == DurationRange() ? "all"
                                   : std::to_string(within.low_ns) + ":" + std::to_string(within.high_ns);
}

bool set_durations(ViewOptions& options, std::string_view text) {
  DurationRange within;
  const size_t colon = std::min(text.find(':'), text.size());
  const bool all = text == "all";
  if (!all && (colon == text.size() || !set_number(text.substr(0, colon), within.low_ns) ||
               !set_number(text.substr(colon + 1), within.high_ns) || within.low_ns > within.high_ns)) {
    return false;
  }
  options.histogram.within = within;
  return true;
}

template <typename Texts>
std::string list_text(const Texts& texts) {
  std::string text;
  for (const std::string& one : texts) {
    text += (text.empty() ? "" : std::string(1, kBetween)) + one;
  }
  return text;
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> texts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(kBetween), text.size());
    texts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return texts;
}

std::string counter_rows_text(const ViewOptions& options) {
  const auto& rows = options.counter_rows;
  return !rows ? std::string(kTelling) : rows->empty() ? std::string(kNoRows) : list_text(*rows);
}

bool set_counter_rows(ViewOptions& options, std::string_view text) {
  options.counter_rows.reset();
  if (text != kTelling) {
    const std::vector<std::string> rows = text == kNoRows ? std::vector<std::string>() : parse_list(text);
    options.counter_rows.emplace(rows.begin(), rows.end());
  }
  return true;
}

using Ways = ViewOptions;  // short, for the rows below
using Text = std::string_view;

constexpr OptionRow kOptions[] = {
    {"histogram-axis", [](const Ways& o) { return word(kAxes, o.histogram.logarithmic); },
     [](Ways& o, Text text) { return set_word(kAxes, text, o.histogram.logarithmic); }},
    {"histogram-count", [](const Ways& o) { return word(kAxes, o.histogram.log_count); },
     [](Ways& o, Text text) { return set_word(kAxes, text, o.histogram.log_count); }},
    {"histogram-bars", [](const Ways& o) { return word(kBars, o.histogram.shares); },
     [](Ways& o, Text text) { return set_word(kBars, text, o.histogram.shares); }},
    {"histogram-ecdf", [](const Ways& o) { return word(kVisible, o.histogram.ecdf); },
     [](Ways& o, Text text) { return set_word(kVisible, text, o.histogram.ecdf); }},
    {"histogram-range", durations_text, set_durations},
    {"flame-of", [](const Ways& o) { return word(kSources, o.flame.source); },
     [](Ways& o, Text text) { return set_word(kSources, text, o.flame.source); }},
    {"flame-width", [](const Ways& o) { return word(kWidths, o.flame.width); },
     [](Ways& o, Text text) { return set_word(kWidths, text, o.flame.width); }},
    {"flame-zoom", [](const Ways& o) { return list_text(o.flame.zoom); },
     [](Ways& o, Text text) {
       o.flame.zoom = parse_list(text);
       return true;
     }},
    {"movers-by", [](const Ways& o) { return o.movers.by; },
     [](Ways& o, Text text) {
       o.movers.by = text;
       return true;
     }},
    {"movers-show", [](const Ways& o) { return word(kChanges, o.movers.filter.change); },
     [](Ways& o, Text text) { return set_word(kChanges, text, o.movers.filter.change); }},
    {"movers-filter", [](const Ways& o) { return o.movers.filter.text; },
     [](Ways& o, Text text) {
       o.movers.filter.text = text;
       return true;
     }},
    {"movers-least", [](const Ways& o) { return std::to_string(o.movers.filter.least_ns); },
     [](Ways& o, Text text) { return set_number(text, o.movers.filter.least_ns); }},
    {"movers-sort", [](const Ways& o) { return sorting(kMoverOrders, o.movers.sort); },
     [](Ways& o, Text text) { return set_sorting(kMoverOrders, text, o.movers.sort); }},
    {"ranks-show", [](const Ways& o) { return word(kRankShows, o.ranks.show); },
     [](Ways& o, Text text) { return set_word(kRankShows, text, o.ranks.show); }},
    {"ranks-of", [](const Ways& o) { return word(kMetrics, o.ranks.metric); },
     [](Ways& o, Text text) { return set_word(kMetrics, text, o.ranks.metric); }},
    {"ranks-order", [](const Ways& o) { return word(kRankOrders, o.ranks.order); },
     [](Ways& o, Text text) { return set_word(kRankOrders, text, o.ranks.order); }},
    {"events-sort", [](const Ways& o) { return sorting(kEventOrders, o.events); },
     [](Ways& o, Text text) { return set_sorting(kEventOrders, text, o.events); }},
    {"area-sort", [](const Ways& o) { return sorting(kAreaOrders, o.area); },
     [](Ways& o, Text text) { return set_sorting(kAreaOrders, text, o.area); }},
    {"terms-sort", [](const Ways& o) { return sorting(kTermOrders, o.terms); },
     [](Ways& o, Text text) { return set_sorting(kTermOrders, text, o.terms); }},
    {"batches-of", [](const Ways& o) { return std::to_string(o.batches_of); },
     [](Ways& o, Text text) { return set_number(text, o.batches_of); }},
    {"counters", [](const Ways& o) { return word(kCounterLines, o.flat_counters); },
     [](Ways& o, Text text) { return set_word(kCounterLines, text, o.flat_counters); }},
    {"counter-rows", counter_rows_text, set_counter_rows},
    {"sql", [](const Ways& o) { return o.sql.text; },
     [](Ways& o, Text text) {
       o.sql.text = text;
       return true;
     }},
    {"sql-run", [](const Ways& o) { return word(kSqlRuns, o.sql.side); },
     [](Ways& o, Text text) { return set_word(kSqlRuns, text, o.sql.side); }},
};

}  // namespace

std::span<const OptionRow> option_table() {
  return kOptions;
}

OptionTexts option_texts(const ViewOptions& options) {
  OptionTexts texts;
  for (const OptionRow& row : option_table()) {
    texts.emplace(row.key, row.text(options));
  }
  return texts;
}

}  // namespace stepscope::viewer
