// SPDX-License-Identifier: Apache-2.0
#include "collector/process_state.hpp"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector/clock.hpp"
#include "collector/drain_thread.hpp"
#include "collector/preload_door.hpp"
#include "collector/system_file.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector {

namespace {
// What g_recording points to before the first start: never 1.
constinit std::atomic<uint32_t> g_never{0};
}  // namespace

namespace detail {
constinit std::atomic<const std::atomic<uint32_t>*> g_recording{&g_never};
}  // namespace detail

namespace {

constexpr int kMaxImages = 64;
constexpr int64_t kStartPatienceNs = 200'000'000;
constexpr int64_t kStartPollNs = 50'000;

constinit trace::Spool g_spool;
constinit std::atomic<Phase> g_phase{Phase::kDormant};
constinit std::atomic<uint32_t>* g_flag = nullptr;  // in the page that fork wipes
constinit std::atomic<bool> g_light{false};
constinit std::atomic<uint32_t> g_generation{0};
constinit pid_t g_pid = 0;  // of the process that last left kDormant
constinit bool g_hooks_registered = false;
constinit BaseName g_base{kZeroed};
constinit BaseName g_parent_base{kZeroed};

void become_child() noexcept {
  if (g_flag != nullptr) {
    g_flag->store(0, std::memory_order_relaxed);
  }
  g_spool.abandon_in_child(thread_state().busy);
  forget_drain_thread();
  reset_thread_after_fork();
  if (!g_base.empty()) {
    g_parent_base = g_base;
  }
  g_base.clear();
  g_pid = getpid();
  g_phase.store(Phase::kChild, std::memory_order_release);
}

void on_fork_child() noexcept {
  Phase phase = g_phase.load(std::memory_order_relaxed);
  if (phase == Phase::kRecording || phase == Phase::kStarting) {
    become_child();
  }
}

void on_process_exit(int code, void*) noexcept {
  if (is_recording() && g_pid == getpid()) {
    finish_recording(code);
  }
}

bool map_flag() noexcept {
  if (g_flag != nullptr) {
    return true;
  }
  long page = sysconf(_SC_PAGESIZE);
  void* at =
      mmap(nullptr, static_cast<size_t>(page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    return false;
  }
#if defined(MADV_WIPEONFORK)
  // Kernels before 4.14 refuse; the fork handler still covers fork() of libc.
  madvise(at, static_cast<size_t>(page), MADV_WIPEONFORK);
#endif
  g_flag = static_cast<std::atomic<uint32_t>*>(at);  // zero-filled: a valid atomic 0
  return true;
}

// exec keeps pid and start time: take the first name that no earlier image of this process used.
bool free_base_name(const Identity& identity, const char* directory, BaseName& base) noexcept {
  for (unsigned image = 1; image <= kMaxImages; ++image) {
    identity.base_name(image, base);
    bool taken = false;
    for (const char* suffix : {".spool", ".ring", ".stepscope"}) {
      TextBuffer<PATH_MAX> path;
      path.add(directory).add('/').add(base.view()).add(suffix);
      taken = taken || path.cut() || file_exists(path.c_str());
    }
    if (!taken) {
      return true;
    }
  }
  return false;
}

void write_doors(Door first) noexcept {
  for (int i = 0; i < kDoorCount; ++i) {
    TextBuffer<32> key;
    key.add("door.").add(door_name(static_cast<Door>(i)));
    DoorStatus status;
    describe_door(static_cast<Door>(i), status);
    g_spool.meta(key.c_str(), status.c_str());
  }
  g_spool.meta("door.first", door_name(first));
}

bool start(Door door, Role role, bool in_child) noexcept {
  const char* directory = getenv("STEPSCOPE_DIR");
  TextBuffer<PATH_MAX> fallback;
  if (directory == nullptr || directory[0] == '\0') {
    default_directory(fallback);
    directory = fallback.c_str();
  }
  Identity identity = Identity::read(role);
  if (!make_directory(directory) || !map_flag() || !free_base_name(identity, directory, g_base) ||
      g_spool.open(directory, g_base.c_str()) != 0) {
    return false;
  }
  g_pid = getpid();
  g_generation.fetch_add(1, std::memory_order_relaxed);
  if (!g_hooks_registered) {
    g_hooks_registered = true;
    pthread_atfork(nullptr, nullptr, on_fork_child);
    on_exit(on_process_exit, nullptr);
  }
  g_spool.anchor();
  identity.write_meta(g_spool);
  if (!g_parent_base.empty()) {
    g_spool.meta("process.parent_base", g_parent_base.c_str());
  }
  write_doors(door);
  // A forked child gets no thread, for it may fork or exec at any time; one that uses the GPU does neither.
  const bool wants_thread = !in_child || door == Door::kCuda;
  g_light.store(!wants_thread || !start_drain_thread(), std::memory_order_relaxed);
  g_spool.meta("self.mode", light_mode() ? "light" : "full");
  g_flag->store(1, std::memory_order_release);
  detail::g_recording.store(g_flag, std::memory_order_release);
  return true;
}

// Another thread is starting the recording: its events and ours belong to it, so wait for it, but not for long.
bool wait_for_start() noexcept {
  int64_t deadline = now_ns() + kStartPatienceNs;
  while (g_phase.load(std::memory_order_acquire) == Phase::kStarting && now_ns() < deadline) {
    sleep_ns(kStartPollNs);
  }
  return is_recording();
}

void note_door(Door door) noexcept {
  if (!mark_door_opened(door)) {
    return;
  }
  TextBuffer<32> key;
  key.add("door.").add(door_name(door));
  g_spool.meta(key.c_str(), "opened");
}

}  // namespace

bool open_door(Door door, Role role, bool rearm_child) noexcept {
  if (is_recording()) {
    note_door(door);
    return true;
  }
  if (!is_enabled()) {
    return false;
  }
  Phase phase = g_phase.load(std::memory_order_acquire);
  bool active = phase == Phase::kRecording || phase == Phase::kStarting;
  if (active && g_pid != 0 && g_pid != getpid()) {  // forked without the fork handler
    become_child();
    phase = Phase::kChild;
  }
  if (phase == Phase::kRecording || phase == Phase::kFailed || (phase == Phase::kChild && !rearm_child)) {
    return is_recording();
  }
  ReentryGuard guard;
  if (!guard) {
    return false;  // a signal handler on the thread that is starting the recording
  }
  if (phase == Phase::kStarting || !g_phase.compare_exchange_strong(phase, Phase::kStarting)) {
    return wait_for_start();
  }
  g_pid = getpid();
  mark_door_opened(door);
  bool started = start(door, role, phase == Phase::kChild);
  g_phase.store(started ? Phase::kRecording : Phase::kFailed, std::memory_order_release);
  return started;
}

Phase phase() noexcept {
  return g_phase.load(std::memory_order_acquire);
}

bool light_mode() noexcept {
  return g_light.load(std::memory_order_relaxed);
}

trace::Spool& spool() noexcept {
  return g_spool;
}

const BaseName& base_name() noexcept {
  return g_base;
}

uint32_t generation() noexcept {
  return g_generation.load(std::memory_order_relaxed);
}

}  // namespace stepscope::collector
