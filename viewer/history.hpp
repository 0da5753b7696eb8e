// SPDX-License-Identifier: Apache-2.0
//
// History: where one has been, for back and forward. Remembers views (Link), at most kMost of them. What follows within a
// moment and only moves the view (a pan, a zoom or a scroll held down, a word typed into the search) is one place.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "viewer/link.hpp"

namespace stepscope::viewer {

class History {
 public:
  static constexpr size_t kMost = 200;
  static constexpr double kMomentS = 1.0;

  // The view now; `seconds` of a steady clock. The same view again changes nothing. A new one after going back drops what
  // was ahead.
  void visit(const Link& view, double seconds);
  // The view to go to, or none at the end.
  [[nodiscard]] std::optional<Link> back();
  [[nodiscard]] std::optional<Link> forward();
  // What became of it: a view that cannot be had exactly again (a run has gone) must not count as a new one.
  void arrived(const Link& view);
  [[nodiscard]] bool can_go_back() const { return at_ > 0; }
  [[nodiscard]] bool can_go_forward() const { return at_ + 1 < views_.size(); }

 private:
  std::vector<Link> views_;
  size_t at_ = 0;
  double last_s_ = 0;    // of the last visit that changed anything
  bool moving_ = false;  // the place now was reached by moving the view alone
};

}  // namespace stepscope::viewer
