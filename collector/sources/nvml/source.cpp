// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvml/source.hpp"

#include <limits.h>
#include <sys/prctl.h>

#include <atomic>

#include "collector/clock.hpp"
#include "collector/doors.hpp"
#include "collector/gpu_table.hpp"
#include "collector/own_thread.hpp"
#include "collector/process_state.hpp"
#include "collector/source_registry.hpp"
#include "collector/sources/nvml/gpu_health.hpp"
#include "collector/sources/nvml/period.hpp"
#include "collector/sources/nvml/visible_gpus.hpp"
#include "collector/system_file.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector::nvml {
namespace {

constexpr int kMaxXidsPerTick = 16;
constexpr int64_t kExitPatienceNs = 500'000'000;
constexpr int64_t kExitPollNs = 200'000;

// Of the reading thread.
struct Source {
  Functions functions = {};
  int gpu_count = 0;   // of g_gpus that are read
  int known_gpus = 0;  // of gpu_table.hpp, when the list was made
  EventSet xids = nullptr;
  bool said_throttle = false;
  int64_t period_ns = kShortestPeriodNs;
};

// What forget() must reset without running a destructor or touching the parent's NVML. The GPUs are large and apart: a fork
// handler runs on whatever stack the program's thread has.
constinit Source g_source;
constinit GpuHealth g_gpus[kMaxGpus];
constinit CudaEnvironment g_environment;
constinit std::atomic<bool> g_noting{false};
constinit std::atomic<bool> g_noted{false};  // g_environment is complete
constinit bool g_started = false;            // under the drain lock
constinit std::atomic<int64_t> g_spent_ns{0};

// At exit NVML's destructors run before our end of the recording. They must not meet a call of ours.
constinit std::atomic<bool> g_leaving{false};
constinit std::atomic<bool> g_calling{false};
constinit std::atomic<bool> g_hung{false};

class CallScope {
 public:
  CallScope() noexcept {
    g_calling.store(true);
    allowed_ = !g_leaving.load();
  }
  ~CallScope() { g_calling.store(false); }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  explicit operator bool() const noexcept { return allowed_; }

