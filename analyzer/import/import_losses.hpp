// SPDX-License-Identifier: Apache-2.0
//
// What an import counted instead of importing. Each becomes a row of table `loss`; what it means stands in
// trace/loss_table.cpp. Internal to analyzer/import.
#pragma once

#include <cstdint>

#include "trace/recording_builder.hpp"

namespace stepscope::analysis::importing {

struct ImportLosses {
  uint64_t bad_event = 0;          // no JSON, no "ph", stray elements
  uint64_t bad_text = 0;           // not UTF-8
  uint64_t bad_time = 0;           // ts or dur is no number, or beyond +-146 years
  uint64_t negative_duration = 0;  // kept, without duration
  uint64_t clock_jump = 0;         // more than a day away from the first event
  uint64_t unknown_phase = 0;      // "ph" that has no meaning here
  uint64_t flow = 0;               // arrows
  uint64_t async_event = 0;        // asynchronous and object events
  uint64_t unmatched_end = 0;      // E without B
  uint64_t unended_begin = 0;      // B without E; kept, cut at the last event
  uint64_t too_deep = 0;           // B nested deeper than can be followed
  uint64_t too_many_lanes = 0;
  uint64_t cut_off = 0;
  uint64_t damaged = 0;

  void store(trace::RecordingBuilder& builder) const {
    builder.add_loss("import.bad_event", bad_event);
    builder.add_loss("import.bad_text", bad_text);
    builder.add_loss("import.bad_time", bad_time);
    builder.add_loss("import.negative_duration", negative_duration);
    builder.add_loss("import.clock_jump", clock_jump);
    builder.add_loss("import.unknown_phase", unknown_phase);
    builder.add_loss("import.flow", flow);
    builder.add_loss("import.async_event", async_event);
    builder.add_loss("import.unmatched_end", unmatched_end);
    builder.add_loss("import.unended_begin", unended_begin);
    builder.add_loss("import.too_deep", too_deep);
    builder.add_loss("import.too_many_lanes", too_many_lanes);
    builder.add_loss("import.cut_off", cut_off);
    builder.add_loss("import.damaged", damaged);
  }
};

}  // namespace stepscope::analysis::importing
