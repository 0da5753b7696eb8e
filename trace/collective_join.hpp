// SPDX-License-Identifier: Apache-2.0
//
// Which GPU kernel ran a collective. NCCL tells of its operations, CUPTI of kernels, and nothing ties the two but order: the
// operations of a communicator run one after the other, in the order they were enqueued, and in practice on a stream that
// runs nothing else. So a communicator is tied to the one stream whose communication kernels are the same operations in the same
// order, all of them. Whatever breaks that (a group that became one kernel, kernels that were lost, streams or communicators
// that look alike) leaves the communicator without kernels: none is better than a wrong one.
//
// finalize fills column `kernel` of kind `collective` with what this finds; whoever reads a recording looks there. Pure, one
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace stepscope::trace {

struct CollectiveCall {
  uint32_t communicator = 0;  // its lane
  int64_t enqueue_ns = 0;
  std::string_view op;  // as collective_op() spells it
  uint64_t kernel = 0;  // out: correlation of the kernel; stays as it is when none is certain
};

struct CollectiveKernel {
  uint32_t stream = 0;  // its lane
  int64_t start_ns = 0;
  std::string_view op;
  uint64_t correlation = 0;  // 0 = not known: it is in the order, and cannot be named
};

// `calls` are all that ran as a kernel at the time, `kernels` all communication kernels that are no node of a graph. Both are
// sorted; of equal times the order given counts.
void join_collectives(std::span<CollectiveCall*> calls, std::span<CollectiveKernel> kernels);

}  // namespace stepscope::trace
