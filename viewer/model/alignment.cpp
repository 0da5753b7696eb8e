// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/alignment.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace stepscope::viewer {
namespace {

struct StepPair {
  size_t a;
  size_t b;
};

// As many pairs of equal number as there can be in the order of both: a run that resumed from a checkpoint counts some steps twice.
// None where numbers say too little (all steps have the same one).
std::vector<StepPair> pair_by_number(std::span<const StepModel> a, std::span<const StepModel> b) {
  constexpr size_t kOften = 8;
  std::unordered_map<int64_t, std::vector<size_t>> where;  // in b, ascending
  for (size_t k = 0; k < b.size(); ++k) {
    where[b[k].number].push_back(k);
  }
  // The longest ascending row of positions in b: for each length the candidate that ends first, with the one before it.
  struct Candidate {
    StepPair pair;
    size_t before;
  };
  constexpr size_t kNone = ~size_t{0};
  std::vector<Candidate> links;
  std::vector<size_t> ends;  // by length - 1, into links
  for (size_t i = 0; i < a.size(); ++i) {
    const auto found = where.find(a[i].number);
    if (found == where.end()) {
      continue;
    }
    if (links.size() > kOften * (a.size() + b.size())) {
      return {};
    }
    for (auto k = found->second.rbegin(); k != found->second.rend(); ++k) {
      const auto at = std::lower_bound(ends.begin(), ends.end(), *k,
                                       [&](size_t end, size_t value) { return links[end].pair.b < value; });
      links.push_back({{i, *k}, at == ends.begin() ? kNone : *(at - 1)});
      if (at == ends.end()) {
        ends.push_back(links.size() - 1);
      } else {
        *at = links.size() - 1;
      }
    }
  }
  std::vector<StepPair> pairs;
  for (size_t link = ends.empty() ? kNone : ends.back(); link != kNone; link = links[link].before) {
    pairs.push_back(links[link].pair);
  }
  std::reverse(pairs.begin(), pairs.end());
  return pairs;
}

bool ascending(std::span<const StepModel> steps) {
  return std::adjacent_find(steps.begin(), steps.end(), [](const StepModel& x, const StepModel& y) {
           return x.number >= y.number;
         }) == steps.end();
}

// The same where numbers ascend, in linear time.
std::vector<StepPair> merge_by_number(std::span<const StepModel> a, std::span<const StepModel> b) {
  std::vector<StepPair> pairs;
  for (size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    if (a[i].number == b[k].number) {
      pairs.push_back({i++, k++});
    } else if (a[i].number < b[k].number) {
      ++i;
    } else {
      ++k;
    }
  }
  return pairs;
}

// By number, else by position.
std::vector<StepPair> pair_steps(std::span<const StepModel> a, std::span<const StepModel> b) {
  std::vector<StepPair> pairs = ascending(a) && ascending(b) ? merge_by_number(a, b) : pair_by_number(a, b);
  if (pairs.empty()) {
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      pairs.push_back({i, i});
    }
  }
  return pairs;
}

double span_of(int64_t begin, int64_t end) {
  return static_cast<double>(std::max<int64_t>(0, end - begin));
}

}  // namespace

Alignment Alignment::single(const RunModel& run) {
  Alignment result;
  const double length = std::max(1.0, span_of(run.begin_ns, run.end_ns));
  for (auto& knots : result.knots_) {
    knots = {{0, 0}, {length, length}};
  }
  result.begin_ = {run.begin_ns, run.begin_ns};
  result.extent_ = {0, length};
  for (size_t i = 0; i < run.steps.size(); ++i) {
    const StepModel& step = run.steps[i];
    const TimeRange display = result.to_display(Side::kA, step.begin_ns, step.end_ns);
    result.slots_.push_back({display, i, i, step.duration_ns(), step.duration_ns(), display.begin_ns});
  }
  return result;
}

