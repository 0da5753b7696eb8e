// SPDX-License-Identifier: Apache-2.0
//
// libfake_kineto.so, a stand-in for what torch.profiler's Kineto does with CUPTI: it subscribes once, at its first start; it
// registers buffers from malloc, records kernels, copies, memsets and runtime calls, flushes and counts; and it never tries
// again when somebody else had CUPTI at that first time. Found by dlsym. Environment: FAKE_KINETO_SHARES=1: it
// shares CUPTI with others (13.3); FAKE_KINETO_CUPTI: which libcupti torch was built
// with (libcupti.so.13).
#pragma once

#include <cstdint>

extern "C" {

struct fake_kineto_counts {
  uint64_t kernels;
  uint64_t kernel_ns;
  uint64_t copies;
  uint64_t memsets;
  uint64_t runtime_calls;
  uint64_t buffers;
};

// Loads libcupti if need be (as torch's DT_NEEDED would have). Returns CUPTI's result of subscribing; -1 = no libcupti.
int fake_kineto_load();
int fake_kineto_start();
// What was recorded since start. `finalize` = calls cuptiFinalize, as torch does since CUDA 12.6.
fake_kineto_counts fake_kineto_stop(int finalize);
}
