// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {

void find_lost_records(const Case& c, std::vector<Finding>* out) {
  for (const AnalyzedRun& one : c.runs()) {
    uint64_t lost = 0;
    for (const RunLoss& loss : one.run->losses()) {
      lost += loss.severity == "data_loss" ? loss.count : 0;
    }
    if (lost > 0) {
      out->push_back(c.make("recording.loss", 0,
                            {fmt::format("{}: {} records were lost while recording", one.run->label(), lost),
                             "see 'stepscope info' for the counters; record with a lower level",
                             Confidence::kHigh,
                             {c.observed("records lost", "", {}, static_cast<double>(lost))}},
                            {}));
    }
  }
}

}  // namespace stepscope::analysis::finding
