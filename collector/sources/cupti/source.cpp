// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/source.hpp"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <initializer_list>

#include "collector/clock.hpp"
#include "collector/drain_thread.hpp"
#include "collector/own_thread.hpp"
#include "collector/preload_door.hpp"
#include "collector/process_state.hpp"
#include "collector/source_registry.hpp"
#include "collector/sources/cupti/buffer_walk.hpp"
#include "collector/sources/cupti/source_state.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector::cupti {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kFlushPeriod = kSecond;
constexpr int64_t kLibraryPatience = 10 * kSecond;  // for a framework that may still bring its own libcupti
constexpr int64_t kBusyPeriod = 5 * kMillisecond;
constexpr int64_t kCalmPeriod = 25 * kMillisecond;
constexpr size_t kDefaultMemoryMib = 64;
constexpr uint64_t kGraphDoubt = 16;   // launches without a record of one are doubtful
constexpr int kGraphDoubtFlushes = 4;  // so often in a row, and the graph level is given up

enum class Policy : uint8_t { kHold, kYield, kOff };

constinit SourceState g_state;
constinit int64_t g_waiting_until = 0;
constinit int64_t g_next_flush = 0;
constinit int64_t g_decode_ns = 0;
constinit uint64_t g_buffers = 0;
constinit bool g_clock_set = false;
constinit int g_graph_doubts = 0;
constinit std::atomic<bool> g_flushed{false};  // the forced flush at the end came back
constinit std::atomic<uint64_t> g_failed_flushes{0};

struct Reported {  // what of the counters has gone into the recording
  uint64_t no_time, bad_time, unknown, undescribed, signatures_full, spare_records, last_resort, strangers,
      cut_buffers, fatal_buffers, late_buffers, flushes;
};
constinit Reported g_reported{};

Policy policy_from_environment() noexcept {
  const TextView text(getenv("STEPSCOPE_CUPTI"));
  return text.equals("yield") ? Policy::kYield : text.equals("off") ? Policy::kOff : Policy::kHold;
}

const char* policy_name(Policy policy) noexcept {
  return policy == Policy::kYield ? "yield" : policy == Policy::kOff ? "off" : "hold";
}

RecordForm record_form() noexcept {
  const bool classic = TextView(getenv("STEPSCOPE_CUPTI_RECORDS")).equals("classic");
  return classic ? RecordForm::kClassic : RecordForm::kBest;
}

size_t buffer_bytes() noexcept {
  uint64_t mib = kDefaultMemoryMib;
  const char* given = getenv("STEPSCOPE_CUPTI_MEMORY_MIB");
  if (given == nullptr || !parse_u64(TextView(given), mib) || mib < 8 || mib > 4096) {
    mib = kDefaultMemoryMib;
  }
  return (mib << 20) / BufferPool::kBuffers;
}

void stop_with(Phase phase, const TextBuffer<256>& why) noexcept {
  spool().meta("cupti.state", why.c_str());
  g_state.phase.store(phase, std::memory_order_release);
}

int64_t cupti_now() noexcept {
  return g_state.may_call() ? g_state.subscription.now_ns() : 0;
}

void describe_environment() noexcept {
  for (const char* name : {"CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"}) {
    if (getenv(name) != nullptr) {
      spool().meta("cupti.mps", "yes: kernels of other clients are not seen");
    }
  }
}

void enable_callbacks(Subscription& subscription) noexcept {
  (void)subscription.enable_callback(abi::kState, abi::kFatalError);
  (void)subscription.enable_callback(abi::kResource, abi::kContextCreated);
  (void)subscription.enable_callback(abi::kResource, abi::kModuleUnloadStarting);
  for (const uint32_t id : {abi::kRuntimeProfilerStart, abi::kRuntimeProfilerStop}) {
    (void)subscription.enable_callback(abi::kRuntimeApi, id);
  }
  for (const uint32_t id : {abi::kDriverProfilerStart, abi::kDriverProfilerStop}) {
    (void)subscription.enable_callback(abi::kDriverApi, id);
  }
  if (g_state.level < Level::kFull) {
    for (const uint32_t id : {abi::kRuntimeGraphLaunch, abi::kRuntimeGraphLaunchPtsz}) {
      (void)subscription.enable_callback(abi::kRuntimeApi, id);
    }
    for (const uint32_t id : {abi::kDriverGraphLaunch, abi::kDriverGraphLaunchPtsz}) {
      (void)subscription.enable_callback(abi::kDriverApi, id);
    }
  }
}

void number_meta(const char* key, uint64_t value) noexcept {
  TextBuffer<24> text;
  text.add_u64(value);
  spool().meta(key, text.c_str());
}

