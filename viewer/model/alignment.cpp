// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/alignment.hpp"

#include <algorithm>
#include <cmath>

namespace stepscope::viewer {
namespace {

struct StepPair {
  size_t a;
  size_t b;
};

// Steps of equal number, in order. Numbers ascend within a run; a run that restarts its count pairs by position.
std::vector<StepPair> pair_steps(std::span<const StepModel> a, std::span<const StepModel> b) {
  const auto by_number = [](const StepModel& x, const StepModel& y) { return x.number <= y.number; };
  const auto ascending = [&](std::span<const StepModel> steps) {
    return std::adjacent_find(steps.begin(), steps.end(), [&](const StepModel& x, const StepModel& y) {
             return by_number(y, x);
           }) == steps.end();
  };
  std::vector<StepPair> pairs;
  if (ascending(a) && ascending(b)) {
    for (size_t i = 0, k = 0; i < a.size() && k < b.size();) {
      if (a[i].number == b[k].number) {
        pairs.push_back({i++, k++});
      } else if (a[i].number < b[k].number) {
        ++i;
      } else {
        ++k;
      }
    }
  }
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

Alignment Alignment::pair(const RunModel& a, const RunModel& b, AlignMode mode, const StepAnchor* anchor) {
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
  const bool anchored = mode == AlignMode::kAnchor && anchor != nullptr;
  const auto anchors_a = anchored ? anchor_offsets(a, Side::kA, *anchor) : std::vector<int64_t>();
  const auto anchors_b = anchored ? anchor_offsets(b, Side::kB, *anchor) : std::vector<int64_t>();
  result.knots_[0].push_back({0, 0});
  result.knots_[1].push_back({0, 0});
  int64_t at_a = a.begin_ns;
  int64_t at_b = b.begin_ns;
  for (const StepPair& p : pairs) {
    const StepModel& sa = a.steps[p.a];
    const StepModel& sb = b.steps[p.b];
    // 1. What lies before this step since the last paired one: it ends together.
    result.add_segment(AlignMode::kStepStart, span_of(at_a, sa.begin_ns), span_of(at_b, sb.begin_ns), true);
    // 2. The steps start together, or what lies before their anchors ends together.
    const double begin = result.knots_[0].back().display;
    const bool both = anchored && anchors_a[p.a] != kNoAnchor && anchors_b[p.b] != kNoAnchor;
    const int64_t from_a = sa.begin_ns + (both ? anchors_a[p.a] : 0);
    const int64_t from_b = sb.begin_ns + (both ? anchors_b[p.b] : 0);
    result.add_segment(mode, span_of(sa.begin_ns, from_a), span_of(sb.begin_ns, from_b), true);
    const double origin = result.knots_[0].back().display;
    result.add_segment(mode, span_of(from_a, sa.end_ns), span_of(from_b, sb.end_ns), false);
    result.slots_.push_back(
        {{begin, result.knots_[0].back().display}, p.a, p.b, sa.duration_ns(), sb.duration_ns(), origin});
    at_a = sa.end_ns;
    at_b = sb.end_ns;
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

double Alignment::to_display(Side side, int64_t t) const {
  const std::vector<Knot>& knots = knots_[index_of(side)];
  const auto time = static_cast<double>(t - begin_[index_of(side)]);
  if (knots.size() < 2 || time <= knots.front().time) {
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

TimeRange Alignment::to_display(Side side, int64_t begin_ns, int64_t end_ns) const {
  if (end_ns <= begin_ns) {
    const double at = to_display(side, begin_ns);
    return {at, at};
  }
  // The end belongs to what is before it, not to the far side of a gap.
  return {to_display(side, begin_ns),
          to_display(side, end_ns - 1) + (to_display(side, end_ns - 1) - to_display(side, begin_ns)) /
                                             static_cast<double>(end_ns - begin_ns)};
}

int64_t Alignment::to_time(Side side, double display) const {
  const std::vector<Knot>& knots = knots_[index_of(side)];
  const int64_t begin = begin_[index_of(side)];
  if (knots.size() < 2 || display <= knots.front().display) {
    return begin + std::llround(display);
  }
  const auto at = std::upper_bound(knots.begin(), knots.end(), display,
                                   [](double value, const Knot& knot) { return value < knot.display; });
  if (at == knots.end()) {
    return begin + std::llround(knots.back().time + display - knots.back().display);
  }
  const Knot& to = *at;
  const Knot& from = *(at - 1);
  const double ratio = (to.time - from.time) / (to.display - from.display);
  return begin + std::llround(from.time + (display - from.display) * ratio);
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
