// SPDX-License-Identifier: Apache-2.0
#include "viewer/history.hpp"

namespace stepscope::viewer {
namespace {

// What changes while a key is held or a word is typed.
bool differ_in_motion_only(const Link& a, const Link& b) {
  Link moved = a;
  moved.range = b.range;
  moved.scroll = b.scroll;
  moved.search = b.search;
  return moved == b;
}

}  // namespace

void History::visit(const Link& view, double seconds) {
  if (views_.empty()) {
    views_.push_back(view);
    return;
  }
  if (views_[at_] == view) {
    return;
  }
  const bool moves = differ_in_motion_only(views_[at_], view);
  const bool same_move = moves && moving_ && seconds - last_s_ < kMomentS;
  last_s_ = seconds;
  moving_ = moves;
  views_.resize(at_ + 1);
  if (same_move) {
    views_[at_] = view;
    return;
  }
  views_.push_back(view);
  if (views_.size() > kMost) {
    views_.erase(views_.begin());
  }
  at_ = views_.size() - 1;
}

std::optional<Link> History::back() {
  if (!can_go_back()) {
    return std::nullopt;
  }
  moving_ = false;
  return views_[--at_];
}

void History::arrived(const Link& view) {
  if (!views_.empty()) {
    views_[at_] = view;
  }
}

std::optional<Link> History::forward() {
  if (!can_go_forward()) {
    return std::nullopt;
  }
  moving_ = false;
  return views_[++at_];
}

}  // namespace stepscope::viewer