// The library is there: subscribe. Leaves the phase at kRunning or says why not.
void subscribe(const DynamicLibrary& library, const LibraryPath& path) noexcept {
  SourceState& s = g_state;
  TextBuffer<256> why;
  spool().meta("cupti.library", path.c_str());
  Functions functions;
  if (!library || !functions.find_in(library)) {
    spool().loss("cupti.unavailable", 1);
    stop_with(Phase::kOff, why.add("unavailable: ").add(path.c_str()).add(" lacks a function we need"));
    return;
  }
  const bool memory = s.pool.open(buffer_bytes()) && s.decoder.open(spool(), s.windows);
  if (!memory) {
    spool().loss("cupti.unavailable", 1);
    stop_with(Phase::kOff, why.add("unavailable: no memory for its buffers"));
    return;
  }
  TextBuffer<96> holder;
  const RecordForm form = record_form();
  const bool alone = form == RecordForm::kBest && policy_from_environment() != Policy::kYield;
  abi::Result result = s.subscription.open(functions, callbacks(), alone, holder);
  number_meta("cupti.version", s.subscription.version());
  if (result == abi::kMultipleSubscribers) {
    spool().loss("cupti.unavailable", 1);
    stop_with(Phase::kOff, why.add("held by ").add(holder.c_str()));
    return;
  }
  // Before anything is enabled: callbacks may come at once.
  s.phase.store(Phase::kRunning, std::memory_order_release);
  if (result == abi::kSuccess) {
    enable_callbacks(s.subscription);
    RecordLayouts::Tail tail;
    result = s.activities.enable(s.subscription, s.level, form, tail);
    if (s.subscription.chooses_fields()) {
      s.decoder.read_described(s.described);
    } else {
      s.decoder.read_classic(tail);
    }
    if (result != abi::kSuccess) {
      s.activities.disable_all(s.subscription);
      s.subscription.close();
    }
  }
  if (result != abi::kSuccess) {
    TextBuffer<128> text;
    describe_result(functions, result, text);
    spool().loss("cupti.unavailable", 1);
    stop_with(Phase::kOff, why.add("unavailable: ").add(text.c_str()));
    return;
  }
  spool().meta("cupti.interface", s.subscription.shares() ? "shared" : "single");
  spool().meta("cupti.state", "recording");
  s.ready.store(true, std::memory_order_release);
}

// Subscribed and all enabled: what is only for the drain lock's owner may be used.
bool is_ready() noexcept {
  return g_state.may_call() && g_state.ready.load(std::memory_order_acquire);
}

