// SPDX-License-Identifier: Apache-2.0
//
// stepscope for C++17: the C API with ranges as objects.
//
//   #include <stepscope/stepscope.hpp>
//   {
//     stepscope::Range range("forward");
//     ...
//   }  // the range ends here, also when an exception leaves the scope
//
// Threads, errors, times and fork: as in stepscope.h. A Range must end on the thread that began it.
#pragma once

#include "stepscope/stepscope.h"

namespace stepscope {

// A range from construction to destruction.
class Range {
 public:
  explicit Range(const char* name) noexcept { stepscope_range_push(name); }
  Range(const char* name, const char* domain) noexcept { stepscope_range_push_domain(name, domain); }
  ~Range() { stepscope_range_pop(); }

  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
};

// Step `index` begins now and lasts until the next call.
inline void step(int64_t index) noexcept {
  stepscope_step(index);
}

// The step under way does this much work; 0 = not known. See stepscope_step_work().
inline void step_work(int64_t samples, int64_t tokens) noexcept {
  stepscope_step_work(samples, tokens);
}

// A named moment.
inline void mark(const char* name) noexcept {
  stepscope_mark(name);
}

// The value of a counter from now on.
inline void counter(const char* name, double value) noexcept {
  stepscope_counter(name, value);
}

// True when this process is being recorded.
inline bool active() noexcept {
  return stepscope_active() != 0;
}

}  // namespace stepscope
