// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analyzer/findings/rule.hpp"
#include "analyzer/findings/words.hpp"

namespace stepscope::analysis::finding {
namespace {

// PyTorch's iterators, as profilers and NVTX name them; what stands behind the class is the method.
bool is_single_process(std::string_view iterator) {
  return iterator.starts_with("_SingleProcessDataLoaderIter");
}
bool is_multi_process(std::string_view iterator) {
  return iterator.starts_with("_MultiProcessingDataLoaderIter");
}

// What the loader's iterator says about a wait that has no record of its batches.
std::optional<Sentence> by_iterator(const Case& c, int64_t ns) {
  const std::string& now = c.candidate().iterator;
  const std::string before = c.one_run() ? "" : c.base().iterator;
  if (is_single_process(now) && is_multi_process(before)) {
    return Sentence{
        fmt::format("data loading: the loader has no workers any more; the training thread makes the "
                    "batches itself ({})",
                    c.amount(ns)),
        "set num_workers back", Confidence::kHigh};
  }
  if (is_multi_process(now) && is_single_process(before)) {
    return Sentence{
        fmt::format("data loading: the loader has workers now; the training thread made the batches "
                    "itself in the base ({})",
                    c.amount(ns)),
        "", Confidence::kHigh};
  }
  if (is_single_process(now)) {
    return Sentence{
        fmt::format("data loading: the training thread makes the batches itself, without workers ({})",
                    c.amount(ns)),
        "use workers (num_workers), or make __getitem__ and collate cheaper", Confidence::kMedium};
  }
  if (is_multi_process(now)) {
    return Sentence{
        fmt::format("data loading: the training thread waits for its workers; what they did is not in "
                    "this recording ({})",
                    c.amount(ns)),
        "record the job with 'stepscope record' to see what the workers did", Confidence::kMedium};
  }
  return std::nullopt;
}

}  // namespace

void find_untraced_wait(const Case& c, std::vector<Finding>* out) {
  const std::optional<Effect> effect = c.notable(leaf::kDataOther);
  if (!effect.has_value()) {
    return;
  }
  std::optional<Sentence> sentence = by_iterator(c, effect->ns);
  const double unjoined = c.candidate().supply.unjoined_share;
  if (!sentence.has_value() && unjoined >= 0.2) {
    sentence =
        Sentence{fmt::format("the wait for data cannot be traced: {} of the batches have no record of the "
                             "worker that made them ({})",
                             percent(unjoined), c.amount(effect->ns)),
                 "record the worker processes too: check 'stepscope doctor'",
                 Confidence::kLow,
                 {c.observed("share of batches without a record", "", {}, unjoined)}};
  }
  if (sentence.has_value()) {
    if (!c.candidate().iterator.empty()) {
      const std::string before = c.one_run() ? "" : c.base().iterator;
      sentence->evidence.push_back(
          c.observed("iterator", "", before.empty() ? Observation::Value() : before, c.candidate().iterator));
    }
    out->push_back(c.explanation(*effect, std::move(*sentence), {{leaf::kDataOther}}));
  }
}

}  // namespace stepscope::analysis::finding
