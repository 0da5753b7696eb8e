// SPDX-License-Identifier: Apache-2.0
//
// What the names of communication mean: which kernels are communication, and which operation a text speaks of. finalize ties
// collectives to their kernels by them (collective_join.hpp), and an analyzer names its categories by the same words.
//
// Pure functions on raw names, as CUPTI and NCCL write them; nothing is demangled. Any thread.
#pragma once

#include <string_view>

namespace stepscope::trace {

// True for kernels of NCCL, RCCL, NVSHMEM and of hand-written collectives.
[[nodiscard]] bool is_communication_kernel(std::string_view raw);

// One spelling for a collective, however NCCL's API, plugin, NVTX or kernels write it: "ncclAllReduce", "AllReduce" and
// "allreduce" are "all_reduce". "other" for what is none. The text is a constant.
[[nodiscard]] std::string_view collective_op(std::string_view text);

}  // namespace stepscope::trace
