// SPDX-License-Identifier: Apache-2.0
//
// The C API: stepscope_get_api and the functions of its table. What they promise stands in stepscope/stepscope.h.
#include <stepscope/stepscope.h>

#include "collector/clock.hpp"
#include "collector/drain_thread.hpp"
#include "collector/exports.hpp"
#include "collector/process_state.hpp"
#include "collector/redact.hpp"
#include "collector/sources/cupti/source.hpp"
#include "collector/sources/host/thread_usage.hpp"
#include "collector/sources/python/methods.hpp"
#include "collector/thread_state.hpp"

namespace stepscope::collector {
namespace {

constexpr auto kApiSource = static_cast<uint16_t>(trace::Source::kApi);

int api_open(const char* door) noexcept {
  constexpr const char* kWorkerSuffix = "-worker";
  TextView name(door);
  size_t suffix = strlen(kWorkerSuffix);
  bool is_worker = name.size > suffix && name.substr(name.size - suffix).equals(kWorkerSuffix);
  if (is_worker) {
    name = name.substr(0, name.size - suffix);
  }
  return open_door(door_from_name(name), is_worker ? Role::kWorker : Role::kMain, true) ? 1 : 0;
}

uint64_t api_now() noexcept {
  return static_cast<uint64_t>(now_ns());
}

uint32_t api_intern(const char* text, size_t length) noexcept {
  ReentryGuard guard;
  return guard && is_recording() && text != nullptr ? intern_cached(text, length) : 0;
}

void api_range_push(uint32_t name, uint32_t domain) noexcept {
  EventScope scope(Door::kOwn);
  if (!scope) {
    return;
  }
  ThreadState& thread = scope.thread();
  if (thread.api_depth < kMaxApiDepth) {
    thread.api_domains[thread.api_depth] = domain;
  }
  ++thread.api_depth;
  scope.range_push({now_ns(), name, domain, 0, kApiSource, 0, 0});
}

void api_range_pop() noexcept {
  EventScope scope(Door::kOwn);
  if (!scope) {
    return;
  }
  ThreadState& thread = scope.thread();
  thread.api_depth -= thread.api_depth > 0 ? 1 : 0;
  scope.range_pop(thread.api_depth < kMaxApiDepth ? thread.api_domains[thread.api_depth] : 0);
}

void api_instant(uint32_t name, uint32_t domain) noexcept {
  if (EventScope scope(Door::kOwn); scope) {
    int64_t values[] = {now_ns(), name, domain, 0, kApiSource, 0, 0};
    scope.push(trace::Kind::kInstant, 0, values, 7);
  }
}

void api_counter(uint32_t name, double value) noexcept {
  if (EventScope scope(Door::kOwn); scope) {
    int64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    int64_t values[] = {now_ns(), name, bits, 0};
    scope.push(trace::Kind::kCounter, 0, values, 4);
  }
}

void api_step(int64_t index, uint32_t name) noexcept {
  if (EventScope scope(Door::kOwn); scope) {
    int64_t values[] = {now_ns(), index, kApiSource, name, 0};
    scope.push(trace::Kind::kStep, 0, values, 5);
  }
}

void api_emit(uint32_t kind, uint32_t lane, const int64_t* values, uint32_t count) noexcept {
  const trace::KindInfo* info = kind <= UINT16_MAX ? trace::find_kind(static_cast<uint16_t>(kind)) : nullptr;
  if (info == nullptr || values == nullptr || count == 0 || count > info->column_count) {
    if (ReentryGuard guard; guard) {
      spool().loss("event of an unknown shape", 1);
    }
    return;
  }
  if (EventScope scope(Door::kOwn); scope) {
    scope.push(info->id, lane, values, count);
  }
}

uint32_t api_lane(const char* type, const char* name) noexcept {
  ReentryGuard guard;
  return guard && is_recording() && type != nullptr && name != nullptr ? spool().declare_lane(type, name, 0)
                                                                       : 0;
}

void api_meta(const char* key, const char* value) noexcept {
  ReentryGuard guard;
  if (guard && is_recording() && key != nullptr && value != nullptr) {
    if (TextView(key).starts_with("fs.")) {  // paths that the Python hooks found, like ours
      RedactedText redacted;
      redact_value(TextView(value), redacted);
      spool().meta(key, redacted.c_str());
    } else {
      spool().meta(key, value);
    }
  }
}

void api_thread_usage(int64_t out[5]) noexcept {
  ThreadUsage usage;
  read_thread_usage(usage);
  out[0] = usage.cpu_ns;
  out[1] = usage.runq_ns;
  out[2] = usage.read_bytes;
  out[3] = usage.major_faults;
  out[4] = usage.throttled_ns;
}

void api_loss(const char* counter, uint64_t n) noexcept {
  ReentryGuard guard;
  if (guard && is_recording() && counter != nullptr) {
    spool().loss(counter, n);
  }
}

void api_watch(uint32_t pid, int on) noexcept {
  ReentryGuard guard;
  if (guard && is_recording() && !watch_process(pid, on != 0)) {
    spool().loss("too many watched processes", 1);
  }
}

int api_recording() noexcept {
  return is_recording() ? 1 : 0;
}

int api_release(const char* source, const char* who) noexcept {
  const bool known = source != nullptr && TextView(source).equals("cupti");
  return known && is_recording() && cupti::release(TextView(who)) ? 1 : 0;
}

constexpr stepscope_api kApi = {sizeof(stepscope_api),
                                1,
                                api_open,
                                api_now,
                                api_intern,
                                api_range_push,
                                api_range_pop,
                                api_instant,
                                api_counter,
                                api_step,
                                api_emit,
                                api_lane,
                                api_meta,
                                api_thread_usage,
                                api_loss,
                                api_watch,
                                api_recording,
                                api_release,
                                python::method};

}  // namespace
}  // namespace stepscope::collector

const stepscope_api* stepscope_get_api() noexcept {
  return &stepscope::collector::kApi;
}
