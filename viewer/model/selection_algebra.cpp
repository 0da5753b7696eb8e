// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/selection_algebra.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace stepscope::viewer {
namespace {

// Sets of which an empty one stands for all. False: nothing in common.
template <typename T>
bool meet(const std::set<T>& a, const std::set<T>& b, std::set<T>& out) {
  if (a.empty() || b.empty()) {
    out = a.empty() ? b : a;
    return true;
  }
  out.clear();
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
  return !out.empty();
}

template <typename T>
std::set<T> join(std::set<T> a, const std::set<T>& b) {
  if (a.empty() || b.empty()) {
    return {};
  }
  a.insert(b.begin(), b.end());
  return a;
}

template <typename T>
bool covers(const std::set<T>& outer, const std::set<T>& inner) {
  return outer.empty() ||
         (!inner.empty() && std::includes(outer.begin(), outer.end(), inner.begin(), inner.end()));
}

// Intervals of which an absent one stands for all.
bool meet(const std::optional<StepSelection>& a, const std::optional<StepSelection>& b,
          std::optional<StepSelection>& out) {
  out = a ? a : b;
  if (a && b) {
    out = StepSelection{std::max(a->first, b->first), std::min(a->last, b->last)};
    return out->first <= out->last;
  }
  return true;
}

// Indices of tracks as a set; the order in which they were dragged over does not matter.
std::set<size_t> tracks_of(const AreaSelection& area) {
  return {area.tracks.begin(), area.tracks.end()};
}

bool meet(const std::optional<AreaSelection>& a, const std::optional<AreaSelection>& b,
          std::optional<AreaSelection>& out) {
  out = a ? a : b;
  if (!a || !b) {
    return true;
  }
  std::set<size_t> tracks;
  const bool some = meet(tracks_of(*a), tracks_of(*b), tracks);
  out = AreaSelection{
      {std::max(a->display.begin_ns, b->display.begin_ns), std::min(a->display.end_ns, b->display.end_ns)},
      {tracks.begin(), tracks.end()}};
  return some && out->display.begin_ns <= out->display.end_ns;
}

template <typename T>
std::optional<T> agreed(const std::optional<T>& a, const std::optional<T>& b) {
  return a == b ? a : std::nullopt;
}

}  // namespace

bool limits(const Selection& selection, Dimension dimension) {
  switch (dimension) {
    case Dimension::kTime:
      return selection.area.has_value();
    case Dimension::kLanes:
      return !selection.lanes.empty();
    case Dimension::kNames:
      return !selection.names.empty();
    case Dimension::kSteps:
      return selection.steps.has_value();
    case Dimension::kRun:
      return selection.run.has_value();
  }
  return false;
}

Selection without(Selection selection, Dimension dimension) {
  switch (dimension) {
    case Dimension::kTime:
      selection.area.reset();
      break;
    case Dimension::kLanes:
      selection.lanes.clear();
      if (selection.area) {
        selection.area->tracks.clear();
      }
      break;
    case Dimension::kNames:
      selection.names.clear();
      break;
    case Dimension::kSteps:
      selection.steps.reset();
      break;
    case Dimension::kRun:
      selection.run.reset();
      break;
  }
  return selection;
}

std::optional<Selection> intersection(const Selection& a, const Selection& b) {
  Selection both;
  if (!meet(a.area, b.area, both.area) || !meet(a.steps, b.steps, both.steps) ||
      !meet(a.names, b.names, both.names) || !meet(a.lanes, b.lanes, both.lanes) ||
      (a.run && b.run && a.run != b.run)) {
    return std::nullopt;
  }
  both.run = a.run ? a.run : b.run;
  both.event = agreed(a.event, b.event);
  both.highlight = a.highlight == b.highlight ? a.highlight : "";
  return both;
}

Selection hull(const Selection& a, const Selection& b) {
  Selection all;
  if (a.area && b.area) {
    const std::set<size_t> tracks = join(tracks_of(*a.area), tracks_of(*b.area));
    all.area = AreaSelection{{std::min(a.area->display.begin_ns, b.area->display.begin_ns),
                              std::max(a.area->display.end_ns, b.area->display.end_ns)},
                             {tracks.begin(), tracks.end()}};
  }
  if (a.steps && b.steps) {
    all.steps =
        StepSelection{std::min(a.steps->first, b.steps->first), std::max(a.steps->last, b.steps->last)};
  }
  all.names = join(a.names, b.names);
  all.lanes = join(a.lanes, b.lanes);
  all.run = agreed(a.run, b.run);
  all.event = agreed(a.event, b.event);
  all.highlight = a.highlight == b.highlight ? a.highlight : "";
  return all;
}

bool contains(const Selection& outer, const Selection& inner) {
  const bool time =
      !outer.area || (inner.area && outer.area->display.begin_ns <= inner.area->display.begin_ns &&
                      inner.area->display.end_ns <= outer.area->display.end_ns &&
                      covers(tracks_of(*outer.area), tracks_of(*inner.area)));
  const bool steps = !outer.steps || (inner.steps && outer.steps->first <= inner.steps->first &&
                                      inner.steps->last <= outer.steps->last);
  return time && steps && covers(outer.names, inner.names) && covers(outer.lanes, inner.lanes) &&
         (!outer.run || outer.run == inner.run);
}

std::string summary(const Selection& selection) {
  std::string text;
  const auto add = [&](size_t count, const char* what) {
    if (count > 0) {
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what + (count == 1 ? "" : "s");
    }
  };
  add(selection.steps ? selection.steps->last - selection.steps->first + 1 : 0, "step");
  add(selection.names.size(), "name");
  add(selection.lanes.size(), "lane");
  if (selection.run) {
    text += (text.empty() ? "only " : ", only ") + std::string(*selection.run == Side::kA ? "A" : "B");
  }
  return text;
}

}  // namespace stepscope::viewer
