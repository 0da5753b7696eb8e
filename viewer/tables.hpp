// SPDX-License-Identifier: Apache-2.0
//
// What the tables of the window hold, as text to copy: the function that a row of views/registry.cpp names. Times are whole ns
// or, where the column says ms, ms. Empty while there is nothing in the table.
#pragma once

#include "viewer/app_state.hpp"
#include "viewer/model/table_text.hpp"

namespace stepscope::viewer {

[[nodiscard]] TableText steps_table(const AppState& state);
[[nodiscard]] TableText terms_table(const AppState& state);
[[nodiscard]] TableText findings_table(const AppState& state);
[[nodiscard]] TableText details_table(const AppState& state);
[[nodiscard]] TableText area_table(const AppState& state);
[[nodiscard]] TableText movers_table(const AppState& state);
[[nodiscard]] TableText recording_table(const AppState& state);
[[nodiscard]] TableText marks_table(const AppState& state);

}  // namespace stepscope::viewer
