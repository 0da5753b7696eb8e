// SPDX-License-Identifier: Apache-2.0
//
// Command table: everything a key can do. Help page, command palette, key files, scripts and tests read this one table; a
// new command is one row here and one case in commands' executor (viewer/actions.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stepscope::viewer {

enum class Command : uint8_t {
  kZoomIn,
  kZoomOut,
  kPanLeft,
  kPanRight,
  kScrollUp,
  kScrollDown,
  kFocus,
  kFitAll,
  kAreaOfSelection,
  kSelectAll,
  kMark,
  kMarkSpan,
  kNextStep,
  kPreviousStep,
  kNextEvent,
  kPreviousEvent,
  kSearch,
  kFindLane,
  kSearchNext,
  kSearchPrevious,
  kClear,
  kSwapRuns,
  kCycleAlignment,
  kToggleArrangement,
  kToggleDrawer,
  kTabTerms,
  kTabFindings,
  kTabDetails,
  kTabArea,
  kTabNotes,
  kToggleTheme,
  kScaleUp,
  kScaleDown,
  kScaleReset,
  kHelp,
  kQuit,
  kPalette,
  kBack,
  kForward,
  kCopyLink,
  kCopyTable,
  kCopyCsv,
  kTabMarks,
  kNextFinding,
  kPreviousFinding,
  kTabDeltaMap,
  kTabWaterfall,
  kTabMovers,
  kAlignBySelection,
  kFollowFlow,
  kFollowFlowBack,
  kNextMark,
  kPreviousMark,
  kTabHistogram,
  kTabRanks,
  kTabBatches,
  kTabCounters,
  kTabFlame,
  kTabEvents,
  kTabSql,
  kToggleCounters,
  kHistogramAxis,
  kHistogramCount,
  kHistogramBars,
  kHistogramEcdf,
  kHistogramRange,
  kFlameSource,
  kFlameWidth,
  kFlameWhole,
  kMoversBy,
  kMoversShow,
  kMoversFilter,
  kMoversLeast,
  kSortColumn,
  kSortReverse,
  kRanksShow,
  kRanksOf,
  kRanksOrder,
  kBatchesOf,
  kCounterLines,
  kDeltaMeasure,
  kSqlEdit,
  kSqlExecute,
  kSqlCancel,
  kSqlExample,
  kSqlSide,
  kNoteEdit,
  kMarkRemove,
  kAlignStepStart,
  kAlignStepLength,
  kAlignTime,
  kNextTerm,
  kPreviousTerm,
  kShowEvidence,
  kNextRow,
  kPreviousRow,
  kOpenRow,
  kSelectLane,
  kSelectRun,
  kMoreSteps,
  kFewerSteps,
  kFold,
  kFoldAll,
  kDrawerTaller,
  kDrawerShorter,
  kStripTaller,
  kStripShorter,
  kTableWider,
  kTableNarrower,
};

// Keys by meaning on a US layout; imgui_compat.hpp knows the numbers. Letters, digits and function keys are in a row each.
enum class Key : uint8_t {
  kNone,
  // clang-format off
  kA, kB, kC, kD, kE, kF, kG, kH, kI, kJ, kK, kL, kM, kN, kO, kP, kQ, kR, kS, kT, kU, kV, kW, kX, kY, kZ,
  k0, k1, k2, k3, k4, k5, k6, k7, k8, k9,
  kF1, kF2, kF3, kF4, kF5, kF6, kF7, kF8, kF9, kF10, kF11, kF12,
  // clang-format on
  kLeft,
  kRight,
  kUp,
  kDown,
  kHome,
  kEnd,
  kPageUp,
  kPageDown,
  kSlash,
  kPeriod,
  kComma,
  kLeftBracket,
  kRightBracket,
  kEscape,
  kSpace,
  kBackslash,
  kEnter,
  kEqual,
  kMinus,
  kTab,
  kBackspace,
  kDelete,
};

struct Binding {
  Key key = Key::kNone;
  bool ctrl = false;
  bool shift = false;
  bool alt = false;
  friend bool operator==(const Binding&, const Binding&) = default;
};

struct CommandRow {
  Command command;
  std::string_view group;
  std::string_view text;  // for the help page
  Binding primary;
  Binding alternative;
  bool repeats = false;        // while the key is held
  std::string_view name = {};  // in key files and scripts; never changes once published
};

[[nodiscard]] std::span<const CommandRow> command_table();
// nullptr when there is none of that name.
[[nodiscard]] const CommandRow* find_command(std::string_view name);
// "W", "Ctrl +", "Shift Enter".
[[nodiscard]] std::string binding_text(const Binding& binding);
// The reverse, letters without case, parts apart by '+' or blanks: "Ctrl+Shift+P", "alt left", "?". None when it is no key.
[[nodiscard]] std::optional<Binding> parse_binding(std::string_view text);

// Things done with the mouse, for the help page.
struct MouseRow {
  std::string_view gesture;
  std::string_view text;
};
[[nodiscard]] std::span<const MouseRow> mouse_table();

}  // namespace stepscope::viewer
