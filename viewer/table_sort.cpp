// SPDX-License-Identifier: Apache-2.0
#include "viewer/table_sort.hpp"

#include <imgui_internal.h>

#include "viewer/imgui_compat.hpp"

namespace stepscope::viewer {

bool TableSort::sync(int& order, bool& descending) {
  ImGuiTable* table = GImGui->CurrentTable;
  if (table == nullptr) {
    return false;
  }
  const Seen before = seen_;
  Seen now{table->ID, order, descending};
  if (now != seen_) {
    // 1. The state changed, or the table is new: its arrow follows.
    for (int column = 0; column < table->ColumnsCount; ++column) {
      if (static_cast<int>(compat::column_user_id(table->Columns[column])) == order) {
        ImGui::TableSetColumnSortDirection(
            column, descending ? ImGuiSortDirection_Descending : ImGuiSortDirection_Ascending, false);
        break;
      }
    }
    if (ImGuiTableSortSpecs* specs = ImGui::TableGetSortSpecs()) {
      specs->SpecsDirty = false;
    }
  } else if (ImGuiTableSortSpecs* specs = ImGui::TableGetSortSpecs();
             specs != nullptr && specs->SpecsDirty && specs->SpecsCount > 0) {
    // 2. A heading was clicked.
    order = static_cast<int>(specs->Specs[0].ColumnUserID);
    descending = specs->Specs[0].SortDirection == ImGuiSortDirection_Descending;
    specs->SpecsDirty = false;
    now = {table->ID, order, descending};
  }
  seen_ = now;
  return seen_ != before;
}

}  // namespace stepscope::viewer
