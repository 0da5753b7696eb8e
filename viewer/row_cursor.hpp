// SPDX-License-Identifier: Apache-2.0
//
// RowCursor: the row (box, cell) of a view that keys have come to. Commands ask through AppState::row_command; the view in front
// takes what was asked when it is drawn.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <imgui.h>

#include "viewer/app_state.hpp"

namespace stepscope::viewer {

class RowCursor {
 public:
  // Moves among `count` rows; from nowhere to the first or the last. True when the row it is on is to be opened.
  [[nodiscard]] bool take(AppState& state, size_t count) {
    const RowCommand asked = std::exchange(state.row_command, RowCommand());
    moved_ = asked.by != 0 && count > 0;
    if (moved_) {
      const auto last = static_cast<int64_t>(count) - 1;
      const int64_t from = at_ ? static_cast<int64_t>(*at_) : asked.by > 0 ? -1 : last + 1;
      at_ = static_cast<size_t>(std::clamp<int64_t>(from + asked.by, 0, last));
    }
    if (at_ && *at_ >= count) {
      at_.reset();
    }
    return asked.open && at_.has_value();
  }
  [[nodiscard]] bool on(size_t row) const { return at_ == row; }
  [[nodiscard]] const std::optional<size_t>& at() const { return at_; }
  // By the last take(): it is to be brought into sight.
  [[nodiscard]] bool moved() const { return moved_; }

 private:
  std::optional<size_t> at_;
  bool moved_ = false;
};

// Inside a scrolling ImGui table, before its rows: brings the row that keys came to into sight.
inline void show_row(const RowCursor& cursor) {
  if (cursor.moved()) {
    const float row = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
    ImGui::SetScrollY(row * std::max(0.0F, static_cast<float>(*cursor.at()) - 2));
  }
}

}  // namespace stepscope::viewer
