// SPDX-License-Identifier: Apache-2.0
//
// Made-up summaries of runs.
#pragma once

#include <string>

#include "analyzer/gate/run_summary.hpp"

namespace stepscope::analysis {

inline RunSummary summary_of(const std::string& id, int64_t median_ns,
                             const std::string& key = "0123456789abcdef") {
  RunSummary out;
  out.run = "runs/" + id;
  out.id = id;
  out.started_ns = 1'700'000'000'000'000'000;
  out.commit = "c" + id;
  out.fingerprint.key = key;
  out.fingerprint.facts = {{"gpu.model", "H100"}, {"world_size", "8"}};
  out.median_step_ns = median_ns;
  out.train_step_ns = {median_ns - 1, median_ns, median_ns + 1};
  out.train_steps = 3;
  out.class_steps = {3, 1, 0, 0, 0};
  out.step_method = "api";
  out.metrics = {{"step_p95_ns", 2.5e6}, {"leaf/data.fetch.cpu_ns", 1e6 / 3}};
  return out;
}

}  // namespace stepscope::analysis
