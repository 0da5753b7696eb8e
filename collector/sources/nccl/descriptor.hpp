// SPDX-License-Identifier: Apache-2.0
//
// What NCCL says about an event, in one form for all versions of its interface. Pure functions: any thread, no lock, no
// allocation; nothing is read beyond the members that the version has.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace stepscope::collector::nccl {

// Texts belong to NCCL and are nullptr where the version has none.
struct Descriptor {
  uint64_t type = 0;  // EventType; maybe one we do not know
  const void* parent = nullptr;

  // Coll, P2p, CeColl
  const char* func = nullptr;  // "AllReduce", "Send"
  const char* dtype = nullptr;
  const char* algo = nullptr;
  const char* proto = nullptr;
  uint64_t seq = 0;    // counts per communicator and function; no version numbers P2p
  uint64_t count = 0;  // elements, as NCCL counts them for this function
  int32_t rank = -1;
  int32_t peer = -1;
  uint32_t channels = 0;  // up to v3 the most that may be used, from v4 on how many are
  bool has_comm = false;  // up to v3 the descriptor carries the communicator, later init does
  const char* comm_name = nullptr;
  uint64_t comm_id = 0;

  bool captured = false;  // GroupApi, CollApi, P2pApi: inside the capture of a CUDA graph
  int32_t pid = 0;        // ProxyOp: of the process that `parent` belongs to
  uint64_t p_timer = 0;   // KernelCh, v4 on: the GPU's clock at the start of the channel, ns
};

// `version` is 1 to 6, `raw` the descriptor NCCL passed to startEvent, not nullptr.
[[nodiscard]] Descriptor read_descriptor(int version, const void* raw) noexcept;

// The argument of recordEventState when it is the stop of a kernel's channel: the GPU's clock, else 0.
[[nodiscard]] uint64_t read_kernel_stop(int version, int state, const void* arguments) noexcept;

// Replaces the handles in a descriptor: `translate` gets each parent and returns what to put there. `raw` is writable and
// as large as descriptor_size(version).
void replace_parents(int version, void* raw, void* (*translate)(const void*)) noexcept;

// The size of one element in bytes, 0 for a type nobody knows. "ncclFloat32", "Float32" and "float32" are the same.
[[nodiscard]] size_t dtype_size(const char* dtype) noexcept;

}  // namespace stepscope::collector::nccl
