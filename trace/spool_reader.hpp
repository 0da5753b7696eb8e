// SPDX-License-Identifier: Apache-2.0
//
// Reads what a recorded process left behind: BASE.spool (segments appended by the drain thread) plus BASE.ring
// (strings, lanes, open ranges and the records not yet drained). Streams, so memory stays bounded by one block.
//
// Works the same after a clean exit, a kill and a torn last write: whatever was published before the end is
// delivered exactly once, in order per ring; a torn tail is dropped and counted, not an error.
// Host side (std library, files); one reader per thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trace/kinds.hpp"
#include "trace/status.hpp"

namespace stepscope::trace {

struct LaneDecl {
  uint32_t id = 0;
  std::string type;  // "thread", "stream", "worker", "counter", ...
  std::string name;
  uint32_t tid = 0;  // 0 when the lane is not a thread
};

// One instant read on several clocks, ns (TSC in ticks).
struct ClockAnchor {
  int64_t monotonic_raw_ns = 0;
  int64_t realtime_ns = 0;
  int64_t monotonic_ns = 0;
  int64_t boottime_ns = 0;
  uint64_t tsc = 0;
  int64_t cupti_ns = 0;  // 0 when it was not read
};

// Rows of one kind and lane. columns[c] has `rows` values; the order is the order of recording. All times are
// CLOCK_MONOTONIC_RAW: what another clock stamped has been converted by the anchors.
struct EventBlock {
  Kind kind = Kind::kNone;
  uint32_t lane = 0;
  size_t rows = 0;
  std::span<const std::span<const int64_t>> columns;
};

// Receives the contents of a spool. Strings and lanes may arrive in any order relative to events.
class SpoolVisitor {
 public:
  virtual ~SpoolVisitor() = default;
  virtual void on_string(uint32_t id, std::string_view text) = 0;
  virtual void on_lane(const LaneDecl& lane) = 0;
  virtual void on_meta(std::string_view key, std::string_view value) = 0;
  virtual void on_anchor(const ClockAnchor& anchor) = 0;
  virtual void on_loss(std::string_view counter, uint64_t count) = 0;
  virtual void on_log(int64_t time_ns, std::string_view text) = 0;
  virtual Status on_events(const EventBlock& block) = 0;
};

struct SpoolSummary {
  uint64_t events = 0;
  uint64_t torn_bytes = 0;    // bytes at the end of the spool that were not a whole frame
  bool clean_end = false;     // the process wrote its footer
  bool writer_alive = false;  // the process still holds the spool: this is a snapshot
};

// Delivers everything in BASE.spool and BASE.ring to `visitor`. BASE is the path without extension.
// Errors: kUnreadable when neither file can be understood.
[[nodiscard]] Result<SpoolSummary> read_spool(const std::string& base, SpoolVisitor& visitor);

}  // namespace stepscope::trace
