// SPDX-License-Identifier: Apache-2.0
//
// TableSort: keeps the arrow in the header of an ImGui table and the order in AppState the same, whichever of them changed.
#pragma once

#include <imgui.h>

#include "viewer/view_options.hpp"

namespace stepscope::viewer {

class TableSort {
 public:
  // Between TableSetupColumn and the rows. A column's user id is the order it stands for, as a number. True when the order
  // changed since the last call, or this is another table.
  template <typename Order>
  bool sync(Sorting<Order>& sort) {
    int order = static_cast<int>(sort.order);
    const bool changed = sync(order, sort.descending);
    sort.order = static_cast<Order>(order);
    return changed;
  }

 private:
  bool sync(int& order, bool& descending);

  struct Seen {
    ImGuiID table = 0;
    int order = -1;
    bool descending = false;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  Seen seen_;
};

}  // namespace stepscope::viewer