// A Python process whose framework is not loaded yet may bring its own libcupti; any other program takes what is there.
bool must_be_cautious() noexcept {
  char executable[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", executable, sizeof(executable));
  return length > 0 && is_python(TextView(executable, static_cast<size_t>(length)));
}

void look_for_library(Search search, int64_t now) noexcept {
  SourceState& s = g_state;
  Phase expected = s.phase.load(std::memory_order_acquire);
  if ((expected != Phase::kIdle && expected != Phase::kWaiting) ||
      !s.phase.compare_exchange_strong(expected, Phase::kStarting)) {
    return;
  }
  LibraryPath path;
  const DynamicLibrary library = find_library(search, path);
  if (library || !path.empty()) {
    subscribe(library, path);
    return;
  }
  TextBuffer<256> why;
  if (search == Search::kCautious) {
    if (g_waiting_until == 0) {
      g_waiting_until = now + kLibraryPatience;
      spool().meta("cupti.state", "waiting for the framework's libcupti");
    }
    s.phase.store(Phase::kWaiting, std::memory_order_release);
    return;
  }
  spool().loss("cupti.unavailable", 1);
  stop_with(Phase::kOff,
            why.add("unavailable: no libcupti found; install it, or name it in STEPSCOPE_CUPTI_LIBRARY"));
}

// ---- decoding, on the drain thread or at the end ----

// Returns how many buffers there were.
size_t decode_completed(trace::Ring* ring) noexcept {
  SourceState& s = g_state;
  if (ring == nullptr || !s.decoder.is_open()) {
    return 0;
  }
  if (s.code_unloaded.exchange(false)) {
    s.decoder.forget_names();
  }
  const int64_t begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  size_t buffers = 0;
  size_t valid = 0;
  while (uint8_t* buffer = s.pool.take(valid)) {
    s.decoder.decode(buffer, valid, {next_record, nullptr}, ring, now_ns());
    s.pool.give_back(buffer, valid);
    ++buffers;
    spool().drain();
  }
  if (buffers != 0) {
    g_decode_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
    g_buffers += buffers;
  }
  if (!g_clock_set && s.decoder.counts().kernels > 0) {
    g_clock_set = true;  // CUPTI's clock settles with the first work of the GPU
    spool().set_cupti_clock(cupti_now);
    spool().anchor();
  }
  return buffers;
}

void report(const char* counter, uint64_t now, uint64_t& reported) noexcept {
  if (now > reported) {
    spool().loss(counter, now - reported);
    reported = now;
  }
}

void report_losses() noexcept {
  SourceState& s = g_state;
  const DecoderCounts& counts = s.decoder.counts();
  report("cupti.no_time", counts.no_time, g_reported.no_time);
  report("cupti.bad_time", counts.bad_time, g_reported.bad_time);
  report("cupti.unknown_kind", counts.unknown, g_reported.unknown);
  report("cupti.undescribed", counts.undescribed, g_reported.undescribed);
  report("cupti.signatures_full", counts.signatures_full, g_reported.signatures_full);
  report("cupti.discarded", s.spare_records.load(std::memory_order_relaxed), g_reported.spare_records);
  report("cupti.discarded_buffers", s.pool.last_resort_uses(), g_reported.last_resort);
  report("cupti.flush_failed", g_failed_flushes.load(std::memory_order_relaxed), g_reported.flushes);
  report("cupti.strange_buffer", s.strange_buffers.load(std::memory_order_relaxed), g_reported.strangers);
  report("cupti.buffer_cut", s.cut_buffers.load(std::memory_order_relaxed), g_reported.cut_buffers);
  report("cupti.fatal_buffers", s.fatal_buffers.load(std::memory_order_relaxed), g_reported.fatal_buffers);
  report("cupti.discarded_late", s.late_buffers.load(std::memory_order_relaxed), g_reported.late_buffers);
  if (s.may_call()) {
    const size_t dropped = s.subscription.dropped();
    if (dropped != 0) {
      spool().loss("cupti.dropped", dropped);
    }
  }
}

void stop_if_fatal() noexcept {
  Phase running = Phase::kRunning;
  if (g_state.fatal.load(std::memory_order_acquire) &&
      g_state.phase.compare_exchange_strong(running, Phase::kFatal)) {
    spool().set_cupti_clock(nullptr);
    spool().loss("cupti.fatal", 1);
    spool().meta("cupti.state", "stopped: CUPTI reported a fatal error");
  }
}

void flush(uint32_t flag) noexcept {
  if (g_state.subscription.flush(flag) != abi::kSuccess) {
    g_failed_flushes.fetch_add(1, std::memory_order_relaxed);
  }
}

// Some versions deliver no graph records for graphs that were made before: then node by node is what there is. Records
// come a flush or two late, so the doubt has to last.
void check_graph_level() noexcept {
  SourceState& s = g_state;
  if (!s.may_call()) {
    return;
  }
  const bool doubtful =
      s.graphs.at_launches() && s.graphs.expected() > kGraphDoubt && s.decoder.counts().graph_launches == 0;
  g_graph_doubts = doubtful ? g_graph_doubts + 1 : 0;
  if (g_graph_doubts >= kGraphDoubtFlushes) {
    s.graphs.give_up();
    (void)s.subscription.disable(abi::kGraphTrace);
    spool().loss("cupti.graph_level_unavailable", s.graphs.expected());
  }
}

void write_cost() noexcept {
  const DecoderCounts& counts = g_state.decoder.counts();
  number_meta("self.cupti_records", counts.records);
  number_meta("self.cupti_buffers", g_buffers);
  number_meta("self.cupti_decode_ns", static_cast<uint64_t>(g_decode_ns));
  if (g_state.graphs.launches() != 0) {
    number_meta("cupti.graph_launches", g_state.graphs.launches());
  }
}

// ---- the end ----

void* forced_flush(void*) noexcept {
  flush(abi::kFlushForced);
  g_flushed.store(true, std::memory_order_release);
  return nullptr;
}

// On a thread of its own: with a dying driver it may never come back.
bool flush_before(int64_t deadline_ns) noexcept {
  const bool created = start_own_thread(forced_flush);
  while (created && !g_flushed.load(std::memory_order_acquire) && now_ns() < deadline_ns) {
    sleep_ns(kMillisecond / 5);
  }
  return created && g_flushed.load(std::memory_order_acquire);
}

}  // namespace

SourceState& state() noexcept {
  return g_state;
}

void start() noexcept {
  SourceState& s = g_state;
  if (s.phase.load(std::memory_order_acquire) != Phase::kIdle || !is_recording()) {
    return;
  }
  ReentryGuard guard;
  if (!guard) {
    return;
  }
  TextBuffer<256> why;
  const Policy policy = policy_from_environment();
  s.level = level_from_environment();
  spool().meta("cupti.policy", policy_name(policy));
  spool().meta("cupti.level", level_name(s.level));
  describe_environment();
  if (light_mode()) {
    stop_with(Phase::kOff, why.add("off: no thread of our own in this process"));
  } else if (s.level == Level::kSteps) {
    stop_with(Phase::kOff, why.add("off: level steps"));
  } else if (policy == Policy::kOff) {
    stop_with(Phase::kOff, why.add("off: STEPSCOPE_CUPTI=off"));
  } else {
    s.windows.active = TextView(getenv("STEPSCOPE_WINDOW")).equals("cuda-profiler");
    look_for_library(must_be_cautious() ? Search::kCautious : Search::kAnywhere, now_ns());
  }
}