Alignment Alignment::pair(const RunModel& a, const RunModel& b, AlignMode mode,
                          const AnchorOffsets* anchors) {
  Alignment result;
  result.begin_ = {a.begin_ns, b.begin_ns};
  const std::vector<StepPair> pairs = pair_steps(a.steps, b.steps);
  const double length_a = std::max(1.0, span_of(a.begin_ns, a.end_ns));
  const double length_b = std::max(1.0, span_of(b.begin_ns, b.end_ns));
  if (mode == AlignMode::kAbsolute || pairs.empty()) {
    result.knots_[0] = {{0, 0}, {length_a, length_a}};
    result.knots_[1] = {{0, 0}, {length_b, length_b}};
    result.extent_ = {0, std::max(length_a, length_b)};
    for (const StepPair& p : pairs) {
      const StepModel& sa = a.steps[p.a];
      const TimeRange display = result.to_display(Side::kA, sa.begin_ns, sa.end_ns);
      result.slots_.push_back(
          {display, p.a, p.b, sa.duration_ns(), b.steps[p.b].duration_ns(), display.begin_ns});
    }
    return result;
  }
  const bool anchored = mode == AlignMode::kAnchor && anchors != nullptr;
  // Of a run that has grown since, or of another one, not every step has its anchor.
  const auto anchor_of = [&](Side side, size_t index, const StepModel& step) {
    const std::vector<int64_t>& offsets = (*anchors)[index_of(side)];
    const int64_t offset = index < offsets.size() ? offsets[index] : kNoAnchor;
    return offset < step.duration_ns() ? offset : kNoAnchor;
  };
  result.knots_[0].push_back({0, 0});
  result.knots_[1].push_back({0, 0});
  int64_t at_a = a.begin_ns;
  int64_t at_b = b.begin_ns;
  for (const StepPair& p : pairs) {
    const StepModel& sa = a.steps[p.a];
    const StepModel& sb = b.steps[p.b];
    // Steps that overlap, or begin before their run does, begin where the one before has ended: time is shown once.
    const int64_t begin_a = std::max(sa.begin_ns, at_a);
    const int64_t begin_b = std::max(sb.begin_ns, at_b);
    // 1. What lies before this step since the last paired one: it ends together.
    result.add_segment(AlignMode::kStepStart, span_of(at_a, begin_a), span_of(at_b, begin_b), true);
    // 2. The steps start together, or what lies before their anchors ends together.
    const double begin = result.knots_[0].back().display;
    const int64_t anchor_a = anchored ? anchor_of(Side::kA, p.a, sa) : kNoAnchor;
    const int64_t anchor_b = anchored ? anchor_of(Side::kB, p.b, sb) : kNoAnchor;
    const bool both = anchor_a != kNoAnchor && anchor_b != kNoAnchor;
    const int64_t from_a = both ? std::max(sa.begin_ns + anchor_a, begin_a) : begin_a;
    const int64_t from_b = both ? std::max(sb.begin_ns + anchor_b, begin_b) : begin_b;
    result.add_segment(mode, span_of(begin_a, from_a), span_of(begin_b, from_b), true);
    const double origin = result.knots_[0].back().display;
    at_a = std::max(sa.end_ns, from_a);
    at_b = std::max(sb.end_ns, from_b);
    result.add_segment(mode, span_of(from_a, at_a), span_of(from_b, at_b), false);
    result.slots_.push_back(
        {{begin, result.knots_[0].back().display}, p.a, p.b, sa.duration_ns(), sb.duration_ns(), origin});
  }
  result.add_segment(AlignMode::kStepStart, span_of(at_a, a.end_ns), span_of(at_b, b.end_ns), false);
  result.extent_ = {0, std::max(1.0, result.knots_[0].back().display)};
  return result;
}

// Both sides advance by their own length; on screen they take the same room. from_right: the shorter one
// stands at the right end of it, else at the left.
void Alignment::add_segment(AlignMode mode, double length_a, double length_b, bool from_right) {
  const bool stretch = mode == AlignMode::kStepNormalised && length_a > 0;
  const double room = stretch ? length_a : std::max(length_a, length_b);
  if (room <= 0) {
    return;
  }
  const std::array<double, 2> lengths{length_a, length_b};
  for (size_t side = 0; side < 2; ++side) {
    std::vector<Knot>& knots = knots_[side];
    const Knot last = knots.back();
    const double own = stretch ? room : lengths[side];
    if (from_right && own < room) {
      knots.push_back({last.display + room - own, last.time});
    }
    if (own > 0) {
      knots.push_back({from_right ? last.display + room : last.display + own, last.time + lengths[side]});
    }
    if (!from_right && own < room) {
      knots.push_back({last.display + room, last.time + lengths[side]});
    }
  }
}

// Both of these count the run's time from its begin.
double Alignment::display_of(Side side, double time) const {
  const std::vector<Knot>& knots = knots_[index_of(side)];
  if (knots.size() < 2 || time < knots.front().time) {
    return knots.empty() ? 0 : knots.front().display + time - knots.front().time;
  }
  // Of a gap (two knots of equal time) the right end: a moment that starts a step stands at its start.
  const auto at = std::upper_bound(knots.begin(), knots.end(), time,
                                   [](double value, const Knot& knot) { return value < knot.time; });
  if (at == knots.end()) {
    return knots.back().display + time - knots.back().time;
  }
  const Knot& to = *at;
  const Knot& from = *(at - 1);
  return from.display + (time - from.time) * (to.display - from.display) / (to.time - from.time);
}

