// SPDX-License-Identifier: Apache-2.0
//
// The CUDA door. libcuda calls InitializeInjection inside cuInit, under its own lock: no CUDA call is allowed here. A
// process that reaches cuInit is worth recording, so the recording starts; GPU activity itself is not recorded yet.
#include "collector/exports.hpp"
#include "collector/process_state.hpp"

int InitializeInjection() noexcept {
  using namespace stepscope::collector;
  open_door(Door::kCuda, Role::kMain, false);
  return 1;
}
