// SPDX-License-Identifier: Apache-2.0
//
// The symbols libstepscope.so exports, all of them; exports.map lists the same names. Every entry point is noexcept, may
// be called any number of times and from several threads at once.
#pragma once

#include <stepscope/stepscope.h>

#define STEPSCOPE_EXPORT extern "C" __attribute__((visibility("default")))

// C API: the function table, never NULL.
STEPSCOPE_EXPORT const stepscope_api* stepscope_get_api() noexcept;

// CUDA_INJECTION64_PATH: libcuda calls it inside cuInit. Returns 1.
STEPSCOPE_EXPORT int InitializeInjection() noexcept;

// NVTX_INJECTION64_PATH: each NVTX instance of the process calls them once. Return 1; 0 would make NVTX unload us.
STEPSCOPE_EXPORT int InitializeInjectionNvtx2(const void* (*get_export_table)(uint32_t)) noexcept;
STEPSCOPE_EXPORT int InitializeInjectionNvtxExtension(void* module_info) noexcept;

// NCCL_PROFILER_PLUGIN: ncclProfiler_v1 ... ncclProfiler_v6 are data, see sources/nccl/plugin_door.cpp.
