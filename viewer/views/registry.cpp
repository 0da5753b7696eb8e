// SPDX-License-Identifier: Apache-2.0
#include "viewer/tables.hpp"
#include "viewer/views/views.hpp"

namespace stepscope::viewer {
namespace {

constexpr ViewRow kViews[] = {
    {"toolbar", Region::kToolbar, Tab::kTerms, "", &make_toolbar_view},
    {"strip", Region::kStrip, Tab::kTerms, "", &make_step_strip_view, &steps_table},
    {"timeline", Region::kTimeline, Tab::kTerms, "", &make_timeline_view},
    {"terms", Region::kTable, Tab::kTerms, "Where the time goes", &make_terms_view, &terms_table},
    // Tabs, in the order they stand in: what changed, then what is selected, then the recording.
    {"findings", Region::kTab, Tab::kFindings, "Findings", &make_findings_view, &findings_table},
    {"waterfall", Region::kTab, Tab::kWaterfall, "Waterfall", &make_waterfall_view},
    {"movers", Region::kTab, Tab::kMovers, "Movers", &make_movers_view, &movers_table},
    {"delta_map", Region::kTab, Tab::kDeltaMap, "Delta map", &make_delta_map_view},
    {"ranks", Region::kTab, Tab::kRanks, "Ranks", &make_ranks_view},
    {"batches", Region::kTab, Tab::kBatches, "Batches", &make_batches_view},
    {"counters", Region::kTab, Tab::kCounters, "Counters", &make_counters_view},
    {"details", Region::kTab, Tab::kDetails, "Details", &make_details_view, &details_table},
    {"area", Region::kTab, Tab::kArea, "Area", &make_area_view, &area_table},
    {"histogram", Region::kTab, Tab::kHistogram, "Histogram", &make_histogram_view},
    {"flame", Region::kTab, Tab::kFlame, "Flame", &make_flame_view},
    {"events", Region::kTab, Tab::kEvents, "Events", &make_events_view},
    {"sql", Region::kTab, Tab::kSql, "SQL", &make_sql_view},
    {"marks", Region::kTab, Tab::kMarks, "Marks", &make_marks_view, &marks_table},
    {"notes", Region::kTab, Tab::kNotes, "Recording", &make_notes_view, &recording_table},
    {"status", Region::kStatus, Tab::kTerms, "", &make_status_view},
    {"help", Region::kOverlay, Tab::kTerms, "", &make_help_view},
    {"palette", Region::kOverlay, Tab::kTerms, "", &make_palette_view},
};

constexpr LinkedRow kLinked[] = {
    {"toolbar", "run", "run"},
    {"strip", "time steps", "steps"},
    {"timeline", "time lanes names steps run", "time lanes names steps"},
    {"terms", "", "names steps"},
    {"findings", "", "names steps"},
    {"details", "", "names"},
    {"area", "time lanes names steps run", "names"},
    {"status", "time lanes names steps run", ""},
    {"delta_map", "time lanes steps", "steps"},
    {"waterfall", "", "names steps"},
    {"movers", "names run", "names steps"},
    {"histogram", "time lanes names steps run", ""},
    {"ranks", "time lanes steps run", "steps"},
    {"batches", "time lanes steps run", "names steps"},
    {"counters", "time steps run", ""},
    {"flame", "time lanes names steps run", "names"},
    {"events", "time lanes names steps run", ""},
};

}  // namespace

std::span<const ViewRow> view_table() {
  return kViews;
}

std::span<const LinkedRow> linked_table() {
  return kLinked;
}

}  // namespace stepscope::viewer
