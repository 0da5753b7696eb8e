// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/process_context.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

namespace stepscope::analysis {

ProcessContext::ProcessContext(const Run& run, const ProcessSteps& steps, const TimeRange& window,
                               const HostPieces& pieces, RecordedGraph& graph)
    : run_(run),
      steps_(steps),
      window_(window),
      pieces_(pieces),
      graph_(graph),
      rank_(run.processes()[steps.process].rank),
      parts_(pieces.labels().leaves().size(), kFixedPart) {
  for (const Step& step : steps.steps) {
    if (step.step_class == StepClass::kTrain && step.begin_ns >= window.begin_ns &&
        step.end_ns <= window.end_ns) {
      train_.push_back({step.begin_ns, step.end_ns});
    }
  }
}

bool ProcessContext::counted(int64_t ns) const {
  const auto after = std::upper_bound(train_.begin(), train_.end(), ns,
                                      [](int64_t value, const TimeRange& r) { return value < r.begin_ns; });
  return after != train_.begin() && std::prev(after)->end_ns > ns;
}

uint32_t ProcessContext::part_of(uint32_t label) {
  if (Labels::is_mix(label)) {
    int64_t most = 0;
    uint32_t largest = 0;
    pieces_.labels().split(label, 1'000'000, [&](uint32_t leaf_id, int64_t share) {
      largest = share > most ? leaf_id : largest;
      most = std::max(most, share);
    });
    label = largest;
  }
  uint32_t& part = parts_[label];
  if (part == kFixedPart) {
    part = graph_.part(rank_, pieces_.labels().leaves()[label]);
  }
  return part;
}

uint32_t ProcessContext::part_of(std::string_view leaf_name) {
  return graph_.part(rank_, std::string(leaf_name));
}

void ProcessContext::spend(Moment cause, Moment effect, uint32_t label) {
  const int64_t begin = graph_.recorded(cause);
  const int64_t total = graph_.recorded(effect) - begin;
  const bool counts = counted(begin);
  if (!Labels::is_mix(label) || total <= 0) {
    const std::array<Cause, 1> causes = {Cause{cause, 0, part_of(label), kNoSite}};
    graph_.follow(effect, causes, counts);
    return;
  }
  int64_t spent = 0;
  pieces_.labels().split(label, total, [&](uint32_t leaf_id, int64_t ns) {
    if (ns <= 0) {
      return;
    }
    spent += ns;
    const Moment next = spent == total ? effect : graph_.at(begin + spent);
    graph_.fix(next, Cause{cause, 0, part_of(leaf_id), kNoSite}, ns, counts);
    cause = next;
  });
}

Moment ProcessContext::spend(Moment cause, int64_t ns, std::string_view leaf_name) {
  if (ns <= 0) {
    return cause;
  }
  const int64_t begin = graph_.recorded(cause);
  const Moment next = graph_.at(begin + ns);
  graph_.fix(next, Cause{cause, 0, part_of(leaf_name), kNoSite}, ns, counted(begin));
  return next;
}

}  // namespace stepscope::analysis
