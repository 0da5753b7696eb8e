// SPDX-License-Identifier: Apache-2.0
#include "collector/setup_calls.hpp"

#include <sched.h>

#include <atomic>

#include "collector/open_devices.hpp"
#include "collector/process_state.hpp"

namespace stepscope::collector {

namespace detail {
constinit std::atomic<bool> g_setup_lock{false};
}  // namespace detail

namespace {

using detail::g_setup_lock;

constexpr int kTries = 1000;
constexpr int kNotYet = -2;
constexpr const char* kNotKept = "nccl.setup_call_not_kept";

constinit SetupCall g_calls[kMaxSetupCalls] = {};
constinit uint32_t g_last = 0;
constinit std::atomic<uint32_t> g_uncounted{0};  // inits that found the lock taken: they may be of any call
constinit std::atomic<int> g_verbs_before{kNotYet};

// False when somebody has it for too long: in a signal handler, or in a child that was forked meanwhile, it may be for ever.
class Guard {
 public:
  Guard() noexcept {
    for (int i = 0; i < kTries && !has_; ++i) {
      has_ = !g_setup_lock.exchange(true, std::memory_order_acquire);
      if (!has_) {
        sched_yield();
      }
    }
  }
  ~Guard() {
    if (has_) {
      g_setup_lock.store(false, std::memory_order_release);
    }
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  explicit operator bool() const noexcept { return has_; }

 private:
  bool has_ = false;
};

// Free, else the oldest one that returned; nullptr when all are open.
SetupCall* room() noexcept {
  SetupCall* oldest = nullptr;
  for (SetupCall& call : g_calls) {
    if (call.number == 0) {
      return &call;
    }
    if (call.end_ns != 0 && (oldest == nullptr || call.number < oldest->number)) {
      oldest = &call;
    }
  }
  return oldest;
}

}  // namespace

uint32_t setup_call_begins(int64_t start_ns, bool all_ranks) noexcept {
  int before = kNotYet;
  if (g_verbs_before.compare_exchange_strong(before, -1, std::memory_order_relaxed)) {
    g_verbs_before.store(count_open_verbs_devices(), std::memory_order_relaxed);
  }
  Guard guard;
  SetupCall* call = guard ? room() : nullptr;
  if (call == nullptr) {
    spool().loss(kNotKept, 1);
    return 0;
  }
  *call = {++g_last, all_ranks, 0, start_ns, 0, 0};
  return g_last;
}

void setup_call_ends(uint32_t number, uint64_t comm, int64_t end_ns) noexcept {
  Guard guard;
  if (!guard) {
    spool().loss(kNotKept, 1);  // it stays open: nothing that it may have set up has a duration
    return;
  }
  for (SetupCall& call : g_calls) {
    if (number != 0 && call.number == number) {
      call.comm = comm;
      call.end_ns = end_ns;
    }
  }
}

void count_init_in_setup_calls() noexcept {
  Guard guard;
  if (!guard) {
    g_uncounted.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  for (SetupCall& call : g_calls) {
    call.inits += call.number != 0 && call.end_ns == 0 ? 1U : 0U;
  }
}

bool copy_setup_calls(SetupCall (&out)[kMaxSetupCalls], size_t& count) noexcept {
  count = 0;
  Guard guard;
  if (!guard) {
    return false;
  }
  for (const SetupCall& call : g_calls) {
    if (call.number != 0) {
      out[count] = call;
      out[count++].inits += g_uncounted.load(std::memory_order_relaxed);
    }
  }
  return true;
}

int verbs_before_setup() noexcept {
  const int before = g_verbs_before.load(std::memory_order_relaxed);
  return before == kNotYet ? -1 : before;
}

void forget_setup_calls() noexcept {
  for (SetupCall& call : g_calls) {
    call = {};
  }
  g_last = 0;
  g_uncounted.store(0, std::memory_order_relaxed);
  g_verbs_before.store(kNotYet, std::memory_order_relaxed);
  g_setup_lock.store(false, std::memory_order_relaxed);
}

}  // namespace stepscope::collector
