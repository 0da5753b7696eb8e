// SPDX-License-Identifier: Apache-2.0
#include "analyzer/replay/recorded_graph.hpp"

#include <algorithm>
#include <array>

namespace stepscope::analysis {

std::string_view link_name(Link link) {
  static constexpr std::array<std::string_view, kLinkCount> kNames = {
      "thread order", "run",  "stream order",  "event wait",      "event wait by timing", "launch",
      "launch queue", "sync", "loader worker", "collective peer", "not recorded"};
  return kNames[static_cast<size_t>(link)];
}

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

uint32_t RecordedGraph::text(std::string_view name) {
  const auto found = text_ids_.find(name);
  if (found != text_ids_.end()) {
    return found->second;
  }
  const auto id = static_cast<uint32_t>(texts_.size());
  texts_.emplace_back(name);
  text_ids_.emplace(std::string(name), id);
  return id;
}

uint32_t RecordedGraph::actor(uint32_t process, std::string_view name) {
  const auto [at, fresh] =
      actor_ids_.try_emplace({process, std::string(name)}, static_cast<uint32_t>(actors_.size()));
  if (fresh) {
    actors_.push_back({process, std::string(name)});
  }
  return at->second;
}

Moment RecordedGraph::at(int64_t recorded_ns, uint32_t actor) {
  recorded_.push_back(recorded_ns);
  actor_of_.push_back(actor);
  return graph_.add_moment();
}

void RecordedGraph::add(Moment effect, const Cause& cause, int64_t ns) {
  const uint32_t edge = graph_.add_edge(cause.moment, effect, ns);
  edge_parts_.push_back(cause.part);
  edge_infos_.push_back({cause.link, cause.text});
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
  add(moment, Cause{ReplayGraph::kOrigin}, recorded_[moment] + offset_ns);
}

}  // namespace stepscope::analysis
