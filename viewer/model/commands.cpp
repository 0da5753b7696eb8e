// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/commands.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stepscope::viewer {
namespace {

using C = Command;
using K = Key;

constexpr CommandRow kCommands[] = {
    {C::kZoomIn, "Move", "Zoom in", {K::kW}, {}, true, "zoom-in"},
    {C::kZoomOut, "Move", "Zoom out", {K::kS}, {}, true, "zoom-out"},
    {C::kPanLeft, "Move", "Pan left", {K::kA}, {K::kLeft}, true, "pan-left"},
    {C::kPanRight, "Move", "Pan right", {K::kD}, {K::kRight}, true, "pan-right"},
    {C::kScrollUp, "Move", "Scroll up", {K::kUp}, {}, true, "scroll-up"},
    {C::kScrollDown, "Move", "Scroll down", {K::kDown}, {}, true, "scroll-down"},
    {C::kFocus, "Move", "Zoom to the selection", {K::kF}, {}, false, "zoom-to-selection"},
    {C::kFitAll, "Move", "Show the whole run", {K::k0}, {K::kHome}, false, "fit-all"},
    {C::kAreaOfSelection,
     "Select",
     "Area of the selected event or steps",
     {K::kR},
     {},
     false,
     "area-of-selection"},
    {C::kSelectAll, "Select", "The whole run as an area", {K::kA, true}, {}, false, "select-all"},
    {C::kMark,
     "Select",
     "Mark where the selection starts, or take the mark away",
     {K::kM},
     {},
     false,
     "mark"},
    {C::kMarkSpan, "Select", "Mark both ends of the selection", {K::kM, false, true}, {}, false, "mark-span"},
    {C::kNextStep, "Go to", "Next step", {K::kRightBracket}, {}, true, "next-step"},
    {C::kPreviousStep, "Go to", "Previous step", {K::kLeftBracket}, {}, true, "previous-step"},
    {C::kNextEvent, "Go to", "Next event on the lane", {K::kPeriod}, {K::kTab}, true, "next-event"},
    {C::kPreviousEvent,
     "Go to",
     "Previous event on the lane",
     {K::kComma},
     {K::kTab, false, true},
     true,
     "previous-event"},
    {C::kSearch, "Find", "Search for a name", {K::kSlash}, {K::kF, true}, false, "search-names"},
    {C::kFindLane, "Find", "Search for a lane", {K::kP, true}, {}, false, "search-lanes"},
    {C::kSearchNext, "Find", "Next match", {K::kEnter}, {K::kN}, true, "next-match"},
    {C::kSearchPrevious, "Find", "Previous match", {K::kEnter, false, true}, {K::kP}, true, "previous-match"},
    {C::kClear, "Find", "Clear selection, close what is open", {K::kEscape}, {}, false, "clear"},
    {C::kSwapRuns, "Compare", "Blink: only A, only B, both", {K::kSpace}, {K::kBackslash}, false, "blink"},
    {C::kCycleAlignment,
     "Compare",
     "Align by step start, step length, time, event",
     {K::kG},
     {},
     false,
     "cycle-alignment"},
    {C::kToggleArrangement,
     "Compare",
     "Lanes of both runs paired or stacked",
     {K::kL},
     {},
     false,
     "toggle-stacking"},
    {C::kToggleDrawer, "Show", "Hide or show the lower panel", {K::kQ}, {}, false, "toggle-drawer"},
    {C::kTabTerms, "Show", "Where the time goes", {K::k1}, {}, false, "show-terms"},
    {C::kTabFindings, "Show", "Findings", {K::k2}, {}, false, "show-findings"},
    {C::kTabDetails, "Show", "Details of the selected event", {K::k3}, {}, false, "show-details"},
    {C::kTabArea, "Show", "Statistics of the selected area", {K::k4}, {}, false, "show-area"},
    {C::kTabNotes, "Show", "Recording notes and losses", {K::k5}, {}, false, "show-recording"},
    {C::kToggleTheme, "Show", "Dark or light", {K::kT}, {}, false, "toggle-theme"},
    {C::kScaleUp, "Show", "Larger text", {K::kEqual, true}, {}, false, "larger-text"},
    {C::kScaleDown, "Show", "Smaller text", {K::kMinus, true}, {}, false, "smaller-text"},
    {C::kScaleReset, "Show", "Text at its usual size", {K::k0, true}, {}, false, "usual-text"},
    {C::kHelp, "Show", "This help", {K::kSlash, false, true}, {}, false, "help"},
    {C::kQuit, "Show", "Quit", {K::kQ, true}, {}, false, "quit"},
    {C::kPalette, "Find", "Find a command", {K::kP, true, true}, {}, false, "palette"},
    {C::kBack, "Go to", "Back to where you were", {K::kLeft, false, false, true}, {}, false, "back"},
    {C::kForward, "Go to", "Forward again", {K::kRight, false, false, true}, {}, false, "forward"},
    {C::kCopyLink, "Copy", "A link to this view", {K::kL, true}, {}, false, "copy-link"},
    {C::kCopyTable, "Copy", "The table in front, for a spreadsheet", {K::kC, true}, {}, false, "copy-table"},
    {C::kCopyCsv, "Copy", "The table in front as CSV", {K::kC, true, true}, {}, false, "copy-csv"},
    {C::kTabMarks, "Show", "Marks and notes", {K::kB}, {}, false, "show-marks"},
    {C::kNextFinding, "Go to", "Next finding", {K::kJ}, {}, true, "next-finding"},
    {C::kPreviousFinding, "Go to", "Previous finding", {K::kK}, {}, true, "previous-finding"},
    {C::kTabDeltaMap, "Show", "Delta map: lanes by steps", {K::k6}, {}, false, "show-delta-map"},
    {C::kTabWaterfall, "Show", "Waterfall from A's step to B's", {K::k7}, {}, false, "show-waterfall"},
    {C::kTabMovers, "Show", "Movers: kernels and operators that changed", {K::k8}, {}, false, "show-movers"},
    {C::kAlignBySelection, "Compare", "Align by the selected event", {}, {}, false, "align-by-selection"},
    {C::kFollowFlow,
     "Go to",
     "Where the arrow of the event leads",
     {K::kRightBracket, true},
     {},
     false,
     "follow-arrow"},
    {C::kFollowFlowBack,
     "Go to",
     "Where the arrow of the event comes from",
     {K::kLeftBracket, true},
     {},
     false,
     "follow-arrow-back"},
    {C::kNextMark, "Go to", "Next mark", {K::kM, true}, {}, true, "next-mark"},
    {C::kPreviousMark, "Go to", "Previous mark", {K::kM, true, true}, {}, true, "previous-mark"},
    {C::kTabHistogram, "Show", "Durations of a name in both runs", {K::k9}, {}, false, "show-histogram"},
    {C::kTabRanks, "Show", "Ranks by steps", {}, {}, false, "show-ranks"},
    {C::kTabBatches, "Show", "Batches of the data loader", {}, {}, false, "show-batches"},
    {C::kTabCounters, "Show", "Clocks, power, memory, pressure", {}, {}, false, "show-counters"},
    {C::kTabFlame, "Show", "Flame graph of both runs", {}, {}, false, "show-flame"},
    {C::kTabEvents, "Show", "List of events", {}, {}, false, "show-events"},
    {C::kTabSql, "Show", "SQL console", {}, {}, false, "show-sql"},
    {C::kToggleCounters,
     "Show",
     "Counters under the timeline, or only their heading",
     {K::kC},
     {},
     false,
     "toggle-counters"},
    {C::kHistogramAxis,
     "Switch",
     "Histogram: durations logarithmic or linear",
     {},
     {},
     false,
     "histogram-axis"},
    {C::kHistogramCount,
     "Switch",
     "Histogram: counts logarithmic or linear",
     {},
     {},
     false,
     "histogram-count"},
    {C::kHistogramBars, "Switch", "Histogram: counts or shares", {}, {}, false, "histogram-bars"},
    {C::kHistogramEcdf, "Switch", "Histogram: with or without the ECDF", {}, {}, false, "histogram-ecdf"},
    {C::kHistogramRange,
     "Switch",
     "Histogram: durations of any length again",
     {},
     {},
     false,
     "histogram-range"},
    {C::kFlameSource, "Switch", "Flame: threads, GPU, Python", {}, {}, false, "flame-of"},
    {C::kFlameWidth, "Switch", "Flame: as wide as in A, in B, in the larger", {}, {}, false, "flame-width"},
    {C::kFlameWhole, "Switch", "Flame: out of the box again", {}, {}, false, "flame-whole"},
    {C::kMoversBy, "Switch", "Movers: by kernel, by operator", {}, {}, false, "movers-by"},
    {C::kMoversShow, "Switch", "Movers: all, changed, new, gone", {}, {}, false, "movers-show"},
    {C::kMoversFilter, "Switch", "Movers: filter names", {}, {}, false, "movers-filter"},
    {C::kMoversLeast, "Switch", "Movers: how much is the least", {}, {}, false, "movers-least"},
    {C::kSortColumn,
     "Switch",
     "Sort the table in front by its next column",
     {K::kO},
     {},
     true,
     "sort-column"},
    {C::kSortReverse,
     "Switch",
     "Sort the table in front the other way round",
     {K::kO, false, true},
     {},
     false,
     "sort-reverse"},
    {C::kRanksShow, "Switch", "Ranks: of A, of B, the difference", {}, {}, false, "ranks-show"},
    {C::kRanksOf, "Switch", "Ranks: step, waits, late", {}, {}, false, "ranks-of"},
    {C::kRanksOrder, "Switch", "Ranks: order by rank, latest, slowest", {}, {}, false, "ranks-order"},
    {C::kBatchesOf, "Switch", "Batches: of the other training process", {}, {}, false, "batches-of"},
    {C::kCounterLines,
     "Switch",
     "Counters: with or without lines that never change",
     {},
     {},
     false,
     "counter-lines"},
    {C::kDeltaMeasure,
     "Switch",
     "Delta map: busy, exposed communication, idle",
     {},
     {},
     false,
     "delta-measure"},
    {C::kSqlEdit, "Switch", "SQL: write the query", {}, {}, false, "sql-edit"},
    {C::kSqlExecute, "Switch", "SQL: run the query", {}, {}, false, "sql-execute"},
    {C::kSqlCancel, "Switch", "SQL: cancel the query", {}, {}, false, "sql-cancel"},
    {C::kSqlExample, "Switch", "SQL: the example after this one", {}, {}, false, "sql-example"},
    {C::kSqlSide, "Switch", "SQL: ask the other run", {}, {}, false, "sql-side"},
    {C::kNoteEdit, "Switch", "Marks: write what is there", {K::kY}, {}, false, "edit-note"},
    {C::kMarkRemove, "Switch", "Marks: take the mark away", {}, {}, false, "remove-mark"},
    {C::kAlignStepStart, "Compare", "Align by step start", {}, {}, false, "align-step-start"},
    {C::kAlignStepLength, "Compare", "Align by step length", {}, {}, false, "align-step-length"},
    {C::kAlignTime, "Compare", "Align by time", {}, {}, false, "align-time"},
    {C::kNextTerm, "Go to", "Following cause in the table", {K::kE}, {}, true, "next-term"},
    {C::kPreviousTerm,
     "Go to",
     "Cause before it in the table",
     {K::kE, false, true},
     {},
     true,
     "previous-term"},
    {C::kShowEvidence, "Go to", "Evidence of the finding", {K::kV}, {}, false, "show-evidence"},
    {C::kNextRow, "Go to", "Row below, in the view in front", {K::kDown, false, true}, {}, true, "next-row"},
    {C::kPreviousRow,
     "Go to",
     "Row above, in the view in front",
     {K::kUp, false, true},
     {},
     true,
     "previous-row"},
    {C::kOpenRow, "Go to", "Where that row leads", {K::kEnter, true}, {}, false, "open-row"},
    {C::kSelectLane, "Select", "The lane in focus, or all but it", {K::kX}, {}, false, "select-lane"},
    {C::kSelectRun, "Select", "One of the runs: A, B, both", {K::kU}, {}, false, "select-run"},
    {C::kMoreSteps, "Select", "One step more", {K::kRightBracket, false, true}, {}, true, "more-steps"},
    {C::kFewerSteps, "Select", "One step less", {K::kLeftBracket, false, true}, {}, true, "fewer-steps"},
    {C::kFold, "Move", "Fold or unfold the process in focus", {K::kH}, {}, false, "fold-process"},
    {C::kFoldAll, "Move", "Fold or unfold all processes", {K::kH, false, true}, {}, false, "fold-all"},
    {C::kDrawerTaller, "Show", "Taller lower panel", {}, {}, true, "taller-panel"},
    {C::kDrawerShorter, "Show", "Shorter lower panel", {}, {}, true, "shorter-panel"},
    {C::kStripTaller, "Show", "Taller step strip", {}, {}, true, "taller-strip"},
    {C::kStripShorter, "Show", "Shorter step strip", {}, {}, true, "shorter-strip"},
    {C::kTableWider, "Show", "Wider table of causes", {}, {}, true, "wider-table"},
    {C::kTableNarrower, "Show", "Narrower table of causes", {}, {}, true, "narrower-table"},
};

constexpr MouseRow kMouse[] = {
    {"Ctrl + wheel", "Zoom about the pointer"},
    {"Wheel", "Scroll the lanes"},
    {"Shift + wheel", "Pan"},
    {"Drag", "Select an area: statistics below"},
    {"Ctrl + drag", "Zoom to the area"},
    {"Shift, right or middle drag", "Pan"},
    {"Click", "Select an event or a step"},
    {"Double-click or middle-click", "Zoom to it"},
    {"Click a process name", "Fold or unfold its lanes"},
    {"Click a lane's title", "Select it; with Ctrl one more"},
};

// From kLeft on; those before are a letter, a digit or F and a number.
constexpr std::string_view kKeyNames[] = {
    "Left", "Right", "Up",  "Down",  "Home", "End",   "PageUp", "PageDown", "/",   ".",         ",",
    "[",    "]",     "Esc", "Space", "\\",   "Enter", "+",      "-",        "Tab", "Backspace", "Delete"};

std::string key_text(Key key) {
  if (key == K::kNone) {
    return "";
  }
  const auto from = [key](Key first) { return static_cast<int>(key) - static_cast<int>(first); };
  if (key >= K::kLeft) {
    return std::string(kKeyNames[from(K::kLeft)]);
  }
  if (key >= K::kF1) {
    return "F" + std::to_string(1 + from(K::kF1));
  }
  return {static_cast<char>(key >= K::k0 ? '0' + from(K::k0) : 'A' + from(K::kA))};
}

bool same_text(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

Key parse_key(std::string_view text) {
  for (int key = 1; key <= static_cast<int>(K::kDelete); ++key) {
    if (same_text(key_text(static_cast<Key>(key)), text)) {
      return static_cast<Key>(key);
    }
  }
  return same_text(text, "Escape")                ? K::kEscape
         : text == "=" || same_text(text, "Plus") ? K::kEqual
                                                  : K::kNone;
}

}  // namespace

std::span<const CommandRow> command_table() {
  return kCommands;
}
const CommandRow* find_command(std::string_view name) {
  const auto* at = std::find_if(std::begin(kCommands), std::end(kCommands),
                                [&](const CommandRow& row) { return row.name == name; });
  return at == std::end(kCommands) ? nullptr : at;
}
std::span<const MouseRow> mouse_table() {
  return kMouse;
}

std::string binding_text(const Binding& binding) {
  if (binding.key == Key::kSlash && binding.shift) {
    return "?";
  }
  std::string text = binding.ctrl ? "Ctrl " : "";
  text += binding.alt ? "Alt " : "";
  text += binding.shift ? "Shift " : "";
  return text + key_text(binding.key);
}

std::optional<Binding> parse_binding(std::string_view text) {
  if (text == "?") {
    return Binding{K::kSlash, false, true};
  }
  Binding binding;
  constexpr std::pair<std::string_view, bool Binding::*> kModifiers[] = {{"ctrl", &Binding::ctrl},
                                                                         {"control", &Binding::ctrl},
                                                                         {"shift", &Binding::shift},
                                                                         {"alt", &Binding::alt}};
  size_t at = 0;
  while (at < text.size()) {
    // A '+' at the start of a part is the key itself.
    const size_t end = std::min(text.find_first_of("+ ", at + 1), text.size());
    const std::string_view part = text.substr(at, end - at);
    const auto* modifier = std::find_if(std::begin(kModifiers), std::end(kModifiers),
                                        [&](const auto& row) { return same_text(row.first, part); });
    if (modifier != std::end(kModifiers)) {
      binding.*(modifier->second) = true;
    } else if (binding.key != K::kNone || (binding.key = parse_key(part)) == K::kNone) {
      return std::nullopt;
    }
    at = std::min(end + 1, text.size());
  }
  return binding.key == K::kNone ? std::nullopt : std::optional(binding);
}

}  // namespace stepscope::viewer
