// SPDX-License-Identifier: Apache-2.0
//
// WorkerChain: how the batches that a process waits for were made. A worker takes an index when it was dispatched and its
// previous batch is handed over, fetches and collates, and hands over; the consumer has the batch a while later, but
// not before it asks. Internal to the library.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "analyzer/replay/host_chain.hpp"

namespace stepscope::analysis {

class WorkerChain {
 public:
  [[nodiscard]] static WorkerChain make(ProcessContext& context);

  // For HostChain::link: what the wait of this batch ends with.
  void host_waits(ProcessContext& context, const HostItem& item, std::vector<Cause>* end) const;
  void link(ProcessContext& context, const HostChain& host) const;

 private:
  struct Made {
    uint32_t queue = 0, fetch = 0;
    int64_t dispatch_ns = 0;  // 0: not known
    Moment received = 0, put = 0;
  };
  std::vector<Made> made_;  // by queue, then in the worker's order
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> by_fetch_;
  int64_t hand_over_ns_ = 0;  // at least
};

}  // namespace stepscope::analysis
