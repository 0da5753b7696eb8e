// SPDX-License-Identifier: Apache-2.0
//
// Which source writes the collectives of this process, so that none is written twice.
//
// NCCL's profiler plugin knows more of a collective than NCCL's NVTX ranges do. From the first communicator on that the
// plugin records, NVTX writes ranges only. The recording says who spoke: meta `nccl.source`, "plugin" or "nvtx". Any thread;
// a forked child begins anew.
#pragma once

namespace stepscope::collector {

// The plugin records a communicator from now on.
void claim_collectives_for_plugin() noexcept;

// NVTX has a collective to write: true when it may. Hot: two loads.
[[nodiscard]] bool nvtx_may_write_collective() noexcept;

}  // namespace stepscope::collector
