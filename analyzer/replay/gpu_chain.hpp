// SPDX-License-Identifier: Apache-2.0
//
// GpuChain: what ran on the GPUs of a process. Work starts when its call has reached the GPU, what is before it on its stream
// has ended, and what its stream was told to wait for on others has ended. Such waits are taken from the recording where it has
// them (stream_waits.hpp). Where it has none for a piece of work, work that starts right when launched-before work of another stream ends,
// although it could have started earlier, waited for it. The host waits for the GPU in synchronising calls, in copies it takes
// part in, and when the queue of launches is full.
//
// Where no calls were recorded (level `kernels`), what launched work is not known, nor where the host waited. What is behind other
// work without a gap followed it. Behind a gap there are two readings, and Gaps says which one is linked: the GPU's next work came as
// long after the last one as recorded, whatever the host did; or the host launched it just then, and waits for nothing.
// Internal to the library.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "analyzer/gpu_events.hpp"
#include "analyzer/replay/host_chain.hpp"

namespace stepscope::analysis {

// How work behind a gap is linked in a process whose calls were not recorded.
enum class Gaps : uint8_t { kFollowGpu, kFollowHost };

inline constexpr uint32_t kNoWork = std::numeric_limits<uint32_t>::max();

struct GpuWork {
  GpuEvent event;
  uint32_t item = kNoItem;  // the call that launched it, where recorded
  Moment begin = 0, end = 0;
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
  // The first communication kernel of this correlation, an index into work(), or kNoWork.
  [[nodiscard]] uint32_t communication(uint32_t correlation) const;
  // Calls were recorded: what launched work is known.
  [[nodiscard]] bool has_calls() const { return has_calls_; }
  // Makes `moment` follow what the GPUs were doing at its time: the work that ran, or the last that had ended. False: none had.
  [[nodiscard]] bool follow(ProcessContext& context, Moment moment) const;

  // For HostChain::link.
  void host_waits(ProcessContext& context, const HostChain& host, uint32_t item, std::vector<Cause>* begin,
                  std::vector<Cause>* end) const;
  void link(ProcessContext& context, const HostChain& host, Gaps gaps) const;

 private:
  using Stream = std::vector<uint32_t>;  // work in order
  Status read_waits(const ProcessContext& context);
  void name_communication(const ProcessContext& context);
  void measure_latencies(const HostChain& host);
  void measure_queue(const HostChain& host);
  [[nodiscard]] int64_t launched_ns(const HostChain& host, uint32_t index) const;
  [[nodiscard]] std::optional<uint32_t> before_on_stream(uint32_t index) const;
  [[nodiscard]] std::optional<uint32_t> waited_for(const HostChain& host, uint32_t index,
                                                   int64_t free_ns) const;
  void link_launched(ProcessContext& context, const HostChain& host, uint32_t index,
                     std::vector<Cause>* causes) const;
  void link_unlaunched(ProcessContext& context, const HostChain& host, uint32_t index, Gaps gaps) const;
  [[nodiscard]] std::optional<uint32_t> ended_before(int64_t ns) const;
  [[nodiscard]] std::vector<uint32_t> synchronized(const HostChain& host, const HostItem& item) const;
  [[nodiscard]] std::unordered_map<uint32_t, std::vector<uint32_t>> kept_order(const HostChain& host) const;
  [[nodiscard]] std::optional<uint32_t> last_launched(const HostChain& host, const Stream& stream,
                                                      int64_t before_ns) const;

  std::vector<GpuWork> work_;
  std::map<uint32_t, Stream> streams_;  // by the recording's lane
  std::vector<uint32_t> place_;         // of each work in its stream
  std::unordered_map<uint32_t, std::vector<uint32_t>> of_item_;
  std::vector<uint32_t> launch_order_;                                // work with a known call
  std::unordered_map<uint32_t, uint32_t> first_launch_;               // by item: index into launch_order_
  std::unordered_map<uint32_t, std::vector<uint32_t>> told_to_wait_;  // by work: for which
  std::unordered_map<uint32_t, uint32_t> communication_;              // by correlation
  std::vector<uint32_t> by_end_;                                      // work
  int64_t latency_ns_ = 0;  // from a call to its work on an idle stream, at least
  int64_t gap_ns_ = 0;      // between work and what was queued behind it, at least
  bool queue_limit_ = false;
  bool has_calls_ = false;
};

}  // namespace stepscope::analysis
