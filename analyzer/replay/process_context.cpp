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
      parts_(pieces.labels().leaves().size(), kFixedPart),
      texts_(pieces.labels().leaves().size(), 0) {
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
  return counting && after != train_.begin() && std::prev(after)->end_ns > ns;
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

void ProcessContext::spend(Moment cause, Moment effect, uint32_t label, Link link, uint32_t text) {
  const int64_t begin = graph_.recorded(cause);
  const int64_t total = graph_.recorded(effect) - begin;
  const bool counts = counted(begin);
  if (!Labels::is_mix(label) || total <= 0) {
    const std::array<Cause, 1> causes = {Cause{cause, 0, part_of(label), kNoSite, link, text}};
    graph_.follow(effect, causes, counts);
    return;
  }
  int64_t spent = 0;
  pieces_.labels().split(label, total, [&](uint32_t leaf_id, int64_t ns) {
    if (ns <= 0) {
      return;
    }
    spent += ns;
    const Moment next = spent == total ? effect : graph_.at(begin + spent, graph_.actor_of(effect));
    graph_.fix(next, Cause{cause, 0, part_of(leaf_id), kNoSite, link, 0}, ns, counts);
    cause = next;
  });
}

Moment ProcessContext::spend(Moment cause, int64_t ns, std::string_view leaf_name) {
  if (ns <= 0) {
    return cause;
  }
  const int64_t begin = graph_.recorded(cause);
  const Moment next = graph_.at(begin + ns, graph_.actor_of(cause));
  graph_.fix(next, Cause{cause, 0, part_of(leaf_name), kNoSite, Link::kWorker, 0}, ns, counted(begin));
  return next;
}

void ProcessContext::spend_pieces(Moment cause, Moment effect, Link link) {
  const int64_t begin = graph_.recorded(cause);
  const int64_t end = graph_.recorded(effect);
  if (end <= begin) {
    graph_.fix(effect, Cause{cause, 0, kFixedPart, kNoSite, link, 0}, 0, false);
    return;
  }
  pieces_.each_piece(begin, end, [&](int64_t, int64_t until, uint32_t label, uint32_t host_label) {
    const Moment next = until == end ? effect : graph_.at(until, graph_.actor_of(effect));
    const bool supplied = host_link(host_label) == Link::kWorker;
    spend(cause, next, label, supplied ? Link::kWorker : link, supplied ? 0 : host_text(host_label));
    cause = next;
  });
}

uint32_t ProcessContext::lane_actor(uint32_t trace_lane) {
  const auto [at, fresh] = lane_actors_.try_emplace(trace_lane, 0);
  if (fresh) {
    const uint32_t lane = run_.global_lane(process(), trace_lane);
    at->second = graph_.actor(process(), lane == kNoLane ? std::string_view() : run_.lanes()[lane].name);
  }
  return at->second;
}

uint32_t ProcessContext::name_text(uint32_t name) {
  const auto [at, fresh] = name_texts_.try_emplace(name, 0);
  if (fresh) {
    at->second = graph_.text(run_.name(name));
  }
  return at->second;
}

uint32_t ProcessContext::host_text(uint32_t host_label) {
  if (Labels::is_mix(host_label)) {
    return 0;
  }
  uint32_t& text = texts_[host_label];
  if (text == 0) {
    text = graph_.text(pieces_.labels().leaves()[host_label]);
  }
  return text;
}

Link ProcessContext::host_link(uint32_t host_label) const {
  if (Labels::is_mix(host_label)) {
    return Link::kWorker;
  }
  const std::string& name = pieces_.labels().leaves()[host_label];
  return name.starts_with(leaf::kDataPrefix) && name != leaf::kDataOther && name != leaf::kPin
             ? Link::kWorker
             : Link::kThread;
}

}  // namespace stepscope::analysis
