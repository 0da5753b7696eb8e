// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/host/thread_usage.hpp"

#include <sys/resource.h>

#include <atomic>

#include "collector/clock.hpp"
#include "collector/sources/host/cgroup.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector {
namespace {

constexpr int64_t kThrottledAgeNs = 5'000'000;

// Shared by the threads of a process; whoever finds it old and nobody at it reads it again.
constinit std::atomic<bool> g_reading{false};
constinit std::atomic<int64_t> g_read_ns{0};
constinit std::atomic<uint64_t> g_throttled_ns{0};
constinit Cgroup g_cgroup;
constinit bool g_found = false;

// The thread's state with its two files open, where they can be.
ThreadState& with_files() noexcept {
  ThreadState& thread = thread_state();
  if (!thread.usage_files_opened && !thread.exited) {
    thread.usage_files_opened = true;
    thread.schedstat.open("/proc/thread-self/schedstat");
    thread.io.open("/proc/thread-self/io");
  }
  return thread;
}

}  // namespace

int64_t cgroup_throttled_ns() noexcept {
  int64_t now = now_ns();
  if (now - g_read_ns.load(std::memory_order_relaxed) > kThrottledAgeNs && !g_reading.exchange(true)) {
    if (!g_found) {
      g_found = true;
      g_cgroup.find();
    }
    g_throttled_ns.store(g_cgroup.throttled_ns(), std::memory_order_relaxed);
    g_read_ns.store(now, std::memory_order_relaxed);
    g_reading.store(false);
  }
  return static_cast<int64_t>(g_throttled_ns.load(std::memory_order_relaxed));
}

int64_t read_runq_ns() noexcept {
  char text[64];
  uint64_t value = 0;
  long n = with_files().schedstat.read(text, sizeof(text));
  TextView rest(text, n > 0 ? static_cast<size_t>(n) : 0);
  TextView field;
  bool found = next_field(rest, ' ', field) && next_field(rest, ' ', field) && parse_u64(field, value);
  return found ? static_cast<int64_t>(value) : 0;
}

ThreadReads read_thread_reads() noexcept {
  ThreadReads reads;
  char text[256];
  uint64_t value = 0;
  long n = with_files().io.read(text, sizeof(text));
  TextView io(text, n > 0 ? static_cast<size_t>(n) : 0);
  if (io.starts_with("rchar: ") && parse_u64(io.substr(7), value)) {
    reads.bytes = static_cast<int64_t>(value);
  }
  rusage resources;
  if (getrusage(RUSAGE_THREAD, &resources) == 0) {
    reads.major_faults = resources.ru_majflt;
  }
  return reads;
}

void read_thread_usage(ThreadUsage& usage) noexcept {
  usage.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  usage.runq_ns = read_runq_ns();
  const ThreadReads reads = read_thread_reads();
  usage.read_bytes = reads.bytes;
  usage.major_faults = reads.major_faults;
  usage.throttled_ns = cgroup_throttled_ns();
}

void forget_thread_usage() noexcept {
  g_found = false;
  g_read_ns.store(0);
  g_reading.store(false);
}

}  // namespace stepscope::collector
