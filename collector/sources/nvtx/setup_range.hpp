// SPDX-License-Identifier: Apache-2.0
//
// Which of NCCL's NVTX ranges is a call that brings a communicator up. NCCL registers its names, so a text that is not
// registered is none of them. Pure; hot: a domain that is not NCCL's costs two loads.
#pragma once

#include <stdint.h>

#include "collector/text.hpp"

namespace stepscope::collector::nvtx {

enum class SetupRange : uint8_t { kNone, kOneRank, kAllRanks };

// What is of another length is another domain: for callers that have the length at hand.
inline constexpr uint32_t kNcclDomainLength = 4;

[[nodiscard]] SetupRange setup_range(TextView domain, TextView name) noexcept;

}  // namespace stepscope::collector::nvtx
