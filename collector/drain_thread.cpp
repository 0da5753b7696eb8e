// SPDX-License-Identifier: Apache-2.0
#include "collector/drain_thread.hpp"

#include <limits.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <atomic>

#include "collector/clock.hpp"
#include "collector/own_thread.hpp"
#include "collector/process_state.hpp"
#include "collector/source_registry.hpp"
#include "collector/sources/host/fingerprint.hpp"
#include "collector/sources/host/host_sampler.hpp"
#include "collector/sources/host/thread_usage.hpp"
#include "collector/sources/host/worker_watch.hpp"
#include "collector/sources/nvtx/names.hpp"
#include "collector/system_file.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kIdlePeriod = 100 * kMillisecond;
constexpr int64_t kWatchPeriod = 50 * kMillisecond;
// A ring of 512 KiB holds about 6000 ranges: drain faster while they come in faster than that in an idle period.
constexpr size_t kBusyEvents = 300;
constexpr int64_t kBusyPeriod = 20 * kMillisecond;
constexpr size_t kFloodEvents = 1500;
constexpr int64_t kFloodPeriod = 2 * kMillisecond;
constexpr int64_t kHostPeriod = 500 * kMillisecond;
constexpr int64_t kAnchorPeriod = kSecond;
constexpr int64_t kExitPatience = 2 * kSecond;
constexpr int64_t kSourcePatience = 3 * kSecond;

// The drain lock: guards drain(), the sampler and the watch's counts. Only ever tried, so that no application thread
// waits for a disk.
constinit std::atomic<bool> g_draining{false};
constinit std::atomic<bool> g_finished{false};
constinit std::atomic<int64_t> g_next_host{0};
constinit std::atomic<int64_t> g_own_cpu_ns{0};
constinit int64_t g_next_anchor = 0;
constinit bool g_sampler_started = false;
constinit bool g_fingerprinted = false;
constinit HostSampler g_sampler;
constinit WorkerWatch g_watch;

bool try_lock() noexcept {
  return !g_draining.exchange(true, std::memory_order_acquire);
}
void unlock() noexcept {
  g_draining.store(false, std::memory_order_release);
}
bool lock_before(int64_t deadline_ns) noexcept {
  while (!try_lock()) {
    if (now_ns() > deadline_ns) {
      return false;
    }
    sleep_ns(kMillisecond / 5);
  }
  return true;
}

// Under the drain lock. On our thread when there is time for it, else at the end: a program may be over before.
void write_fingerprint_once() noexcept {
  if (!g_fingerprinted) {
    g_fingerprinted = true;
    Cgroup cgroup;
    write_fingerprint(spool(), cgroup);
  }
}

// Under the drain lock.
void sample(trace::Ring* ring, int64_t now) noexcept {
  if (!g_sampler_started) {
    g_sampler_started = true;
    g_sampler.start(spool());
  }
  g_sampler.sample(spool(), ring);
  g_watch.report(spool(), ring, g_sampler.lane(), now);
}

// What hooks could only count where they were. Under the drain lock, not in a signal handler.
void report_counts() noexcept {
  report_refused_events();
  nvtx::report_full_names();
}

void take_anchor_if_due(int64_t now) noexcept {
  if (now >= g_next_anchor) {
    g_next_anchor = now + kAnchorPeriod;
    spool().anchor();
  }
}

int64_t tick(trace::Ring* ring) noexcept {
  int64_t now = now_ns();
  take_anchor_if_due(now);
  write_fingerprint_once();
  if (g_watch.any()) {
    g_watch.sample();
  }
  if (now >= g_next_host.load(std::memory_order_relaxed)) {
    g_next_host.store(now + kHostPeriod, std::memory_order_relaxed);
    sample(ring, now);
  }
  const int64_t wish = tick_sources(ring, now);
  report_counts();
  size_t moved = spool().drain();
  int64_t pause = kIdlePeriod;
  if (moved >= kFloodEvents) {
    pause = kFloodPeriod;
  } else if (moved >= kBusyEvents) {
    pause = kBusyPeriod;
  } else if (g_watch.any()) {
    pause = kWatchPeriod;
  }
  return wish < pause ? wish : pause;
}

