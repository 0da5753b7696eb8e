// SPDX-License-Identifier: Apache-2.0
//
// Counter board: the counters of both runs, paired, as the rows under the timeline and the tab show them. Read on the thread of
// background.hpp the first time that a view asks.
#pragma once

#include <array>
#include <vector>

#include "viewer/app_state.hpp"
#include "viewer/counter_reader.hpp"
#include "viewer/model/counters.hpp"

namespace stepscope::viewer {

struct CounterBoard {
  std::array<CounterLines, 2> read;  // by Side
  std::vector<CounterPair> pairs;    // into `read`
  std::vector<size_t> telling;       // of them: what stands under the timeline unless rows are chosen
};

// Of the runs as they are, or as they were while those of now are read; null before the first.
[[nodiscard]] const CounterBoard* counter_board(AppState& state);
// The rows under the timeline: positions in board.pairs, ascending.
[[nodiscard]] std::vector<size_t> timeline_counters(const AppState& state, const CounterBoard& board);
// Puts a row of the board under the timeline, or takes it away.
void toggle_timeline_counter(AppState& state, const CounterBoard& board, size_t row);

}  // namespace stepscope::viewer
