// SPDX-License-Identifier: Apache-2.0
//
// The table of scenarios: which job, which injected causes, and what an answer has to say.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/scenarios/generator/job.hpp"

namespace stepscope::scenarios {

enum class Measure : uint8_t {
  kStep,     // the growth of the step
  kGpuIdle,  // the growth of the time in which a GPU works on nothing, waiting for other ranks included
};

struct Injection {
  std::function<void(Job&)> apply;
  std::vector<std::string>
      names;  // terms or findings that are this cause; a trailing '/' or '.' means a family
  Measure measure = Measure::kStep;
  int64_t rank = -1;  // whose fault it is; -1: nobody's in particular
};

enum class Expect : uint8_t {
  kCauses,   // each injection is named with its size
  kNothing,  // no cause is named: nothing changed that the step feels
  kRefusal,  // exit code 4 or 5
};

// What happens to the recordings of the changed side after the run.
enum class Damage : uint8_t { kNone, kLostBuffers, kTruncated, kMissingRank };

struct Scenario {
  std::string id;       // number on the list of scenarios, with a letter where there are variants
  std::string name;     //
  std::string summary;  // what is injected, one sentence
  Job base;
  std::vector<Injection> injections;  // the largest first
  Expect expect = Expect::kCauses;
  std::vector<std::string> consequences;  // what may be named besides: it follows from the cause
  std::vector<std::string> hidden;        // must be listed as hidden growth; empty: nothing must
  // How the group of kernels that changed most must be matched, tier and change: "group fused". Empty: not asked.
  std::vector<std::string> groups;
  Damage damage = Damage::kNone;
  bool scored = true;  // false: only where it is asked for by its id
};

[[nodiscard]] const std::vector<Scenario>& scenarios();

}  // namespace stepscope::scenarios