void* run(void*) noexcept {
  prctl(PR_SET_NAME, "stepscope-drain");
  // The starting thread may still be inside start().
  while (phase() == Phase::kStarting) {
    sleep_ns(kMillisecond / 5);
  }
  while (is_recording() && !g_finished.load(std::memory_order_acquire)) {
    int64_t pause = kBusyPeriod;
    if (try_lock()) {
      EventScope scope(Door::kOwn);
      if (!g_finished.load(std::memory_order_acquire)) {
        pause = tick(scope ? scope.thread().ring : nullptr);
      }
      unlock();
    }
    g_own_cpu_ns.store(clock_ns(CLOCK_THREAD_CPUTIME_ID), std::memory_order_relaxed);
    sleep_ns(pause);
  }
  return nullptr;
}

void number_meta(const char* key, uint64_t value) noexcept {
  TextBuffer<24> text;
  text.add_u64(value);
  spool().meta(key, text.c_str());
}

void write_own_cost() noexcept {
  number_meta("self.drain_cpu_ns", static_cast<uint64_t>(g_own_cpu_ns.load(std::memory_order_relaxed)));
  const char* directory = getenv("STEPSCOPE_DIR");
  TextBuffer<PATH_MAX> path;
  path.add(directory == nullptr ? "." : directory).add('/').add(base_name().view()).add(".spool");
  number_meta("self.bytes_written", file_size(path.c_str()));
}

}  // namespace

bool start_drain_thread() noexcept {
  return start_own_thread(run);
}

bool drain_now() noexcept {
  if (g_finished.load(std::memory_order_acquire) || !try_lock()) {
    return false;
  }
  spool().drain();
  unlock();
  return true;
}

void sample_host_if_due(trace::Ring* ring) noexcept {
  int64_t due = g_next_host.load(std::memory_order_relaxed);
  int64_t now = now_ns();
  if (now < due || !g_next_host.compare_exchange_strong(due, now + kSecond) || !try_lock()) {
    return;
  }
  take_anchor_if_due(now);
  sample(ring, now);
  report_counts();
  spool().drain();
  unlock();
}

bool with_drain_lock(void (*function)(void* context) noexcept, void* context, int64_t patience_ns) noexcept {
  if (!lock_before(now_ns() + patience_ns)) {
    return false;
  }
  function(context);
  unlock();
  return true;
}

void flush_sources_at_exit() noexcept {
  if (!is_recording() || !lock_before(now_ns() + kExitPatience)) {
    return;  // finish_recording() tries again, and counts
  }
  if (!g_finished.load(std::memory_order_acquire)) {
    reopen_thread_at_exit();
    EventScope scope(Door::kOwn);
    finish_sources(scope ? scope.thread().ring : nullptr, now_ns() + kSourcePatience);
    spool().drain();
  }
  unlock();
}

bool watch_process(uint32_t pid, bool on) noexcept {
  return g_watch.watch(pid, on);
}

void finish_recording(int exit_code) noexcept {
  if (!lock_before(now_ns() + kExitPatience)) {
    // Our thread is held up, in a vendor's library or by a disk. The rings keep what they have, but not what the sources
    // hold back.
    spool().loss("exit.lock_timeout", 1);
    return;
  }
  if (g_finished.exchange(true)) {
    unlock();
    return;
  }
  reopen_thread_at_exit();
  EventScope scope(Door::kOwn);
  finish_sources(scope ? scope.thread().ring : nullptr, now_ns() + kSourcePatience);
  if (scope) {
    int64_t values[] = {now_ns(), exit_code, spool().intern("exit", 4)};
    scope.push(trace::Kind::kExit, 0, values, 3);
    if (g_watch.any()) {
      g_watch.report(spool(), scope.thread().ring, g_sampler.lane(), values[0]);
    }
  }
  report_counts();
  TextBuffer<16> code;
  code.add_i64(exit_code);
  spool().meta("exit.code", code.c_str());
  if (!light_mode()) {
    write_fingerprint_once();
  }
  spool().anchor();
  spool().drain();
  write_own_cost();
  spool().close();
  unlock();
}

void forget_drain_thread() noexcept {
  g_draining.store(false);
  g_finished.store(false);
  g_next_host.store(0);
  g_own_cpu_ns.store(0);
  g_next_anchor = 0;
  g_sampler_started = false;
  g_fingerprinted = false;
  g_watch.clear();
  forget_sources();
  forget_thread_usage();
}

}  // namespace stepscope::collector
