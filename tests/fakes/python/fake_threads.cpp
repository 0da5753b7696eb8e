// SPDX-License-Identifier: Apache-2.0
// What collector/sources/python stands on, for the stand-in collector: threads whose events go to its log, and a fetch meter
// that makes up what a fetch used.
#include <pthread.h>

#include "collector/clock.hpp"
#include "collector/process_state.hpp"
#include "collector/sources/python/methods.hpp"
#include "collector/thread_state.hpp"

#include "fake_collector.h"

namespace stepscope::collector {
namespace {

thread_local ThreadState t_state;
std::atomic<uint32_t> g_is_recording{0};

void after_fork_in_child() {
  g_is_recording = 0;
  t_state.fetch = {};
  t_state.fetch_task = {};
  t_state.loading = {};
}

}  // namespace

std::atomic<const std::atomic<uint32_t>*> detail::g_recording{&g_is_recording};

ThreadState& thread_state() noexcept {
  return t_state;
}

EventScope::EventScope(Door) noexcept : thread_(is_recording() ? &t_state : nullptr) {}
EventScope::~EventScope() = default;

void EventScope::push(trace::Kind kind, uint32_t lane, const int64_t* values, size_t count) noexcept {
  fake_emit(static_cast<uint32_t>(kind), lane, values, static_cast<uint32_t>(count));
}

int64_t FetchMeter::begin() noexcept {
  usage_ = {};
  return usage_.start_ns = now_ns();
}

int64_t FetchMeter::end() noexcept {
  usage_.cpu_ns = usage_.runq_ns = 1;
  usage_.read_bytes = 2;
  usage_.major_faults = 3;
  usage_.throttled_ns = 4;
  return usage_.end_ns = now_ns();
}

void FetchMeter::begin_collate() noexcept {
  collate_start_ns_ = now_ns();
}

void FetchMeter::end_collate(int64_t items) noexcept {
  usage_.collate_ns += now_ns() - collate_start_ns_;
  usage_.items += items;
}

}  // namespace stepscope::collector

void fake_begin_recording(void) {
  [[maybe_unused]] static const int once =
      pthread_atfork(nullptr, nullptr, stepscope::collector::after_fork_in_child);
  stepscope::collector::g_is_recording = 1;
}

int fake_is_recording(void) {
  return stepscope::collector::is_recording() ? 1 : 0;
}

void* fake_python_method(const char* name, const stepscope_python* python, int* flags) {
  return stepscope::collector::python::method(name, python, flags);
}
