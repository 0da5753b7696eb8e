// SPDX-License-Identifier: Apache-2.0
#include "viewer/words.hpp"

namespace stepscope::viewer {
namespace {

constexpr Word<Tab> kTabs[] = {
    {"terms", Tab::kTerms},        {"findings", Tab::kFindings},
    {"details", Tab::kDetails},    {"area", Tab::kArea},
    {"notes", Tab::kNotes},        {"marks", Tab::kMarks},
    {"delta-map", Tab::kDeltaMap}, {"waterfall", Tab::kWaterfall},
    {"movers", Tab::kMovers},      {"histogram", Tab::kHistogram},
    {"ranks", Tab::kRanks},        {"batches", Tab::kBatches},
    {"counters", Tab::kCounters},  {"flame", Tab::kFlame},
    {"events", Tab::kEvents},      {"sql", Tab::kSql},
};

constexpr Word<AlignMode> kAlignments[] = {
    {"step-start", AlignMode::kStepStart},
    {"step-length", AlignMode::kStepNormalised},
    {"time", AlignMode::kAbsolute},
    {"event", AlignMode::kAnchor},
};

constexpr Word<Arrangement> kArrangements[] = {{"paired", Arrangement::kSplit},
                                               {"stacked", Arrangement::kStacked}};
constexpr Word<Shown> kShown[] = {{"both", Shown::kBoth}, {"a", Shown::kOnlyA}, {"b", Shown::kOnlyB}};
constexpr Word<Side> kSides[] = {{"a", Side::kA}, {"b", Side::kB}};
constexpr Word<DeltaMeasure> kDeltas[] = {
    {"busy", DeltaMeasure::kBusy}, {"exposed", DeltaMeasure::kExposed}, {"idle", DeltaMeasure::kIdle}};

}  // namespace

std::span<const Word<Tab>> tab_words() {
  return kTabs;
}
std::span<const Word<AlignMode>> align_words() {
  return kAlignments;
}
std::span<const Word<Arrangement>> arrangement_words() {
  return kArrangements;
}
std::span<const Word<Shown>> shown_words() {
  return kShown;
}
std::span<const Word<Side>> side_words() {
  return kSides;
}
std::span<const Word<DeltaMeasure>> delta_words() {
  return kDeltas;
}

}  // namespace stepscope::viewer
