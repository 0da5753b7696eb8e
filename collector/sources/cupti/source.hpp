// SPDX-License-Identifier: Apache-2.0
//
// The CUPTI source: what the GPU did, as CUPTI's activity records.
//
//   program's threads, CUPTI's thread --buffers (buffer_pool)--> drain thread --decoder--> ring --> spool
//
// start() is called inside cuInit. It subscribes, or says why not in meta `cupti.state`, or leaves it to tick(): when the
// framework's libcupti is not loaded yet and opening another would break it. Policy, by STEPSCOPE_CUPTI:
//   hold   (default) keep CUPTI; a torch.profiler started in the job gets no GPU events
//   yield  give CUPTI to torch.profiler when it starts (release()), for good
//   off    leave CUPTI alone
// If another tool has CUPTI, nothing is retried: the run has the level `steps`, and the holder's name.
//
// See source_registry.hpp for tick, finish and forget.
#pragma once

#include <stdint.h>

#include "collector/text.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector::cupti {

// Inside cuInit, under the driver's lock: makes no CUDA call. Any number of times.
void start() noexcept;

// Another tool in this process is about to want CUPTI: delivers what is there and unsubscribes, if the policy is `yield`.
// Not from a CUPTI callback. `who` goes into the recording. True when CUPTI is free now.
bool release(TextView who) noexcept;

int64_t tick(trace::Ring* ring, int64_t now_ns) noexcept;
void finish(trace::Ring* ring, int64_t deadline_ns) noexcept;
void forget() noexcept;

}  // namespace stepscope::collector::cupti
