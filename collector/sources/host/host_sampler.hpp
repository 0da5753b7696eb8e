// SPDX-License-Identifier: Apache-2.0
//
// The host's evidence about this process, as `counter` events on a lane of their own.
//
// Cumulative unless marked level; subject = own pid:
//   proc.cpu_ns proc.runq_ns (all threads) proc.minor_faults proc.major_faults proc.read_bytes proc.write_bytes
//   proc.rss_bytes (level) proc.threads (level) proc.affinity_cpus (level)
//   cgroup.cpu.throttled_ns cgroup.cpu.nr_throttled cgroup.cpu.quota_cpus (level, 0 = none) cgroup.memory.current (level)
//   psi.cpu.some_us psi.io.some_us psi.memory.some_us (of the cgroup where it has them, else of the host)
// A counter the kernel does not offer is left out; meta `self.host_missing` lists those.
// One thread at a time (the drain lock); every file is opened, read and closed, about 10 us each.
#pragma once

#include <stdint.h>

#include "collector/sources/host/cgroup.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector {

enum class HostCounter : uint8_t {
  kCpuNs,
  kRunqNs,
  kMinorFaults,
  kMajorFaults,
  kReadBytes,
  kWriteBytes,
  kRssBytes,
  kThreads,
  kAffinityCpus,
  kThrottledNs,
  kNrThrottled,
  kQuotaCpus,
  kMemoryCurrent,
  kPsiCpu,
  kPsiIo,
  kPsiMemory,
};
inline constexpr int kHostCounterCount = 16;

[[nodiscard]] const char* host_counter_name(HostCounter counter) noexcept;

class HostSampler {
 public:
  // Once per recording, before sample().
  void start(trace::Spool& spool) noexcept;
  void sample(trace::Spool& spool, trace::Ring* ring) noexcept;
  [[nodiscard]] const Cgroup& cgroup() const noexcept { return cgroup_; }
  [[nodiscard]] uint32_t lane() const noexcept { return lane_; }
  // Throttled time of the process' cgroup as of the last sample.
  [[nodiscard]] uint64_t throttled_ns() const noexcept {
    return __atomic_load_n(&throttled_ns_, __ATOMIC_RELAXED);
  }

 private:
  void put(HostCounter counter, double value) noexcept;
  void sample_process() noexcept;
  void sample_threads() noexcept;
  void add_wait(uint64_t tid, uint64_t waited_ns) noexcept;
  void sample_pressure(HostCounter counter, const char* resource) noexcept;
  void note_missing() noexcept;

  Cgroup cgroup_;
  uint32_t lane_ = 0;
  uint32_t names_[kHostCounterCount] = {};
  int64_t pid_ = 0;
  uint32_t seen_ = 0;  // bit per counter that could be read
  bool noted_ = false;
  uint64_t throttled_ns_ = 0;
  // Run-queue wait by thread as of the last sample, so that the sum does not fall when a thread ends.
  static constexpr int kMaxThreads = 256;
  struct ThreadWait {
    uint64_t tid;
    uint64_t waited_ns;
    uint32_t round;
  };
  ThreadWait waits_[kMaxThreads] = {};
  uint32_t round_ = 0;
  uint64_t waited_ns_ = 0;
  trace::Spool* spool_ = nullptr;
  trace::Ring* ring_ = nullptr;  // during sample()
  int64_t now_ = 0;
};

// "some avg10=0.00 ... total=12345" -> 12345
bool parse_pressure(TextView text, uint64_t& total_us) noexcept;

}  // namespace stepscope::collector
