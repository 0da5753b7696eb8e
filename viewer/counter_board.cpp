// SPDX-License-Identifier: Apache-2.0
#include "viewer/counter_board.hpp"

#include <algorithm>

namespace stepscope::viewer {
namespace {

constexpr size_t kMostTelling = 3;

// Of the runs whose events are there. What of them is on screen is a matter of drawing.
std::array<uint64_t, 2> loaded_numbers(const AppState& state) {
  std::array<uint64_t, 2> numbers{};
  for (const Side side : {Side::kA, Side::kB}) {
    const RunModel* run = state.run(side);
    numbers.at(index_of(side)) = run != nullptr && !run->preview && run->source ? state.run_number(side) : 0;
  }
  return numbers;
}

std::shared_ptr<const CounterBoard> read_board(const std::array<std::shared_ptr<const RunModel>, 2>& runs,
                                               const Cancelled& cancelled) {
  auto board = std::make_shared<CounterBoard>();
  for (size_t s = 0; s < 2; ++s) {
    if (runs.at(s) && runs.at(s)->source) {
      board->read.at(s) = read_counters(*runs.at(s)->source, *runs.at(s), cancelled);
    }
  }
  board->pairs = pair_counters(board->read[0].lines, board->read[1].lines);
  board->telling = telling_counters(board->pairs, kMostTelling);
  return board;
}

}  // namespace

const CounterBoard* counter_board(AppState& state) {
  const auto* answer = state.counters.ask(state.background, loaded_numbers(state), [&] {
    return [runs = std::array{state.run_data(Side::kA), state.run_data(Side::kB)}](
               const Cancelled& cancelled) { return read_board(runs, cancelled); };
  });
  return answer != nullptr ? answer->get() : nullptr;
}

std::vector<size_t> timeline_counters(const AppState& state, const CounterBoard& board) {
  const auto& chosen = state.view_options.counter_rows;
  if (!chosen) {
    return board.telling;
  }
  std::vector<size_t> rows;
  for (size_t i = 0; i < board.pairs.size() && rows.size() < chosen->size(); ++i) {
    if (chosen->contains(board.pairs[i].any().key)) {
      rows.push_back(i);
    }
  }
  return rows;
}

void toggle_timeline_counter(AppState& state, const CounterBoard& board, size_t row) {
  auto& chosen = state.view_options.counter_rows;
  if (!chosen) {
    chosen.emplace();
    for (const size_t telling : board.telling) {
      chosen->insert(board.pairs[telling].any().key);
    }
  }
  const std::string& key = board.pairs[row].any().key;
  if (chosen->erase(key) == 0) {
    chosen->insert(key);
    state.panes.counters = 1;
  }
}

}  // namespace stepscope::viewer
