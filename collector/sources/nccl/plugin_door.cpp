// SPDX-License-Identifier: Apache-2.0
//
// The NCCL door: profiler plugins v1 to v6, our own declaration of NCCL's plugin ABI.
//
// NCCL asks for the newest version it knows. Each table's init notes that the door was reached and declines, after which
// NCCL goes on without a profiler: collectives are not recorded yet. The other functions are never called after
// that; they are safe all the same.
#include "collector/exports.hpp"
#include "collector/process_state.hpp"

namespace stepscope::collector {
namespace {

// ncclResult_t: 0 success, 3 ncclInternalError. Any error makes NCCL drop the plugin quietly.
constexpr int kDecline = 3;
constexpr int kSuccess = 0;

// The parameters of init differ between versions (v1-v3: context, mask; v4-v6: more). None is read, and on the ABIs we
// support the caller passes and cleans up its own arguments, so one function without parameters serves all.
int decline_init() noexcept {
  open_door(Door::kNccl, Role::kMain, false);
  return kDecline;
}

// NCCL does not clear the handle itself.
int start_event(void*, void** handle, void*) noexcept {
  if (handle != nullptr) {
    *handle = nullptr;
  }
  return kSuccess;
}

int stop_event(void*) noexcept {
  return kSuccess;
}
int record_event_state(void*, int, void*) noexcept {
  return kSuccess;
}
int finalize(void*) noexcept {
  return kSuccess;
}

struct ProfilerPlugin {
  const char* name;
  int (*init)() noexcept;
  int (*start_event)(void* context, void** handle, void* descriptor) noexcept;
  int (*stop_event)(void* handle) noexcept;
  int (*record_event_state)(void* handle, int state, void* arguments) noexcept;
  int (*finalize)(void* context) noexcept;
};
static_assert(sizeof(ProfilerPlugin) == 48, "six pointers in every version");

}  // namespace
}  // namespace stepscope::collector

#define STEPSCOPE_NCCL_PLUGIN(VERSION)                                   \
  extern "C" __attribute__((visibility("default")))                      \
  const stepscope::collector::ProfilerPlugin ncclProfiler_v##VERSION = { \
      "stepscope",                                                       \
      stepscope::collector::decline_init,                                \
      stepscope::collector::start_event,                                 \
      stepscope::collector::stop_event,                                  \
      stepscope::collector::record_event_state,                          \
      stepscope::collector::finalize}

STEPSCOPE_NCCL_PLUGIN(1);
STEPSCOPE_NCCL_PLUGIN(2);
STEPSCOPE_NCCL_PLUGIN(3);
STEPSCOPE_NCCL_PLUGIN(4);
STEPSCOPE_NCCL_PLUGIN(5);
STEPSCOPE_NCCL_PLUGIN(6);
