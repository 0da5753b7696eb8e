// SPDX-License-Identifier: Apache-2.0
//
// Search: names that contain a text (letters A-Z without case), and the next or previous event with such a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "viewer/model/run_model.hpp"

namespace stepscope::viewer {

[[nodiscard]] bool contains_text(std::string_view haystack, std::string_view needle);

class Search {
 public:
  Search() = default;
  Search(const RunModel& run, std::string text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool active() const { return !text_.empty(); }
  [[nodiscard]] size_t name_count() const { return matching_names_; }
  [[nodiscard]] bool matches(uint32_t name) const { return name < match_.size() && match_[name] != 0; }

  // The event that starts next after (strictly), or last before, time t on any lane. Events that start at one moment stand in the
  // order of lane, row and index.
  [[nodiscard]] std::optional<EventRef> next(const RunModel& run, Side side, int64_t t) const;
  [[nodiscard]] std::optional<EventRef> previous(const RunModel& run, Side side, int64_t t) const;
  // The match that stands next to this event, whether it matches or not, in the order of starts, then of places.
  [[nodiscard]] std::optional<EventRef> next_after(const RunModel& run, const EventRef& event) const;
  [[nodiscard]] std::optional<EventRef> previous_before(const RunModel& run, const EventRef& event) const;

 private:
  [[nodiscard]] std::optional<EventRef> first_from(const RunModel& run, Side side, int64_t t,
                                                   const EventRef* beyond) const;
  [[nodiscard]] std::optional<EventRef> last_until(const RunModel& run, Side side, int64_t t,
                                                   const EventRef* beyond) const;

  std::string text_;
  std::vector<uint8_t> match_;  // by name id
  size_t matching_names_ = 0;
};

}  // namespace stepscope::viewer
