// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/commands.hpp"

#include <array>

namespace stepscope::viewer {
namespace {

using C = Command;
using K = Key;

constexpr CommandRow kCommands[] = {
    {C::kZoomIn, "Move", "Zoom in", {K::kW}, {}, true},
    {C::kZoomOut, "Move", "Zoom out", {K::kS}, {}, true},
    {C::kPanLeft, "Move", "Pan left", {K::kA}, {K::kLeft}, true},
    {C::kPanRight, "Move", "Pan right", {K::kD}, {K::kRight}, true},
    {C::kScrollUp, "Move", "Scroll up", {K::kUp}, {}, true},
    {C::kScrollDown, "Move", "Scroll down", {K::kDown}, {}, true},
    {C::kFocus, "Move", "Zoom to the selection", {K::kF}, {}, false},
    {C::kFitAll, "Move", "Show the whole run", {K::k0}, {K::kHome}, false},
    {C::kAreaOfSelection, "Select", "Area of the selected event or steps", {K::kR}, {}, false},
    {C::kSelectAll, "Select", "The whole run as an area", {K::kA, true}, {}, false},
    {C::kMark, "Select", "Mark where the selection starts, or take the mark away", {K::kM}, {}, false},
    {C::kMarkSpan, "Select", "Mark both ends of the selection", {K::kM, false, true}, {}, false},
    {C::kNextStep, "Go to", "Next step", {K::kRightBracket}, {}, true},
    {C::kPreviousStep, "Go to", "Previous step", {K::kLeftBracket}, {}, true},
    {C::kNextEvent, "Go to", "Next event on the lane", {K::kPeriod}, {K::kTab}, true},
    {C::kPreviousEvent, "Go to", "Previous event on the lane", {K::kComma}, {K::kTab, false, true}, true},
    {C::kSearch, "Find", "Search for a name", {K::kSlash}, {K::kF, true}, false},
    {C::kFindLane, "Find", "Search for a lane", {K::kP, true}, {}, false},
    {C::kSearchNext, "Find", "Next match", {K::kEnter}, {K::kN}, true},
    {C::kSearchPrevious, "Find", "Previous match", {K::kEnter, false, true}, {K::kP}, true},
    {C::kClear, "Find", "Clear selection, close what is open", {K::kEscape}, {}, false},
    {C::kSwapRuns, "Compare", "Blink: only A, only B, both", {K::kSpace}, {K::kBackslash}, false},
    {C::kCycleAlignment, "Compare", "Align by step start, step length, time, event", {K::kG}, {}, false},
    {C::kToggleArrangement, "Compare", "Lanes of both runs paired or stacked", {K::kL}, {}, false},
    {C::kToggleDrawer, "Show", "Hide or show the lower panel", {K::kQ}, {}, false},
    {C::kTabTerms, "Show", "Where the time goes", {K::k1}, {}, false},
    {C::kTabFindings, "Show", "Findings", {K::k2}, {}, false},
    {C::kTabDetails, "Show", "Details of the selected event", {K::k3}, {}, false},
    {C::kTabArea, "Show", "Statistics of the selected area", {K::k4}, {}, false},
    {C::kTabNotes, "Show", "Recording notes and losses", {K::k5}, {}, false},
    {C::kToggleTheme, "Show", "Dark or light", {K::kT}, {}, false},
    {C::kScaleUp, "Show", "Larger text", {K::kEqual, true}, {}, false},
    {C::kScaleDown, "Show", "Smaller text", {K::kMinus, true}, {}, false},
    {C::kScaleReset, "Show", "Text at its usual size", {K::k0, true}, {}, false},
    {C::kHelp, "Show", "This help", {K::kSlash, false, true}, {}, false},
    {C::kQuit, "Show", "Quit", {K::kQ, true}, {}, false},
    {C::kTabDeltaMap, "Show", "Delta map: lanes by steps", {}, {}, false},
    {C::kTabWaterfall, "Show", "Waterfall from A's step to B's", {}, {}, false},
    {C::kTabMovers, "Show", "Movers: kernels and operators that changed", {}, {}, false},
    {C::kAlignBySelection, "Compare", "Align by the selected event", {}, {}, false},
    {C::kFollowFlow, "Go to", "Where the arrow of the event leads", {K::kRightBracket, true}, {}, false},
    {C::kFollowFlowBack,
     "Go to",
     "Where the arrow of the event comes from",
     {K::kLeftBracket, true},
     {},
     false},
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
};

constexpr std::array<std::string_view, 37> kKeyNames{
    "",  "A", "D", "F", "G",   "L",     "M",  "N",     "P",     "Q",  "R",    "S",    "T",
    "W", "0", "1", "2", "3",   "4",     "5",  "Left",  "Right", "Up", "Down", "Home", "/",
    ".", ",", "[", "]", "Esc", "Space", "\\", "Enter", "+",     "-",  "Tab"};

}  // namespace

std::span<const CommandRow> command_table() {
  return kCommands;
}
std::span<const MouseRow> mouse_table() {
  return kMouse;
}

std::string binding_text(const Binding& binding) {
  if (binding.key == Key::kSlash && binding.shift) {
    return "?";
  }
  std::string text = binding.ctrl ? "Ctrl " : "";
  text += binding.shift ? "Shift " : "";
  return text + std::string(kKeyNames.at(static_cast<size_t>(binding.key)));
}

}  // namespace stepscope::viewer
