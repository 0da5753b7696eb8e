// SPDX-License-Identifier: Apache-2.0
//
// simulate: runs a job that does not exist, and says what happened when, on one true clock.
//
// Each rank has a thread that goes through its program (blueprint.hpp), a GPU (machine.hpp) and a data loader (loader.hpp). How
// long a step takes is nowhere said: it follows. What is slower but has the time costs nothing; a rank that comes late to a
// collective makes the others wait.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/scenarios/generator/blueprint.hpp"
#include "tests/scenarios/generator/job.hpp"
#include "tests/scenarios/generator/loader.hpp"
#include "tests/scenarios/generator/machine.hpp"

namespace stepscope::scenarios {

// All times: ns, [begin, end).
struct Call {
  int64_t begin_ns = 0, end_ns = 0, correlation = 0;
  std::string_view name;
  Thread thread = Thread::kMain;
};
struct Span {  // a phase or range of the main thread
  int64_t begin_ns = 0, end_ns = 0;
  const Op* op = nullptr;
};
struct Pause {
  int64_t begin_ns = 0, end_ns = 0;
};
struct GraphRun {
  uint32_t first = 0, last = 0;  // Work, both inclusive
  int64_t step = 0, correlation = 0;
};

struct RankHistory {
  std::vector<Work> works;
  std::vector<GraphRun> graphs;
  std::vector<Call> calls;
  std::vector<Span> spans;
  std::vector<Pause> gc, checkpoints;
  std::vector<MadeBatch> batches;
  std::vector<int64_t> marks;  // step boundaries: step k runs from marks[k] to marks[k + 1]
  int64_t end_ns = 0;
  bool lost = false;  // works are missing, and the recording says so
};

struct History {
  std::vector<std::vector<Op>> programs;  // per rank; what the ranks' histories point to
  std::vector<RankHistory> ranks;
};

// Throws std::logic_error when the ranks wait for each other for ever.
[[nodiscard]] History simulate(const Job& job, uint64_t seed);

}  // namespace stepscope::scenarios
