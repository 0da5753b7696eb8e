// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {

// Compute has no evidence but its own numbers on a host-only run: one sentence for forward and backward together.
void find_model_time(const Case& c, std::vector<Finding>* out) {
  // Growth of the run-queue wait from which on it is worth a word, as a share of wall time.
  constexpr double kMoreQueueing = 0.1;
  if (!c.changed(leaf::kForward).has_value() && !c.changed(leaf::kBackward).has_value()) {
    return;
  }
  int64_t total = 0;
  for (const Term& one : c.diff().terms) {
    total += one.name == leaf::kForward || one.name == leaf::kBackward ? one.delta_ns : 0;
  }
  Sentence sentence{fmt::format("the model itself takes {}: forward and backward {}",
                                total > 0 ? "longer" : "less time", c.amount(total)),
                    "", Confidence::kMedium};
  const double queued_before = c.base().host.main_runq_share;
  const double queued = c.candidate().host.main_runq_share;
  if (total > 0 && queued_before >= 0 && queued > queued_before + kMoreQueueing) {
    sentence.text = fmt::format(
        "forward and backward take {}, and the training process waits for a CPU: {} of the time, {} in the "
        "base",
        c.amount(total), percent(queued), percent(queued_before));
    sentence.evidence.push_back(
        c.observed("runnable without a CPU, share of time", "", queued_before, queued));
    sentence.advice = "something competes for its CPUs: the loader's workers, other threads, other programs";
  }
  out->push_back(c.make("compute", total, std::move(sentence), {{leaf::kForward, leaf::kBackward}}));
}

}  // namespace stepscope::analysis::finding
