// SPDX-License-Identifier: Apache-2.0
//
// Random lanes for property tests: bursts and gaps over many orders of magnitude, and a brute-force answer beside.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "viewer/model/event_row.hpp"

namespace stepscope::viewer::testing {

struct PlainEvent {
  int64_t start = 0;
  int64_t duration = 0;
  uint32_t name = 0;
  [[nodiscard]] int64_t end() const { return start + duration; }
};

inline const std::vector<Category>& some_categories() {
  static const std::vector<Category> kCategories{
      Category::kOther, Category::kCompute,  Category::kBackward, Category::kOptimizer,
      Category::kGc,    Category::kDataWait, Category::kDataWork};
  return kCategories;
}

// Lengths spread evenly over the decades from 1 ns to 10^decades ns.
inline int64_t log_uniform(std::mt19937_64& random, double decades) {
  return static_cast<int64_t>(std::pow(10.0, std::uniform_real_distribution<double>(0, decades)(random)));
}

inline std::vector<PlainEvent> random_events(std::mt19937_64& random, size_t count, double decades) {
  std::vector<PlainEvent> events;
  int64_t at = 1'000'000;
  for (size_t i = 0; i < count; ++i) {
    at += random() % 3 == 0 ? log_uniform(random, decades) : 0;
    const int64_t duration = random() % 50 == 0 ? 0 : log_uniform(random, decades);
    events.push_back({at, duration, static_cast<uint32_t>(random() % some_categories().size())});
    at += duration;
  }
  return events;
}

inline EventRow sealed_row(const std::vector<PlainEvent>& events) {
  EventRow row;
  for (const PlainEvent& event : events) {
    row.append(event.start, event.duration, event.name);
  }
  row.seal(some_categories());
  return row;
}

inline int64_t brute_busy(const std::vector<PlainEvent>& events, int64_t begin, int64_t end) {
  int64_t busy = 0;
  for (const PlainEvent& event : events) {
    busy += std::max<int64_t>(0, std::min(end, event.end()) - std::max(begin, event.start));
  }
  return busy;
}

}  // namespace stepscope::viewer::testing
