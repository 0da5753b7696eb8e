// SPDX-License-Identifier: Apache-2.0
//
// What commands do inside views: every switch that can be clicked, and the rows of the view in front. The part of AppState that
// changes view_options.
#include <algorithm>
#include <iterator>

#include "viewer/app_state.hpp"
#include "viewer/model/format.hpp"

namespace stepscope::viewer {
namespace {

constexpr float kPaneShare = 0.05F;  // of the window
constexpr float kStripPixels = 20;   // at scale 1

// The value after this one, around at the end.
template <typename T, size_t N>
T next_of(const T (&values)[N], const T& value) {
  const auto* at = std::find(std::begin(values), std::end(values), value);
  return at == std::end(values) || at + 1 == std::end(values) ? values[0] : *(at + 1);
}

// By the next of these columns; names and starts from the first on, numbers from the largest.
template <typename Order, size_t N>
void sort_on(Sorting<Order>& sort, const Order (&columns)[N], Order ascending) {
  sort.order = next_of(columns, sort.order);
  sort.descending = sort.order != ascending;
}

void sort_by_next_column(AppState& state) {
  constexpr EventOrder kEvents[] = {EventOrder::kStart, EventOrder::kDuration, EventOrder::kName,
                                    EventOrder::kLane};
  constexpr MoverOrder kMovers[] = {MoverOrder::kEffect, MoverOrder::kLabel,  MoverOrder::kA,
                                    MoverOrder::kB,      MoverOrder::kCountA, MoverOrder::kCountB,
                                    MoverOrder::kTier};
  constexpr AreaOrder kAreaOfBoth[] = {AreaOrder::kDelta,  AreaOrder::kName,  AreaOrder::kCountA,
                                       AreaOrder::kCountB, AreaOrder::kSelfA, AreaOrder::kSelfB,
                                       AreaOrder::kLongest};
  constexpr AreaOrder kAreaOfOne[] = {AreaOrder::kSelfA, AreaOrder::kName, AreaOrder::kCountA,
                                      AreaOrder::kTotal, AreaOrder::kLongest};
  constexpr TermOrder kTermsOfBoth[] = {TermOrder::kEffect, TermOrder::kName, TermOrder::kA, TermOrder::kB};
  constexpr TermOrder kTermsOfOne[] = {TermOrder::kEffect, TermOrder::kName, TermOrder::kA};
  ViewOptions& options = state.view_options;
  switch (state.tab) {
    case Tab::kEvents:
      sort_on(options.events, kEvents, EventOrder::kStart);
      options.events.descending = options.events.order == EventOrder::kDuration;
      return;
    case Tab::kMovers:
      return sort_on(options.movers.sort, kMovers, MoverOrder::kLabel);
    case Tab::kArea:
      return state.area[0] && state.area[1] ? sort_on(options.area, kAreaOfBoth, AreaOrder::kName)
                                            : sort_on(options.area, kAreaOfOne, AreaOrder::kName);
    default:  // the terms stand beside every other tab
      return state.table.comparison ? sort_on(options.terms, kTermsOfBoth, TermOrder::kName)
                                    : sort_on(options.terms, kTermsOfOne, TermOrder::kName);
  }
}

bool& direction_of_sorting(AppState& state) {
  ViewOptions& options = state.view_options;
  return state.tab == Tab::kEvents   ? options.events.descending
         : state.tab == Tab::kMovers ? options.movers.sort.descending
         : state.tab == Tab::kArea   ? options.area.descending
                                     : options.terms.descending;
}

// By the table after the one that is chosen, of those there are.
void next_movers(AppState& state) {
  const auto at = std::find_if(state.movers.begin(), state.movers.end(), [&](const MoverTable& table) {
    return table.by == state.view_options.movers.by;
  });
  const size_t now = at == state.movers.end() ? 0 : static_cast<size_t>(at - state.movers.begin());
  if (!state.movers.empty()) {
    state.view_options.movers.by = state.movers[(now + 1) % state.movers.size()].by;
  }
}

}  // namespace

Tab evidence_tab(EvidenceView view) {
  switch (view) {
    case EvidenceView::kBatches:
      return Tab::kBatches;
    case EvidenceView::kRanks:
      return Tab::kRanks;
    case EvidenceView::kCounters:
      return Tab::kCounters;
    case EvidenceView::kFlame:
      return Tab::kFlame;
    case EvidenceView::kRecording:
      return Tab::kNotes;
    case EvidenceView::kTimeline:
      break;
  }
  return Tab::kDetails;
}

// Switches of views. One whose view is not in front brings it there, so that one sees what it did.
void AppState::execute_in_view(Command command) {
  const auto in = [this](Tab wanted) -> ViewOptions& {
    if (tab != wanted || !drawer_open) {
      open_tab(wanted);
    }
    return view_options;
  };
  const auto flip = [](bool& on) { on = !on; };
  switch (command) {
    case Command::kHistogramAxis:
      return flip(in(Tab::kHistogram).histogram.logarithmic);
    case Command::kHistogramCount:
      return flip(in(Tab::kHistogram).histogram.log_count);
    case Command::kHistogramBars:
      return flip(in(Tab::kHistogram).histogram.shares);
    case Command::kHistogramEcdf:
      return flip(in(Tab::kHistogram).histogram.ecdf);
    case Command::kHistogramRange:
      in(Tab::kHistogram).histogram.within = {};
      return;
    case Command::kFlameSource: {
      constexpr FlameSource kAll[] = {FlameSource::kHost, FlameSource::kGpu, FlameSource::kPython};
      FlameSource& source = in(Tab::kFlame).flame.source;
      source = next_of(kAll, source);
      return;
    }
    case Command::kFlameWidth: {
      constexpr FlameWidth kAll[] = {FlameWidth::kA, FlameWidth::kB, FlameWidth::kLarger};
      FlameWidth& width = in(Tab::kFlame).flame.width;
      width = next_of(kAll, width);
      return;
    }
    case Command::kFlameWhole:
      return in(Tab::kFlame).flame.zoom.clear();
    case Command::kMoversBy:
      in(Tab::kMovers);
      return next_movers(*this);
    case Command::kMoversShow: {
      constexpr std::optional<MoverChange> kAll[] = {std::nullopt, MoverChange::kChanged, MoverChange::kNew,
                                                     MoverChange::kGone};
      std::optional<MoverChange>& change = in(Tab::kMovers).movers.filter.change;
      change = next_of(kAll, change);
      return;
    }
    case Command::kMoversFilter:
      in(Tab::kMovers);
      field = Field::kMoverFilter;
      return;
    case Command::kMoversLeast:
      in(Tab::kMovers);
      field = Field::kMoverLeast;
      return;
    case Command::kRanksShow: {
      constexpr RankShow kAll[] = {RankShow::kA, RankShow::kB, RankShow::kDifference};
      RankShow& show = in(Tab::kRanks).ranks.show;
      show = next_of(kAll, show);
      return;
    }
    case Command::kRanksOf: {
      constexpr RankMetric kAll[] = {RankMetric::kStep, RankMetric::kWaited, RankMetric::kHeld};
      RankMetric& metric = in(Tab::kRanks).ranks.metric;
      metric = next_of(kAll, metric);
      return;
    }
    case Command::kRanksOrder: {
      constexpr RankOrder kAll[] = {RankOrder::kRank, RankOrder::kLate, RankOrder::kSlow};
      RankOrder& order = in(Tab::kRanks).ranks.order;
      order = next_of(kAll, order);
      return;
    }
    case Command::kBatchesOf:
      ++in(Tab::kBatches).batches_of;  // the view begins again after the last
      return;
    case Command::kCounterLines:
      return flip(in(Tab::kCounters).flat_counters);
    case Command::kDeltaMeasure: {
      constexpr DeltaMeasure kAll[] = {DeltaMeasure::kBusy, DeltaMeasure::kExposed, DeltaMeasure::kIdle};
      in(Tab::kDeltaMap);
      delta_measure = next_of(kAll, delta_measure);
      return;
    }
    case Command::kSqlEdit:
      in(Tab::kSql);
      field = Field::kSql;
      return;
    case Command::kSqlExecute:
      in(Tab::kSql);
      sql_command = SqlCommand::kRun;
      return;
    case Command::kSqlCancel:
      in(Tab::kSql);
      sql_command = SqlCommand::kCancel;
      return;
    case Command::kSqlExample:
      in(Tab::kSql);
      sql_command = SqlCommand::kExample;
      return;
    case Command::kSqlSide: {
      Side& side = in(Tab::kSql).sql.side;
      side = other(side);
      return;
    }
    case Command::kNoteEdit:
      in(Tab::kMarks);
      field = Field::kNote;
      return;
    default:
      return execute_on_rows(command);
  }
}

// Rows, selections, panes.
void AppState::execute_on_rows(Command command) {
  switch (command) {
    case Command::kSortColumn:
      return sort_by_next_column(*this);
    case Command::kSortReverse: {
      bool& descending = direction_of_sorting(*this);
      descending = !descending;
      return;
    }
    case Command::kNextRow:
      ++row_command.by;
      return;
    case Command::kPreviousRow:
      --row_command.by;
      return;
    case Command::kOpenRow:
      row_command.open = true;
      return;
    case Command::kMarkRemove:
      if (const auto mark = current_mark()) {
        remove_mark(*mark);
      }
      return;
    case Command::kAlignStepStart:
      return set_alignment(AlignMode::kStepStart);
    case Command::kAlignStepLength:
      return set_alignment(AlignMode::kStepNormalised);
    case Command::kAlignTime:
      return set_alignment(AlignMode::kAbsolute);
    case Command::kNextTerm:
      return term_by(1);
    case Command::kPreviousTerm:
      return term_by(-1);
    case Command::kShowEvidence:
      return show_evidence();
    case Command::kSelectLane:
      return select_lane_in_focus();
    case Command::kSelectRun:
      if (two_runs()) {
        select_run(!selection.run               ? std::optional(Side::kA)
                   : *selection.run == Side::kA ? std::optional(Side::kB)
                                                : std::nullopt);
      }
      return;
    case Command::kMoreSteps:
      return resize_steps(1);
    case Command::kFewerSteps:
      return resize_steps(-1);
    case Command::kFold:
      if (const auto track = track_in_focus()) {
        toggle_group(tracks.groups[tracks.tracks[*track].group].key);
      }
      return;
    case Command::kFoldAll:
      if (!collapsed.empty()) {
        return collapsed.clear();
      }
      for (const TrackGroup& group : tracks.groups) {
        collapsed.insert(group.key);
      }
      return;
    default:
      return resize_panes(command);
  }
}

void AppState::resize_panes(Command command) {
  const float by =
      command == Command::kDrawerTaller || command == Command::kStripTaller || command == Command::kTableWider
          ? 1.0F
          : -1.0F;
  Panes wanted = panes;
  if (command == Command::kDrawerTaller || command == Command::kDrawerShorter) {
    wanted.drawer += by * kPaneShare;
  } else if (command == Command::kStripTaller || command == Command::kStripShorter) {
    wanted.strip += by * kStripPixels;
  } else {
    wanted.table += by * kPaneShare;
  }
  panes = clamped(wanted);
}

// The lane of the event or the gap, else the one that the search found, else the first that is selected, else the first.
std::optional<size_t> AppState::track_in_focus() const {
  std::optional<std::pair<Side, uint32_t>> lane;
  if (selection.event) {
    lane = {selection.event->side, selection.event->lane};
  } else if (gap) {
    lane = {gap->side, gap->lane};
  }
  for (size_t t = 0; t < tracks.tracks.size(); ++t) {
    if (lane ? tracks.tracks[t].lane[index_of(lane->first)] == lane->second
             : !found_track_ && selection.lanes.contains(tracks.tracks[t].key)) {
      return t;
    }
  }
  return found_track_ ? found_track_ : tracks.tracks.empty() ? std::nullopt : std::optional<size_t>(0);
}

void AppState::select_lane_in_focus() {
  if (const auto track = track_in_focus()) {
    select_lane(*track, true);
    message =
        selection.lanes.contains(tracks.tracks[*track].key) ? "selected the lane " : "left out the lane ";
    message += tracks.groups[tracks.tracks[*track].group].title + " · " + tracks.tracks[*track].title;
  }
}

// One step more at the end, or one less; the first stays.
void AppState::resize_steps(int by) {
  if (!selection.steps) {
    return step_by(1);
  }
  const StepSelection steps = *selection.steps;
  const size_t last = by > 0 ? steps.last + 1 : std::max(steps.first + 1, steps.last) - 1;
  select_steps(steps.first, last, true);
}

// The next row of the table that has a place, around at the end.
void AppState::term_by(int direction) {
  const size_t count = table.terms.size();
  const auto now = std::find_if(table.terms.begin(), table.terms.end(),
                                [&](const TermRow& term) { return term.title() == term_; });
  size_t at = now != table.terms.end() ? static_cast<size_t>(now - table.terms.begin())
              : direction > 0          ? count - 1
                                       : 0;
  for (size_t tried = 0; tried < count; ++tried) {
    at = direction > 0 ? (at + 1) % count : (at + count - 1) % count;
    const TermRow term = table.terms[at];
    if (term.place) {
      term_ = term.title();
      go_to(*term.place);
      message = term_ + (table.comparison
                             ? ": " + format_delta_ms(static_cast<double>(term.delta_ns)) + " ms per step"
                             : ": " + format_ms(static_cast<double>(term.a_ns)) + " ms per step");
      return;
    }
  }
  message = table_ready ? "no term has a place to look at" : "there is no analysis yet";
}

// Of the finding gone to last, else of the first.
void AppState::show_evidence() {
  const size_t index = finding_.value_or(0);
  if (index >= table.findings.size()) {
    message = table_ready ? "there are no findings" : "there is no analysis yet";
    return;
  }
  (void)go_to_finding(index);
  finding_ = index;
  open_tab(evidence_tab(evidence_view(table.findings[index].id)));
}

}  // namespace stepscope::viewer
