// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/host/worker_watch.hpp"

#include <sys/syscall.h>

#include <initializer_list>

#include "collector/sources/host/cgroup.hpp"
#include "collector/system_file.hpp"

namespace stepscope::collector {
namespace {

constexpr const char* kNames[kWatchStateCount] = {"watch.running", "watch.read", "watch.sleep",
                                                  "watch.futex",   "watch.poll", "watch.other"};

void put(trace::Spool& spool, trace::Ring* ring, uint32_t lane, int64_t now, const char* name, uint64_t count,
         uint32_t pid) noexcept {
  double value = static_cast<double>(count);
  int64_t bits;
  memcpy(&bits, &value, sizeof(bits));
  int64_t values[] = {now, spool.intern(name, strlen(name)), bits, pid};
  spool.push(ring, trace::Kind::kCounter, lane, values, 4);
}

// What the process' own sampler would say, were it not stuck in a fetch.
void put_usage(trace::Spool& spool, trace::Ring* ring, uint32_t lane, int64_t now, uint32_t pid) noexcept {
  TextBuffer<48> path;
  char text[512];
  path.add("/proc/").add_u64(pid).add("/schedstat");
  long n = read_file(path.c_str(), text, sizeof(text));
  TextView rest(text, n > 0 ? static_cast<size_t>(n) : 0);
  TextView field;
  uint64_t value = 0;
  for (const char* name : {"watch.cpu_ns", "watch.runq_ns"}) {
    if (next_field(rest, ' ', field) && parse_u64(field, value)) {
      put(spool, ring, lane, now, name, value, pid);
    }
  }
  path.clear();
  path.add("/proc/").add_u64(pid).add("/io");
  n = read_file(path.c_str(), text, sizeof(text));
  if (parse_keyed(TextView(text, n > 0 ? static_cast<size_t>(n) : 0), "read_bytes:", value)) {
    put(spool, ring, lane, now, "watch.read_bytes", value, pid);
  }
}

}  // namespace

WatchState classify_syscall(uint64_t number) noexcept {
  switch (number) {
    case SYS_read:
    case SYS_pread64:
    case SYS_readv:
    case SYS_preadv:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
    case SYS_io_getevents:
#ifdef SYS_open
    case SYS_open:
#endif
    case SYS_openat:
    case SYS_sendfile:
      return WatchState::kRead;
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
      return WatchState::kSleep;
    case SYS_futex:
      return WatchState::kFutex;
#ifdef SYS_poll
    case SYS_poll:
    case SYS_select:
    case SYS_epoll_wait:
#endif
    case SYS_ppoll:
    case SYS_pselect6:
    case SYS_epoll_pwait:
      return WatchState::kPoll;
    default:
      return WatchState::kOther;
  }
}

WatchState classify(TextView stat, TextView syscall) noexcept {
  size_t at = stat.size;
  while (at > 0 && stat.data[at - 1] != ')') {
    --at;
  }
  char state = at + 1 < stat.size ? stat.data[at + 1] : '?';
  if (state == 'R' || syscall.starts_with("running")) {
    return WatchState::kRunning;
  }
  uint64_t number = 0;
  if (parse_u64(syscall, number)) {
    WatchState kind = classify_syscall(number);
    // Uninterruptible inside any other call (a page fault has "-1") is the disk or the network file system.
    return kind == WatchState::kOther && state == 'D' ? WatchState::kRead : kind;
  }
  return state == 'D' ? WatchState::kRead : WatchState::kOther;
}

bool WorkerWatch::watch(uint32_t pid, bool on) noexcept {
  if (pid == 0) {
    return false;
  }
  for (Entry& entry : entries_) {
    if (entry.pid.load(std::memory_order_acquire) == pid) {
      if (entry.on.exchange(on) != on) {
        count_.fetch_add(on ? 1 : -1, std::memory_order_relaxed);
      }
      return true;
    }
  }
  if (!on) {
    return true;
  }
  for (Entry& entry : entries_) {
    uint32_t free = 0;
    if (entry.pid.compare_exchange_strong(free, pid, std::memory_order_acq_rel)) {
      entry.on.store(true);
      count_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
  }
  return false;
}

void WorkerWatch::sample() noexcept {
  for (Entry& entry : entries_) {
    uint32_t pid = entry.pid.load(std::memory_order_acquire);
    if (pid == 0 || !entry.on.load(std::memory_order_relaxed)) {
      continue;
    }
    if (entry.of_pid != pid) {
      entry.of_pid = pid;
      entry.samples = 0;
      memset(entry.states, 0, sizeof(entry.states));
    }
    TextBuffer<32> directory;
    directory.add("/proc/").add_u64(pid);
    TextBuffer<48> path;
    char stat[512];
    char call[256];
    path.add(directory.view()).add("/stat");
    long n = read_file(path.c_str(), stat, sizeof(stat));
    if (n <= 0) {
      watch(pid, false);  // it is gone
      continue;
    }
    path.clear();
    path.add(directory.view()).add("/syscall");
    long m = read_file(path.c_str(), call, sizeof(call));
    WatchState state =
        classify(TextView(stat, static_cast<size_t>(n)), TextView(call, m > 0 ? static_cast<size_t>(m) : 0));
    ++entry.samples;
    ++entry.states[static_cast<int>(state)];
  }
}

void WorkerWatch::report(trace::Spool& spool, trace::Ring* ring, uint32_t lane, int64_t now) noexcept {
  for (Entry& entry : entries_) {
    uint32_t pid = entry.pid.load(std::memory_order_acquire);
    if (pid == 0) {
      continue;
    }
    if (entry.of_pid == pid && entry.samples != 0) {
      put(spool, ring, lane, now, "watch.samples", entry.samples, pid);
      for (int i = 0; i < kWatchStateCount; ++i) {
        put(spool, ring, lane, now, kNames[i], entry.states[i], pid);
      }
      put_usage(spool, ring, lane, now, pid);
    }
    if (!entry.on.load(std::memory_order_relaxed)) {
      entry.of_pid = 0;
      entry.pid.store(0, std::memory_order_release);
    }
  }
}

void WorkerWatch::clear() noexcept {
  for (Entry& entry : entries_) {
    entry.pid.store(0);
    entry.on.store(false);
    entry.of_pid = 0;
    entry.samples = 0;
  }
  count_.store(0);
}

}  // namespace stepscope::collector
