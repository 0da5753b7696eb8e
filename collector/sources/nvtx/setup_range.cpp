// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvtx/setup_range.hpp"

#include <initializer_list>

namespace stepscope::collector::nvtx {

SetupRange setup_range(TextView domain, TextView name) noexcept {
  if (!domain.equals("NCCL") || !name.starts_with("ncclComm")) {
    return SetupRange::kNone;
  }
  for (const char* one : {"ncclCommInitRank", "ncclCommInitRankConfig", "ncclCommInitRankScalable",
                          "ncclCommSplit", "ncclCommShrink", "ncclCommGrow"}) {
    if (name.equals(one)) {
      return SetupRange::kOneRank;
    }
  }
  return name.equals("ncclCommInitAll") ? SetupRange::kAllRanks : SetupRange::kNone;
}

}  // namespace stepscope::collector::nvtx
