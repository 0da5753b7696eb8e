// SPDX-License-Identifier: Apache-2.0
//
// ChainWalker: back through a RecordedGraph from one moment, to the cause that came last each time. Internal to the library.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analyzer/replay/cause_chain.hpp"
#include "analyzer/replay/recorded_graph.hpp"

namespace stepscope::analysis {

class ChainWalker {
 public:
  // `offsets_ns`: by process, to be added to its times to compare them with those of others. The graph outlives it, and grows
  // no further.
  ChainWalker(const RecordedGraph& graph, std::vector<int64_t> offsets_ns);

  // From `end`, a moment of `process`, which is at span.end_ns, back to span.begin_ns. Adjacent segments that say the same are one.
  [[nodiscard]] std::vector<ChainSegment> walk(uint32_t process, Moment end, const TimeRange& span) const;

 private:
  struct Incoming {
    Moment from = 0;
    uint32_t edge = 0;
  };
  [[nodiscard]] std::span<const Incoming> incoming(Moment moment) const {
    return std::span(incoming_).subspan(first_[moment], first_[moment + 1] - first_[moment]);
  }
  [[nodiscard]] int64_t time_of(Moment moment, int64_t own_offset_ns) const;
  [[nodiscard]] const Incoming* last_cause(Moment moment, int64_t now, int64_t own_offset_ns) const;

  const RecordedGraph& graph_;
  std::vector<int64_t> offsets_ns_;
  std::vector<uint32_t> first_;  // by moment: into incoming_
  std::vector<Incoming> incoming_;
};

}  // namespace stepscope::analysis
