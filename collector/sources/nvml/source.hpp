// SPDX-License-Identifier: Apache-2.0
//
// The NVML source: the health of the GPUs this process sees, about once a second, at every level. See source_registry.hpp for
// when these are called.
//
// NVML is loaded, initialised and read on a thread of our own, "stepscope-nvml", which holds no lock meanwhile: initialising it
// takes seconds where the driver has to wake the GPUs, a call for a sick GPU may never come back, and neither may hold up the drain
// thread, a fork or the end of the process.
//
// Starts when start() was called, at the CUDA door: a process that does not use a GPU never loads NVML. The GPUs are those the process
// has a context on, by UUID, once another source has put them into gpu_table.hpp; until then, and at levels without CUPTI,
// those of CUDA_VISIBLE_DEVICES or all. In that list CUDA's numbers are taken as NVML's, by bus; CUDA numbers by speed unless
// CUDA_DEVICE_ORDER=PCI_BUS_ID, which differs only where GPUs of different models share a machine.
//
// What it says in meta:
//   nvml.state     "starting", then "ok", or "absent: " and why
//   nvml.driver, nvml.version
//   nvml.order     how CUDA's numbers were found: "uuid", "bus", or "assumed" (the order of NVML is believed to be CUDA's)
//   nvml.throttle  "counters", or "sampled": see throttle.hpp
//   nvml.mps       there when GPUs are shared through MPS: readings include what other processes do
//   nvml.period_ms when reading is slow and therefore done less often
//   self.nvml_ns   time spent in reading it (at an orderly end)
//
// Nothing is read at the end of the process: NVML's own destructors have run by then. Its calls are held back from the moment
// they begin to; exit() waits for one under way, half a second at most. One that takes longer is a loss, nvml.call_hung.
#pragma once

#include <stdint.h>

#include "trace/spool_writer.hpp"

namespace stepscope::collector::nvml {

// Inside cuInit, on the program's thread: takes down what CUDA reads of the environment now. Any number of times.
void start() noexcept;

int64_t tick(trace::Ring* ring, int64_t now_ns) noexcept;
void finish(trace::Ring* ring, int64_t deadline_ns) noexcept;
void forget() noexcept;

}  // namespace stepscope::collector::nvml
