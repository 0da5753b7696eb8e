// SPDX-License-Identifier: Apache-2.0
//
// Command table: everything a key can do. The help page, the key handling and the tests read this one table; a new
// command is one row here and one case in commands' executor (viewer/actions.cpp).
#pragma once

#include <cstdint>
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
  kTabDeltaMap,
  kTabWaterfall,
  kTabMovers,
  kAlignBySelection,
  kFollowFlow,
  kFollowFlowBack,
};

// Keys by meaning on a US layout; imgui_compat.hpp knows the numbers.
enum class Key : uint8_t {
  kNone,
  kA,
  kD,
  kF,
  kG,
  kL,
  kM,
  kN,
  kP,
  kQ,
  kR,
  kS,
  kT,
  kW,
  k0,
  k1,
  k2,
  k3,
  k4,
  k5,
  kLeft,
  kRight,
  kUp,
  kDown,
  kHome,
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
};

struct Binding {
  Key key = Key::kNone;
  bool ctrl = false;
  bool shift = false;
};

struct CommandRow {
  Command command;
  std::string_view group;
  std::string_view text;  // for the help page
  Binding primary;
  Binding alternative;
  bool repeats = false;  // while the key is held
};

[[nodiscard]] std::span<const CommandRow> command_table();
// "W", "Ctrl +", "Shift Enter".
[[nodiscard]] std::string binding_text(const Binding& binding);

// Things done with the mouse, for the help page.
struct MouseRow {
  std::string_view gesture;
  std::string_view text;
};
[[nodiscard]] std::span<const MouseRow> mouse_table();

}  // namespace stepscope::viewer
