// SPDX-License-Identifier: Apache-2.0
//
// Job traces of the StragglerAnalysis artifact (OSDI'25, "what-if" study of stragglers): one line per operation of a pipeline
// stage of a data-parallel rank in a step, as CSV packed with gzip. Times in the files are seconds; here ns.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace stepscope::analysis::job_trace {

struct Operation {
  std::string type;       // "forward-compute", "grads-reduce-scatter", ...
  int64_t sequence = 0;   // of its type on this stage in this step
  int64_t stage = 0;      //
  int64_t data_rank = 0;  //
  int64_t step = 0;       //
  int64_t chunk = 0;      // of the model
  int64_t begin_ns = 0, end_ns = 0;

  [[nodiscard]] auto order() const { return std::tuple(begin_ns, sequence, type); }
};

struct Trace {
  std::vector<Operation> operations;
  int64_t stages = 0, data_ranks = 0;
  std::vector<int64_t> steps;  // their numbers, ascending
};

// Throws std::runtime_error when the file cannot be read.
[[nodiscard]] Trace read_trace(const std::string& path);

}  // namespace stepscope::analysis::job_trace
