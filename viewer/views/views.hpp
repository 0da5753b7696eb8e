// SPDX-License-Identifier: Apache-2.0
//
// Factories of the views, one per file of this folder.
#pragma once

#include <memory>

#include "viewer/view.hpp"

namespace stepscope::viewer {

[[nodiscard]] std::unique_ptr<View> make_toolbar_view();
[[nodiscard]] std::unique_ptr<View> make_step_strip_view();
[[nodiscard]] std::unique_ptr<View> make_timeline_view();
[[nodiscard]] std::unique_ptr<View> make_terms_view();
[[nodiscard]] std::unique_ptr<View> make_findings_view();
[[nodiscard]] std::unique_ptr<View> make_details_view();
[[nodiscard]] std::unique_ptr<View> make_area_view();
[[nodiscard]] std::unique_ptr<View> make_notes_view();
[[nodiscard]] std::unique_ptr<View> make_histogram_view();
[[nodiscard]] std::unique_ptr<View> make_ranks_view();
[[nodiscard]] std::unique_ptr<View> make_batches_view();
[[nodiscard]] std::unique_ptr<View> make_counters_view();
[[nodiscard]] std::unique_ptr<View> make_flame_view();
[[nodiscard]] std::unique_ptr<View> make_events_view();
[[nodiscard]] std::unique_ptr<View> make_sql_view();
[[nodiscard]] std::unique_ptr<View> make_status_view();
[[nodiscard]] std::unique_ptr<View> make_help_view();
[[nodiscard]] std::unique_ptr<View> make_marks_view();
[[nodiscard]] std::unique_ptr<View> make_palette_view();
[[nodiscard]] std::unique_ptr<View> make_delta_map_view();
[[nodiscard]] std::unique_ptr<View> make_waterfall_view();
[[nodiscard]] std::unique_ptr<View> make_movers_view();

}  // namespace stepscope::viewer
