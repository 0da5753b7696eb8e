// SPDX-License-Identifier: Apache-2.0
//
// GpuChain: what ran on the GPUs of a process. Work starts when its call has reached the GPU, what is before it on its stream
// has ended, and what its stream was told to wait for on others has ended. Which waits there were is mostly not recorded: work
// that starts right when launched-before work of another stream ends, although it could have started earlier, waited for it.
// The host waits for the GPU in synchronising calls, in copies it takes part in, and when the queue of launches is full.
// Internal to the library.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "analyzer/gpu_events.hpp"
#include "analyzer/replay/host_chain.hpp"

namespace stepscope::analysis {

// A communication kernel that meets those of other ranks: the n-th operation of a communicator, or of two of its ranks.
struct MeetingKey {
  int64_t communicator = 0, sequence = 0;
  uint32_t op = 0;                  // run-global name; 0: a send meets a receive
  int64_t one_rank = 0, other = 0;  // of these two, the lower first
  auto operator<=>(const MeetingKey&) const = default;
};

struct GpuWork {
  GpuEvent event;
  uint32_t item = kNoItem;  // the call that launched it, where recorded
  Moment begin = 0, end = 0;
  std::optional<MeetingKey> meeting;
  bool met = false;  // a meeting decides when it ends
};

class GpuChain {
 public:
  // Reads what starts in the window or reaches into it. Needs the calls.
  [[nodiscard]] static Result<GpuChain> read(ProcessContext& context, const HostChain& host);

  [[nodiscard]] std::vector<GpuWork>& work() { return work_; }  // ascending by begin
  [[nodiscard]] const std::vector<GpuWork>& work() const { return work_; }
  // The work that begins exactly then, or nullptr.
  [[nodiscard]] const GpuWork* begins_at(int64_t ns) const;
  // How many ranks take part in each meeting.
  [[nodiscard]] const std::map<MeetingKey, int64_t>& meeting_ranks() const { return meeting_ranks_; }

  // For HostChain::link.
  void host_waits(ProcessContext& context, const HostChain& host, uint32_t item, std::vector<Cause>* begin,
                  std::vector<Cause>* end) const;
  void link(ProcessContext& context, const HostChain& host) const;

 private:
  using Stream = std::vector<uint32_t>;  // work in order
  Status read_meetings(const ProcessContext& context);
  void measure_latencies(const HostChain& host);
  void measure_queue(const HostChain& host);
  [[nodiscard]] int64_t launched_ns(const HostChain& host, uint32_t index) const;
  [[nodiscard]] std::optional<uint32_t> before_on_stream(uint32_t index) const;
  [[nodiscard]] std::optional<uint32_t> waited_for(const HostChain& host, uint32_t index,
                                                   int64_t free_ns) const;
  [[nodiscard]] std::vector<uint32_t> synchronized(const HostChain& host, const HostItem& item) const;
  [[nodiscard]] std::unordered_map<uint32_t, std::vector<uint32_t>> kept_order(const HostChain& host) const;
  [[nodiscard]] std::optional<uint32_t> last_launched(const HostChain& host, const Stream& stream,
                                                      int64_t before_ns) const;

  std::vector<GpuWork> work_;
  std::map<uint32_t, Stream> streams_;  // by the recording's lane
  std::vector<uint32_t> place_;         // of each work in its stream
  std::unordered_map<uint32_t, std::vector<uint32_t>> of_item_;
  std::vector<uint32_t> launch_order_;                   // work with a known call
  std::unordered_map<uint32_t, uint32_t> first_launch_;  // by item: index into launch_order_
  std::map<MeetingKey, int64_t> meeting_ranks_;
  int64_t latency_ns_ = 0;  // from a call to its work on an idle stream, at least
  int64_t gap_ns_ = 0;      // between work and what was queued behind it, at least
  bool queue_limit_ = false;
};

}  // namespace stepscope::analysis
