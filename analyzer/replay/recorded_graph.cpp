// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/recorded_graph.hpp"

#include <algorithm>

namespace stepscope::analysis {

uint32_t RecordedGraph::part(int32_t rank, const std::string& leaf) {
  const auto [at, fresh] = part_ids_.try_emplace({rank, leaf}, static_cast<uint32_t>(parts_.size()));
  if (fresh) {
    parts_.push_back({rank, leaf, 0});
  }
  return at->second;
}

uint32_t RecordedGraph::site(const std::string& name) {
  const auto [at, fresh] = site_ids_.try_emplace(name, static_cast<uint32_t>(sites_.size()));
  if (fresh) {
    sites_.push_back({name, 0, {}});
  }
  return at->second;
}

Moment RecordedGraph::at(int64_t recorded_ns) {
  recorded_.push_back(recorded_ns);
  return graph_.add_moment();
}

void RecordedGraph::add(Moment effect, const Cause& cause, int64_t ns) {
  const uint32_t edge = graph_.add_edge(cause.moment, effect, ns);
  edge_parts_.push_back(cause.part);
  if (cause.site != kNoSite) {
    sites_[cause.site].edges.push_back(edge);
  }
}

void RecordedGraph::follow(Moment effect, std::span<const Cause> causes, bool counted) {
  const Cause* last = nullptr;
  int64_t earliest = 0;
  for (const Cause& cause : causes) {
    const int64_t allowed = recorded_[cause.moment] + cause.least_ns;
    if (last == nullptr || allowed > earliest) {
      last = &cause;
      earliest = allowed;
    }
  }
  const int64_t rest = std::max<int64_t>(0, recorded_[effect] - earliest);
  for (const Cause& cause : causes) {
    add(effect, cause, cause.least_ns + rest);
  }
  if (counted && last != nullptr) {
    parts_[last->part].total_ns += static_cast<double>(last->least_ns + rest);
    for (const Cause& cause : causes) {
      if (cause.site != kNoSite) {
        ++sites_[cause.site].waits;
        break;
      }
    }
  }
}

void RecordedGraph::fix(Moment effect, const Cause& cause, int64_t ns, bool counted) {
  add(effect, cause, ns);
  if (counted) {
    parts_[cause.part].total_ns += static_cast<double>(ns);
  }
}

void RecordedGraph::anchor(Moment moment, int64_t offset_ns) {
  add(moment, Cause{ReplayGraph::kOrigin, 0, kFixedPart, kNoSite}, recorded_[moment] + offset_ns);
}

}  // namespace stepscope::analysis
