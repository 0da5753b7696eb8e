// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/chain_walker.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace stepscope::analysis {
namespace {

// A graph may have a circle of moments at one and the same time, where the recording contradicts itself. No chain of causes
// without time between them is that long.
constexpr size_t kLongestStandstill = 10'000;

}  // namespace

ChainWalker::ChainWalker(const RecordedGraph& graph, std::vector<int64_t> offsets_ns)
    : graph_(graph), offsets_ns_(std::move(offsets_ns)), first_(graph.graph().moment_count() + 1, 0) {
  const std::span<const ReplayGraph::Edge> edges = graph.graph().edges();
  for (const ReplayGraph::Edge& edge : edges) {
    ++first_[edge.to + 1];
  }
  for (size_t m = 1; m < first_.size(); ++m) {
    first_[m] += first_[m - 1];
  }
  std::vector<uint32_t> at(first_.begin(), first_.end() - 1);
  incoming_.resize(edges.size());
  for (const ReplayGraph::Edge& edge : edges) {
    incoming_[at[edge.to]++] = {edge.from, edge.number};
  }
}

// A moment on nobody's clock is when the last of its causes is.
int64_t ChainWalker::time_of(Moment moment, int64_t own_offset_ns) const {
  const uint32_t actor = graph_.actor_of(moment);
  if (actor != kNoActor) {
    return graph_.recorded(moment) + offsets_ns_[graph_.actors()[actor].process] - own_offset_ns;
  }
  int64_t last = std::numeric_limits<int64_t>::min();
  for (const Incoming& one : incoming(moment)) {
    const uint32_t of = graph_.actor_of(one.from);
    const int64_t offset = of == kNoActor ? 0 : offsets_ns_[graph_.actors()[of].process] - own_offset_ns;
    last = std::max(last, graph_.recorded(one.from) + offset);
  }
  return last;
}

// The one that allowed the moment last. What came after `now` cannot have been it, collectives apart: there two clocks meet.
const ChainWalker::Incoming* ChainWalker::last_cause(Moment moment, int64_t now,
                                                     int64_t own_offset_ns) const {
  const Incoming* last = nullptr;
  std::pair<int64_t, int64_t> latest;
  for (const Incoming& one : incoming(moment)) {
    if (one.from == ReplayGraph::kOrigin) {
      continue;
    }
    const bool across = graph_.actor_of(moment) == kNoActor || graph_.actor_of(one.from) == kNoActor;
    const int64_t time = time_of(one.from, own_offset_ns);
    const std::pair allowed(time + graph_.graph().weights()[one.edge], time);
    if ((time <= now || across) && (last == nullptr || allowed > latest)) {
      last = &one;
      latest = allowed;
    }
  }
  return last;
}

std::vector<ChainSegment> ChainWalker::walk(uint32_t process, Moment end, const TimeRange& span) const {
  const int64_t own_offset_ns = offsets_ns_[process];
  std::vector<ChainSegment> out;
  const auto add = [&out](const ChainSegment& segment) {  // going back
    ChainSegment* const next = out.empty() ? nullptr : &out.back();
    if (next != nullptr && next->link == segment.link && next->process == segment.process &&
        next->actor == segment.actor && next->what == segment.what) {
      next->begin_ns = segment.begin_ns;
    } else {
      out.push_back(segment);
    }
  };
  Moment moment = end;
  int64_t now = span.end_ns;
  size_t standstill = 0;
  while (now > span.begin_ns) {
    const Incoming* cause =
        standstill < kLongestStandstill ? last_cause(moment, now, own_offset_ns) : nullptr;
    if (cause == nullptr) {
      add({Link::kUnrecorded, span.begin_ns, now, process, {}, "nothing before"});
      break;
    }
    const int64_t from = std::max(span.begin_ns, std::min(now, time_of(cause->from, own_offset_ns)));
    if (from < now) {
      const Actor& actor = graph_.actors()[graph_.actor_of(moment)];
      add({graph_.edge_infos()[cause->edge].link, from, now, actor.process, actor.name,
           graph_.edge_text(cause->edge)});
      standstill = 0;
    } else {
      ++standstill;
    }
    now = from;
    moment = cause->from;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace stepscope::analysis
