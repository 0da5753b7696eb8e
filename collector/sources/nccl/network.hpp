// SPDX-License-Identifier: Apache-2.0
//
// Which network NCCL has in this process: "IB" (InfiniBand and RoCE, through verbs) or "Socket".
//
// No version of the profiler interface tells, and the events of NCCL's network plugins are compiled out of NCCL as it is
// shipped. What is known comes from what NCCL does: it takes the network that NCCL_NET names or refuses to come up; else the
// first one that works of its plugins, IB, Socket; and IB keeps the verbs devices open. All of that is about the process, not
// about one communicator, and the recording says so: meta `nccl.network` and `nccl.network_evidence`.
#pragma once

#include "collector/text.hpp"

namespace stepscope::collector::nccl {

struct NetworkSigns {
  const char* net = nullptr;         // NCCL_NET
  const char* net_plugin = nullptr;  // NCCL_NET_PLUGIN
  const char* ib_disable = nullptr;  // NCCL_IB_DISABLE
  bool plugin_loaded = false;        // a libnccl-net*.so is in the process, which may be the network
  bool env_plugin = false;           // NCCL may have other settings than the environment's
  int verbs_before = -1;  // verbs devices open when the first communicator was asked for; -1 = not known
  int verbs_now = -1;     // and when NCCL told of it, having initialised its network
};

struct Network {
  TextView name;         // empty = not known
  const char* evidence;  // what it is known from, or why it is not
};

// Pure. The texts are those of `signs` or constants.
[[nodiscard]] Network judge_network(const NetworkSigns& signs) noexcept;

// Finds out, once per process, and writes it into meta. To be called where NCCL tells of a communicator: every version has
// its network by then and has read the same variables, on the same thread, and nobody else has opened or closed devices since.
// Cold: a system call for each file the process has open.
void find_network() noexcept;

// Whether somebody is at it. Any thread.
[[nodiscard]] bool network_is_sought() noexcept;
// The string id of the network, 0 = not known. Any thread.
[[nodiscard]] uint32_t network_of_process() noexcept;

void forget_network() noexcept;

}  // namespace stepscope::collector::nccl
