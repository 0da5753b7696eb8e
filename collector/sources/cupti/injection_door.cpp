// SPDX-License-Identifier: Apache-2.0
//
// The CUDA door. libcuda calls InitializeInjection inside cuInit, under its own lock: no CUDA call is allowed here. A
// process that reaches cuInit is worth recording, so the recording starts, also in a forked child: launchers fork ranks
// that use the GPU themselves.
#include "collector/exports.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/cupti/source.hpp"
#include "collector/sources/nvml/source.hpp"

int InitializeInjection() noexcept {
  using namespace stepscope::collector;  // NOLINT(google-build-using-namespace): C has no namespaces
  if (open_door(Door::kCuda, Role::kMain, true)) {
    nvml::start();
    cupti::start();
  }
  return 1;
}
