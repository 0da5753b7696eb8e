// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/event_filter.hpp"

#include <limits>

#include "viewer/model/search.hpp"

namespace stepscope::viewer {

std::vector<uint8_t> chosen_names(const RunModel& run, const NameChoice& choice) {
  std::vector<uint8_t> wanted;
  if (choice.text.empty() && choice.several.empty()) {
    return wanted;
  }
  wanted.reserve(run.names.size());
  for (const NameEntry& name : run.names) {
    const bool chosen = !choice.several.empty() ? choice.several.contains(name.text)
                        : choice.part           ? contains_text(name.text, choice.text)
                                                : name.text == choice.text;
    wanted.push_back(chosen ? 1 : 0);
  }
  return wanted;
}

std::vector<LaneSpan> whole_run(const RunModel& run) {
  std::vector<LaneSpan> spans;
  spans.reserve(run.lanes.size());
  for (uint32_t lane = 0; lane < run.lanes.size(); ++lane) {
    spans.push_back({lane, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()});
  }
  return spans;
}

}  // namespace stepscope::viewer