bool release(TextView who) noexcept {
  if (policy_from_environment() != Policy::kYield) {
    return g_state.phase.load(std::memory_order_acquire) != Phase::kRunning;
  }
  Phase idle = Phase::kIdle;
  Phase waiting = Phase::kWaiting;
  TextBuffer<256> text;
  text.add("yielded to ").add(who);
  if (g_state.phase.compare_exchange_strong(idle, Phase::kOff) ||
      g_state.phase.compare_exchange_strong(waiting, Phase::kOff)) {
    if (ReentryGuard guard; guard) {
      spool().meta("cupti.state", text.c_str());
    }
    return true;
  }
  (void)with_drain_lock(
      [](void* context) noexcept {
        SourceState& s = g_state;
        EventScope scope(Door::kOwn);
        if (scope && is_ready()) {
          flush(abi::kFlushForced);
        }
        stop_if_fatal();
        if (!scope || !is_ready()) {
          return;
        }
        s.activities.disable_all(s.subscription);
        (void)s.subscription.disable(abi::kGraphTrace);
        decode_completed(scope.thread().ring);  // records can only be walked while we are subscribed
        report_losses();
        s.phase.store(Phase::kReleased, std::memory_order_release);
        s.subscription.close();
        spool().set_cupti_clock(nullptr);
        spool().loss("cupti.yielded", 1);
        spool().meta("cupti.state", static_cast<const TextBuffer<256>*>(context)->c_str());
      },
      &text, 2 * kSecond);
  return g_state.phase.load(std::memory_order_acquire) != Phase::kRunning;
}

int64_t tick(trace::Ring* ring, int64_t now_ns) noexcept {
  SourceState& s = g_state;
  switch (s.phase.load(std::memory_order_acquire)) {
    case Phase::kIdle:
    case Phase::kStarting:
    case Phase::kOff:
    case Phase::kFinished:
      return kNoWish;
    case Phase::kWaiting:
      look_for_library(now_ns < g_waiting_until ? Search::kCautious : Search::kAnywhere, now_ns);
      return kNoWish;
    case Phase::kReleased:
    case Phase::kFatal:
      if (decode_completed(ring) != 0) {
        report_losses();
      }
      return kNoWish;
    case Phase::kRunning:
      if (!s.ready.load(std::memory_order_acquire)) {
        return kNoWish;
      }
      break;
  }
  stop_if_fatal();
  if (now_ns >= g_next_flush && s.may_call()) {
    g_next_flush = now_ns + kFlushPeriod;
    s.decoder.forget_threads();
    flush(0);
    check_graph_level();
    report_losses();
  }
  const size_t buffers = decode_completed(ring);
  return buffers > 4 ? kBusyPeriod : buffers > 0 ? kCalmPeriod : kNoWish;
}

void finish(trace::Ring* ring, int64_t deadline_ns) noexcept {
  SourceState& s = g_state;
  stop_if_fatal();
  const Phase phase = s.phase.load(std::memory_order_acquire);
  if (phase != Phase::kRunning && phase != Phase::kReleased && phase != Phase::kFatal) {
    return;
  }
  if (phase == Phase::kRunning && !s.ready.load(std::memory_order_acquire)) {
    return;  // another thread is still subscribing: there is nothing yet
  }
  if (phase == Phase::kRunning && !flush_before(deadline_ns)) {
    // The flush may hold CUPTI's locks for ever: read what is complete, and call nothing that could wait for them.
    s.phase.store(Phase::kFinished, std::memory_order_release);
    spool().set_cupti_clock(nullptr);
    spool().loss("cupti.flush_timeout", 1);
  }
  stop_if_fatal();
  decode_completed(ring);
  report_losses();
  s.phase.store(Phase::kFinished, std::memory_order_release);
  spool().set_cupti_clock(nullptr);
  write_cost();
}

// Everything that CUPTI or the parent's threads hold stays the parent's; CUDA does not work in a forked child anyway, unless
// the parent never used it: then there is nothing to forget, and the child may start anew.
void forget() noexcept {
  if (g_state.phase.load(std::memory_order_relaxed) != Phase::kIdle) {
    g_state.phase.store(Phase::kOff, std::memory_order_relaxed);
  }
}

}  // namespace stepscope::collector::cupti