double Alignment::time_of(Side side, double display) const {
  const std::vector<Knot>& knots = knots_[index_of(side)];
  if (knots.size() < 2 || display <= knots.front().display) {
    return display;
  }
  const auto at = std::upper_bound(knots.begin(), knots.end(), display,
                                   [](double value, const Knot& knot) { return value < knot.display; });
  if (at == knots.end()) {
    return knots.back().time + display - knots.back().display;
  }
  const Knot& to = *at;
  const Knot& from = *(at - 1);
  const double ratio = (to.time - from.time) / (to.display - from.display);
  return from.time + (display - from.display) * ratio;
}

double Alignment::to_display(Side side, int64_t t) const {
  return display_of(side, static_cast<double>(t - begin_[index_of(side)]));
}

TimeRange Alignment::to_display(Side side, int64_t begin_ns, int64_t end_ns) const {
  const double begin = to_display(side, begin_ns);
  if (end_ns <= begin_ns) {
    return {begin, begin};
  }
  // The end belongs to what is before it, not to the far side of a gap.
  const std::vector<Knot>& knots = knots_[index_of(side)];
  const auto end = static_cast<double>(end_ns - begin_[index_of(side)]);
  const auto at = std::lower_bound(knots.begin(), knots.end(), end,
                                   [](const Knot& knot, double value) { return knot.time < value; });
  if (at == knots.begin() || at == knots.end()) {
    return {begin, display_of(side, end)};
  }
  const Knot& to = *at;
  const Knot& from = *(at - 1);
  return {begin, from.display + (end - from.time) * (to.display - from.display) / (to.time - from.time)};
}

int64_t Alignment::to_time(Side side, double display) const {
  return begin_[index_of(side)] + std::llround(time_of(side, display));
}

Moment Alignment::moment_at(Side side, double display) const {
  const double time = time_of(side, display);
  const double whole = std::floor(time);
  return {side, begin_[index_of(side)] + static_cast<int64_t>(whole), time - whole};
}

double Alignment::to_display(const Moment& moment) const {
  return display_of(moment.side,
                    static_cast<double>(moment.whole_ns - begin_[index_of(moment.side)]) + moment.part_ns);
}

std::optional<TimeRange> Alignment::gap_at(Side side, double display) const {
  const std::vector<Knot>& knots = knots_[index_of(side)];
  const auto at = std::upper_bound(knots.begin(), knots.end(), display,
                                   [](double value, const Knot& knot) { return value < knot.display; });
  if (at == knots.begin() || at == knots.end() || (at - 1)->time < at->time) {
    return std::nullopt;
  }
  return TimeRange{(at - 1)->display, at->display};
}

void Alignment::fill(Side side, const Viewport& view, PixelMap& map) const {
  const auto columns = static_cast<size_t>(std::max(1.0, std::floor(view.width())));
  map.edge.resize(columns + 1);
  const std::vector<Knot>& knots = knots_[index_of(side)];
  const int64_t begin = begin_[index_of(side)];
  const double npp = view.ns_per_pixel();
  size_t k = 0;
  for (size_t p = 0; p <= columns; ++p) {
    const double display = view.visible().begin_ns + static_cast<double>(p) * npp;
    while (k < knots.size() && knots[k].display <= display) {
      ++k;
    }
    double time = 0;
    if (k == 0) {
      time = knots.empty() ? display : knots.front().time + display - knots.front().display;
    } else if (k == knots.size()) {
      time = knots.back().time + display - knots.back().display;
    } else {
      const Knot& from = knots[k - 1];
      const Knot& to = knots[k];
      time = from.time + (display - from.display) * (to.time - from.time) / (to.display - from.display);
    }
    map.edge[p] = begin + std::llround(time);
  }
}

size_t Alignment::slot_at(double display) const {
  const auto at =
      std::upper_bound(slots_.begin(), slots_.end(), display,
                       [](double value, const StepSlot& slot) { return value < slot.display.begin_ns; });
  if (at == slots_.begin() || !(at - 1)->display.contains(display)) {
    return slots_.size();
  }
  return static_cast<size_t>(at - slots_.begin()) - 1;
}

}  // namespace stepscope::viewer
