// SPDX-License-Identifier: Apache-2.0
//
// The CUDA calls that are worth recording: those that launch, copy, allocate, wait, load code or build graphs. What a
// framework asks thousands of times per step (cudaGetDevice, cudaGetLastError, cudaEventQuery) is not.
//
// The ids are CUPTI's callback ids, which never change their meaning; cupti_abi_check.cpp compares them where the headers are.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::collector::cupti {

// The name of a call on the list, nullptr for any other. A binary search.
[[nodiscard]] const char* api_call_name(bool runtime, uint32_t id) noexcept;
// The ids on the list.
[[nodiscard]] const uint32_t* api_call_ids(bool runtime, size_t& count) noexcept;

}  // namespace stepscope::collector::cupti
