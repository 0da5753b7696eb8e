// SPDX-License-Identifier: Apache-2.0
//
// Link: a view of one or two runs, independent of indices and window size: what the history keeps, and what link text says.
// AppState::capture() makes one, AppState::apply() goes there. As text, the parts that are given (analyzer/view_link.hpp):
//
//   range=BEGIN:END   what the timeline shows, ns from the start of the axis
//   steps=412:415     selected steps by number; without a range the timeline shows them
//   time=BEGIN:END    selected time, ns on the axis; lane-of-time=KEY, as often as there are lanes it is limited to
//   name=TEXT         a selected name, as often as there are; lane=KEY a selected lane; run=a|b the selected run
//   event=SIDE:BEGIN:ROW:LANE   the event in focus, BEGIN in ns since its run began
//   term=NAME         go to where this term of the table shows best; rank=N when it is one rank's
//   align=MODE shown=both|a|b lanes=paired|stacked tab=NAME drawer=open|closed folded=PROCESS search=TEXT
//   anchor=N:LANE anchor-name=TEXT   what align=event aligns by: the N-th (from 0) of that name in a step, on that lane
//   gap=SIDE:BEGIN:LANE   a selected gap; scroll=POINTS   how far the lanes are scrolled, at scale 1; delta=busy|exposed|idle
//   view-options=usual    every option of every view that no other part says; the options: option_table()
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "viewer/model/delta_map.hpp"
#include "viewer/model/selection.hpp"
#include "viewer/options.hpp"
#include "viewer/view_options.hpp"
#include "viewer/words.hpp"

namespace stepscope::viewer {

struct Link {
  struct Event {
    Side side = Side::kA;
    int64_t begin_ns = 0;  // since the run began
    uint32_t row = 0;      // nesting level
    std::string lane;      // Track::key
    friend bool operator==(const Event&, const Event&) = default;
  };
  struct Term {
    std::string name;
    int32_t rank = -1;
    friend bool operator==(const Term&, const Term&) = default;
  };
  struct Gap {
    Side side = Side::kA;
    int64_t begin_ns = 0;  // since the run began
    std::string lane;      // Track::key
    friend bool operator==(const Gap&, const Gap&) = default;
  };
  struct Anchor {
    size_t n = 0;
    std::string lane;  // Track::key; "": a name alone was said
    std::string name;  // "": whatever communicates
    friend bool operator==(const Anchor&, const Anchor&) = default;
  };
  // The selection; what is absent is not limited.
  std::optional<std::pair<int64_t, int64_t>> steps;  // numbers, both included
  std::optional<TimeRange> time;
  std::set<std::string> time_lanes;
  std::set<std::string> names;
  std::set<std::string> lanes;
  std::optional<Side> run;
  std::optional<Event> event;
  std::optional<Gap> gap;
  // The view; what is absent stays as it is.
  std::optional<TimeRange> range;
  std::optional<AlignMode> align;
  std::optional<Shown> shown;
  std::optional<Arrangement> arrangement;
  std::optional<Tab> tab;
  std::optional<bool> drawer;
  std::optional<std::set<std::string>> folded;
  std::optional<std::string> search;
  std::optional<Anchor> anchor;
  std::optional<double> scroll;  // at scale 1
  std::optional<DeltaMeasure> delta;
  OptionTexts options;       // those that are said
  std::optional<Term> term;  // where to go; never captured
  friend bool operator==(const Link&, const Link&) = default;
};

// A link that says every option of the views, as capture() makes it, says those that are unusual only, and that the others are usual.
[[nodiscard]] std::string link_text(const Link& link);
// What is wrong with the text, "" when nothing is. Keys of a newer viewer are skipped.
[[nodiscard]] std::string parse_link(std::string_view text, Link& link);

}  // namespace stepscope::viewer
