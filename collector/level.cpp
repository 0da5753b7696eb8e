// SPDX-License-Identifier: Apache-2.0
#include "collector/level.hpp"

#include <stdlib.h>

#include <initializer_list>

namespace stepscope::collector {
namespace {

constexpr const char* kNames[] = {"steps", "kernels", "api", "full"};

}  // namespace

const char* level_name(Level level) noexcept {
  return kNames[static_cast<int>(level)];
}

Level level_from_text(TextView text) noexcept {
  for (Level level : {Level::kSteps, Level::kKernels, Level::kApi, Level::kFull}) {
    if (text.equals(level_name(level))) {
      return level;
    }
  }
  return Level::kKernels;
}

Level level_from_environment() noexcept {
  return level_from_text(TextView(getenv("STEPSCOPE_LEVEL")));
}

}  // namespace stepscope::collector
