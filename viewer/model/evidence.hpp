// SPDX-License-Identifier: Apache-2.0
//
// What a finding rests on, as lines to read, and the view in which it can be seen. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stepscope::viewer {

// Where the evidence of a finding is drawn, beside its place in the timeline.
enum class EvidenceView : uint8_t { kTimeline, kBatches, kRanks, kCounters, kFlame, kRecording };

struct EvidenceRow {
  std::string name;    // "data.fetch.io", "num_workers"
  std::string before;  // "4.1 ms"; "" where there is no other run, or nothing known of it
  std::string after;
};

// By the finding's id: the term or leaf that it explains, or "rank.late", "gpu.clock", "recording.loss".
[[nodiscard]] EvidenceView evidence_view(std::string_view finding_id);
// The word on its button; "" for the timeline.
[[nodiscard]] std::string_view evidence_view_title(EvidenceView view);
// "4.10 ms", "1.50 GiB", "1410 MHz", "0.38".
[[nodiscard]] std::string evidence_value(double value, std::string_view unit);

}  // namespace stepscope::viewer