 private:
  bool allowed_ = false;
};

// Registered after NVML was loaded and again after it was initialised, so that it runs before anything NVML registered. The
// second time finds nothing to wait for, unless the first one gave up.
void hold_back_at_exit(int, void*) noexcept {
  if (!is_recording() || g_hung.load()) {
    return;
  }
  g_leaving.store(true);
  const int64_t deadline = now_ns() + kExitPatienceNs;
  while (g_calling.load() && now_ns() < deadline) {
    sleep_ns(kExitPollNs);
  }
  g_hung.store(g_calling.load());
}

void say_absent(const char* why) noexcept {
  TextBuffer<160> text;
  text.add("absent: ").add(why);
  spool().meta("nvml.state", text.c_str());
}

void write_version(const char* key, Result (*call)(char*, uint32_t)) noexcept {
  char text[kVersionSize] = {};
  if (call != nullptr && call(text, sizeof(text) - 1) == kSuccess) {
    spool().meta(key, text);
  }
}

void note_mps() noexcept {
  TextBuffer<PATH_MAX> control;
  control.add(g_environment.mps_directory.view()).add("/control");
  if (file_exists(control.c_str())) {
    spool().meta("nvml.mps", "readings are of the whole GPU, other processes on it included");
  }
}

// Keeps what is known of GPUs that stay.
void list_gpus() noexcept {
  static constinit GpuHealth before[kMaxGpus];
  const int count_before = g_source.gpu_count;
  for (int i = 0; i < count_before; ++i) {
    before[i] = g_gpus[i];
  }
  g_source.known_gpus = known_gpus();
  VisibleGpus visible;
  find_visible_gpus(g_source.functions, g_environment, visible);
  g_source.gpu_count = visible.count;
  for (int i = 0; i < visible.count; ++i) {
    GpuHealth& gpu = g_gpus[i];
    gpu.start(g_source.functions, spool(), visible.gpus[i].device, visible.gpus[i].ordinal);
    bool seen = false;
    for (int j = 0; j < count_before && !seen; ++j) {
      seen = before[j].handle() == gpu.handle();
      if (seen) {
        gpu = before[j];
        gpu.renumber(spool(), visible.gpus[i].ordinal);
      }
    }
    if (!seen) {
      gpu.listen(g_source.functions, spool(), g_source.xids);
    }
  }
  spool().meta("nvml.order", visible.order);
  if (visible.left_out > 0) {
    spool().loss("nvml.gpu_not_found", static_cast<uint64_t>(visible.left_out));
  }
}

// True when there is something to read from.
bool open_nvml() noexcept {
  Functions& functions = g_source.functions;
  if (!load(functions)) {
    say_absent("libnvidia-ml.so.1 cannot be loaded");
    return false;
  }
  on_exit(hold_back_at_exit, nullptr);
  const Result result = initialize(functions);
  if (result != kSuccess) {
    say_absent(result_text(result));
    return false;
  }
  on_exit(hold_back_at_exit, nullptr);
  spool().meta("nvml.state", "ok");
  write_version("nvml.driver", functions.driver_version);
  write_version("nvml.version", functions.nvml_version);
  note_mps();
  if (functions.event_set_create != nullptr && functions.event_set_create(&g_source.xids) != kSuccess) {
    g_source.xids = nullptr;
  }
  list_gpus();
  return true;
}

void read_xids(trace::Ring* ring, int64_t now) noexcept {
  const Functions& functions = g_source.functions;
  if (g_source.xids == nullptr || functions.event_set_wait == nullptr) {
    return;
  }
  EventData event = {};
  for (int i = 0; i < kMaxXidsPerTick && functions.event_set_wait(g_source.xids, &event, 0) == kSuccess;
       ++i) {
    for (int j = 0; j < g_source.gpu_count; ++j) {
      if (g_gpus[j].handle() == event.device && event.type == kEventXid) {
        g_gpus[j].put_xid(spool(), ring, now, event.data);
      }
    }
  }
}

void say_throttle() noexcept {
  if (g_source.said_throttle || g_source.gpu_count == 0) {
    return;
  }
  g_source.said_throttle = true;
  bool counted = true;
  for (int i = 0; i < g_source.gpu_count; ++i) {
    counted = counted && g_gpus[i].has_throttle_counters();
  }
  spool().meta("nvml.throttle", counted ? "counters" : "sampled");
}

void read_all(trace::Ring* ring, int64_t now) noexcept {
  if (known_gpus() != g_source.known_gpus) {
    list_gpus();
  }
  const int64_t begin = now_ns();
  read_xids(ring, now);
  for (int i = 0; i < g_source.gpu_count; ++i) {
    if (!g_gpus[i].lost()) {
      // Each with its own stamp: one GPU may take as long as ten.
      g_gpus[i].sample(g_source.functions, spool(), ring, now_ns());
    }
  }
  say_throttle();
  const int64_t period = next_period(g_source.period_ns, now_ns() - begin);
  if (period != g_source.period_ns) {
    g_source.period_ns = period;
    TextBuffer<24> text;
    text.add_i64(period / 1'000'000);
    spool().meta("nvml.period_ms", text.c_str());
  }
}

// One call of NVML's after another, as long as they are allowed. False when nothing more is to be read.
bool start_once() noexcept {
  const CallScope scope;
  return scope && open_nvml();
}
bool read_once() noexcept {
  const CallScope scope;
  if (scope) {
    const int64_t begin = now_ns();
    if (EventScope events(Door::kOwn); events) {
      read_all(events.thread().ring, begin);
    }
    g_spent_ns.fetch_add(now_ns() - begin, std::memory_order_relaxed);
  }
  return bool(scope);
}

void* read_health(void*) noexcept {
  prctl(PR_SET_NAME, "stepscope-nvml");
  bool more = start_once();
  while (more && is_recording()) {
    const int64_t next = now_ns() + g_source.period_ns;
    more = read_once();
    const int64_t rest = next - now_ns();
    sleep_ns(rest > 0 ? rest : 0);
  }
  return nullptr;
}

}  // namespace

void start() noexcept {
  if (is_recording() && !g_noting.exchange(true)) {
    g_environment.read();
    g_noted.store(true, std::memory_order_release);
  }
}

int64_t tick(trace::Ring*, int64_t) noexcept {
  if (!g_started && g_noted.load(std::memory_order_acquire)) {
    g_started = true;
    spool().meta("nvml.state", "starting");
    if (!start_own_thread(read_health)) {
      say_absent("no thread can be created for it");
    }
  }
  return kNoWish;
}

void finish(trace::Ring*, int64_t) noexcept {
  if (const int64_t spent = g_spent_ns.load(std::memory_order_relaxed); spent > 0) {
    TextBuffer<24> text;
    text.add_i64(spent);
    spool().meta("self.nvml_ns", text.c_str());
  }
  if (g_hung.exchange(false)) {
    spool().loss("nvml.call_hung", 1);
  }
}

void forget() noexcept {
  g_source = Source();
  g_noting.store(false);
  g_noted.store(false);
  g_started = false;
  g_spent_ns.store(0);
  g_leaving.store(false);
  g_calling.store(false);
  g_hung.store(false);
  forget_gpus();
}

}  // namespace stepscope::collector::nvml
