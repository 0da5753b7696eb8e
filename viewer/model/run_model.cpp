// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/run_model.hpp"

#include <algorithm>

namespace stepscope::viewer {

size_t RunModel::losses() const {
  return static_cast<size_t>(
      std::count_if(notes.begin(), notes.end(), [](const Note& note) { return note.is_loss(); }));
}

size_t RunModel::resident_bytes() const {
  size_t bytes = 0;
  for (const LaneModel& lane : lanes) {
    for (const EventRow& row : lane.rows) {
      bytes += row.resident_bytes() + sizeof(EventRow);
    }
  }
  return bytes;
}

}  // namespace stepscope::viewer
