// SPDX-License-Identifier: Apache-2.0
//
// RunModel: one run as the viewer shows it: plain data, made by the loader (or a test) and then constant.
// Times are ns on the run's own timeline; alignment.hpp maps them to what is on screen.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "viewer/model/category.hpp"
#include "viewer/model/nesting.hpp"

namespace stepscope::analysis {
class Run;
}

namespace stepscope::viewer {

enum class Side : uint8_t { kA = 0, kB = 1 };
[[nodiscard]] constexpr Side other(Side side) {
  return side == Side::kA ? Side::kB : Side::kA;
}
[[nodiscard]] constexpr size_t index_of(Side side) {
  return static_cast<size_t>(side);
}

// What an event's name id stands for: a text in the colour of one category.
struct NameEntry {
  std::string text;
  trace::Kind kind = trace::Kind::kNone;
  Category category = Category::kOther;
};

struct ProcessModel {
  std::string title;     // "main · rank 0"
  std::string subtitle;  // "pid 4711 on host"
  std::string key;       // equal for the process of another run that plays the same part
};

// What a lane is, in the order in which the lanes of a process stand.
enum class LaneRole : uint8_t { kMainThread, kStream, kCommunicator, kThread, kDevice };

struct LaneModel {
  uint32_t process = 0;
  uint32_t source_lane = 0;  // lane number of the analyzer's Run
  LaneRole role = LaneRole::kThread;
  std::string title;
  std::string key;  // equal within processes of equal key for lanes that play the same part
  std::vector<EventRow> rows;
  uint64_t events = 0;
  uint64_t too_deep = 0;
};

struct StepModel {
  int64_t index = 0;
  int64_t number = 0;  // what people call it
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  bool train = true;
  std::string_view class_name;  // static text
  [[nodiscard]] int64_t duration_ns() const { return end_ns - begin_ns; }
};

// Where step time goes: rows are steps, columns leaves; ns[step * leaves + leaf] adds up to the step.
struct LedgerModel {
  std::vector<std::string> leaves;
  std::vector<Category> category;
  std::vector<int64_t> ns;
};

struct Note {
  std::string severity;  // "info", "error", "data_loss", "door"
  std::string text;

  // Something that happened is not in what is shown.
  [[nodiscard]] bool is_loss() const { return severity == "data_loss" || severity == "error"; }
};

using Details = std::vector<std::pair<std::string, std::string>>;
// Every column of one event as text; called on a click, reads the recording (a few ms).
using DetailSource =
    std::function<Details(uint32_t source_lane, trace::Kind kind, int64_t start_ns, int64_t duration_ns)>;

// An event that hangs together with another one: its launch or what it launched, the batch that was waited for, the rank that
// came last. `later`: the arrow leads to it.
enum class FlowKind : uint8_t { kLaunch, kBatch, kLateRank };
struct FlowModel {
  FlowKind kind = FlowKind::kLaunch;
  bool later = false;
  uint32_t source_lane = 0;
  int64_t start_ns = 0;
  int64_t duration_ns = 0;
};
// Called on a click, as DetailSource is.
using FlowSource = std::function<std::vector<FlowModel>(uint32_t source_lane, trace::Kind kind,
                                                        int64_t start_ns, int64_t duration_ns)>;
// What the ledger calls a stretch of time of a process: leaves with their ns, longest first. Called on a click.
using LeafTimes = std::vector<std::pair<std::string, int64_t>>;
using LeafSource = std::function<LeafTimes(uint32_t process, int64_t begin_ns, int64_t end_ns)>;

struct RunModel {
  std::string path;
  std::string label;
  std::string id;  // of the run wherever it lies: its first process, as recordings are named
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  uint64_t events = 0;
  bool preview = false;  // overview only, events still loading
  std::vector<NameEntry> names;
  std::vector<Category> category_of;  // by name id, beside `names` for the hot path
  std::vector<ProcessModel> processes;
  std::vector<LaneModel> lanes;      // in the order of processes
  std::vector<StepModel> steps;      // of the process whose steps the strip shows
  uint32_t step_lane = 0xFFFFFFFFU;  // index into lanes of the thread that drives the steps
  std::string step_method;           // sentence: how steps were found
  LedgerModel ledger;
  std::vector<Note> notes;
  DetailSource details;
  FlowSource flows;
  LeafSource leaves;
  // What it was made of: counters, batches, stacks and SQL are read from it when a view asks. Null in previews and tests.
  std::shared_ptr<const analysis::Run> source;

  [[nodiscard]] size_t resident_bytes() const;
  [[nodiscard]] size_t losses() const;  // notes that are one
};

// One event on screen.
struct EventRef {
  Side side = Side::kA;
  uint32_t lane = 0;
  uint32_t row = 0;
  uint32_t index = 0;
  friend bool operator==(const EventRef&, const EventRef&) = default;
};

}  // namespace stepscope::viewer
