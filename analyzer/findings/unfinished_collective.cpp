// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/desync.hpp"
#include "analyzer/findings/rule.hpp"

namespace stepscope::analysis::finding {

// Where a job hangs, from dumps of flight recorders. It has no effect per step: the step does not end.
void find_unfinished_collective(const Case& c, std::vector<Finding>* out) {
  if (!c.one_run()) {
    return;
  }
  const Result<DesyncReport> report = find_desync(*c.run().run);
  if (!report.ok() || report.value().first.empty()) {
    return;
  }
  const Desync& first = report.value().first.front();
  const bool proven = first.kind == DesyncKind::kMissingRank || first.kind == DesyncKind::kMismatch;
  Sentence sentence("the job hangs: " + desync_sentence(first),
                    proven ? "look at where those ranks are: py-spy dump, their last log lines"
                           : "look at the network and the GPUs of these ranks: dmesg, NCCL_DEBUG=INFO",
                    proven ? Confidence::kHigh : Confidence::kMedium);
  for (const DesyncRank& one : first.ranks) {
    sentence.evidence.push_back(
        c.observed(fmt::format("rank {}", one.rank), "", {}, std::string(rank_state_name(one.state))));
  }
  out->push_back(c.make("collective.unfinished", 0, std::move(sentence), {}));
}

}  // namespace stepscope::analysis::finding
