// SPDX-License-Identifier: Apache-2.0
//
// The libcupti stand-in: its activity API.
#include <unistd.h>

#include <cstring>
#include <mutex>

#include "tests/fakes/cuda/cupti_state.hpp"
#include "tests/fakes/cuda/violations.hpp"

namespace fakecuda {
namespace {

using Guard = std::lock_guard<std::recursive_mutex>;

constexpr uint32_t kForced = 1;

// Recording under another's subscription: old versions allow it, and one of the two then misses records.
void refuse_thieves(const char* function, const void* caller) {
  const Subscriber* holder = cupti().subscriber.load();
  if (holder != nullptr && !cupti().shares && !cupti().own_calls && holder->library != library_of(caller)) {
    violation("the activity API used by a library while another one is the subscriber", function);
  }
}

void record_apis(uint32_t domain, bool on) {
  for (std::atomic<uint8_t>& recorded : cupti().recorded_apis[domain]) {
    recorded.store(on ? 1 : 0);
  }
}

// Calls that have given way to others, which name the subscriber.
Result refuse_beside_own_calls(const char* function) {
  for (size_t i = 0; i < session_count(); ++i) {
    if (session(i).subscriber.load() != nullptr && session(i).own_calls) {
      violation("a classic call by a process with a subscriber that has its own", function);
      return kMultipleSubscribers;
    }
  }
  return kSuccess;
}

int record_api(const char* function, uint32_t domain, uint32_t id, bool on) {
  if (Result refused = refuse_beside_own_calls(function); refused != kSuccess) {
    return refused;
  }
  if (Result refused = enter(function); refused != kSuccess) {
    return refused;
  }
  if (id >= kCallbackIds) {
    return kInvalidParameter;
  }
  cupti().recorded_apis[domain][id].store(on ? 1 : 0);
  return kSuccess;
}

int set_kind(const char* function, uint32_t kind, bool on, bool dump) {
  if (Result refused = enter(function); refused != kSuccess) {
    return refused;
  }
  if (kind == kKernelSerial && on) {
    violation("activity kind KERNEL enabled: it serialises the program's kernels");
  }
  auto fails = options().enable_fails.find(kind);
  if (on && fails != options().enable_fails.end()) {
    return fails->second;
  }
  if (kind == 0 || kind >= kKindCount || record_size(kind) == 0) {
    return on ? kInvalidKind : kSuccess;
  }
  Cupti& state = cupti();
  Guard guard(state.lock);
  driver()->attach(&kHooks);
  start_worker();
  bool before = state.kinds[kind].exchange(on);
  if (kind == kDriver || kind == kRuntime) {
    record_apis(kind == kDriver ? kDriverApi : kRuntimeApi, on);
  }
  if (on && (dump || !before)) {
    write_known_objects(kind);
  }
  return kSuccess;
}

}  // namespace
}  // namespace fakecuda

using namespace fakecuda;

FAKE_CUPTI_EXPORT int cuptiActivityRegisterCallbacks(BufferRequested requested, BufferCompleted completed) {
  if (Result refused = enter("cuptiActivityRegisterCallbacks", false); refused != kSuccess) {
    return refused;
  }
  if (requested == nullptr || completed == nullptr) {
    return kInvalidParameter;
  }
  refuse_thieves("cuptiActivityRegisterCallbacks", __builtin_return_address(0));
  Guard guard(cupti().lock);
  cupti().requested = requested;
  cupti().completed = completed;
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiActivityEnable(uint32_t kind) {
  refuse_thieves("cuptiActivityEnable", __builtin_return_address(0));
  return set_kind("cuptiActivityEnable", kind, true, false);
}

FAKE_CUPTI_EXPORT int cuptiActivityEnableAndDump(uint32_t kind) {
  refuse_thieves("cuptiActivityEnableAndDump", __builtin_return_address(0));
  return set_kind("cuptiActivityEnableAndDump", kind, true, true);
}

FAKE_CUPTI_EXPORT int cuptiActivityDisable(uint32_t kind) {
  refuse_thieves("cuptiActivityDisable", __builtin_return_address(0));
  return set_kind("cuptiActivityDisable", kind, false, false);
}

FAKE_CUPTI_EXPORT int cuptiActivityEnableDriverApi(uint32_t id, uint8_t enable) {
  return record_api("cuptiActivityEnableDriverApi", kDriverApi, id, enable != 0);
}

FAKE_CUPTI_EXPORT int cuptiActivityEnableRuntimeApi(uint32_t id, uint8_t enable) {
  return record_api("cuptiActivityEnableRuntimeApi", kRuntimeApi, id, enable != 0);
}

FAKE_CUPTI_EXPORT int cuptiActivityFlushAll(uint32_t flag) {
  if (t_inside == Inside::kBufferRequested || t_inside == Inside::kBufferCompleted) {
    fatal_violation("cuptiActivityFlushAll from within a buffer callback: deadlock");
  } else if (t_inside == Inside::kCallback) {
    violation("cuptiActivityFlushAll from within a callback: not allowed in resource callbacks");
  }
  if (Result refused = enter("cuptiActivityFlushAll"); refused != kSuccess) {
    return refused;
  }
  while (options().flush_hangs && (flag & kForced) == 0) {
    pause();
  }
  bool anyone = false;
  for_each_session([&] { anyone = anyone || cupti().completed != nullptr; });
  if (!anyone) {
    return kInvalidOperation;
  }
  for_each_session([&] {
    if (cupti().completed != nullptr) {
      flush((flag & kForced) != 0);
    }
  });
  tell_fatal();
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiActivityFlushPeriod(uint32_t period_ms) {
  if (Result refused = enter("cuptiActivityFlushPeriod"); refused != kSuccess) {
    return refused;
  }
  cupti().flush_period_ms.store(period_ms);
  return kSuccess;
}

// Reads what the tool gives it, under no lock, as the real one does.
FAKE_CUPTI_EXPORT int cuptiActivityGetNextRecord(uint8_t* buffer, size_t valid, uint8_t** record) {
  if (buffer == nullptr || record == nullptr) {
    return kInvalidParameter;
  }
  refuse_after_fatal("cuptiActivityGetNextRecord");
  uint8_t* next = buffer;
  if (*record != nullptr) {
    uint32_t kind = 0;
    std::memcpy(&kind, *record, sizeof(kind));
    next = *record + delivered_bytes(kind);
  }
  size_t at = static_cast<size_t>(next - buffer);
  if (at + sizeof(uint32_t) > valid) {
    return kMaxLimitReached;
  }
  uint32_t kind = 0;
  std::memcpy(&kind, next, sizeof(kind));
  size_t size = delivered_bytes(kind);
  if (size == 0) {
    return kInvalidKind;
  }
  if (at + size > valid) {
    return kMaxLimitReached;
  }
  *record = next;
  return kSuccess;
}

// Takes the lock under which bufferRequested is called: a tool that calls this with a lock of its own held, and takes that
// lock in bufferRequested, deadlocks here as it does in CUPTI.
FAKE_CUPTI_EXPORT int cuptiActivityGetNumDroppedRecords(void* /*context*/, uint32_t /*stream*/,
                                                        size_t* dropped) {
  if (Result refused = enter("cuptiActivityGetNumDroppedRecords"); refused != kSuccess) {
    return refused;
  }
  if (dropped == nullptr) {
    return kInvalidParameter;
  }
  Guard guard(cupti().lock);
  *dropped = cupti().undelivered_drops.exchange(0);
  cupti().counters.dropped_reported += *dropped;
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiActivitySetAttribute(uint32_t attribute, size_t* size, void* value) {
  if (Result refused = enter("cuptiActivitySetAttribute"); refused != kSuccess) {
    return refused;
  }
  constexpr uint32_t kZeroedOut = 5;
  constexpr uint32_t kPoolLimit = 2;
  size_t wanted = attribute == kZeroedOut || attribute == 8 ? 1 : sizeof(size_t);
  if (size == nullptr || value == nullptr || attribute > 8) {
    return kInvalidParameter;
  }
  if (*size < wanted) {
    return kParameterSizeNotSufficient;
  }
  uint64_t number = 0;
  std::memcpy(&number, value, wanted);
  Guard guard(cupti().lock);
  cupti().attributes[attribute] = number;
  if (attribute == kZeroedOut) {
    cupti().zeroed_buffers = number != 0;
  }
  if (attribute == kPoolLimit && number < 3) {
    violation("DEVICE_BUFFER_POOL_LIMIT below the number of preallocated device buffers");
  }
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiActivityGetAttribute(uint32_t attribute, size_t* size, void* value) {
  if (Result refused = enter("cuptiActivityGetAttribute"); refused != kSuccess) {
    return refused;
  }
  static const std::map<uint32_t, uint64_t> defaults = {{0, 3200000}, {2, 250}, {3, 25000}, {4, 250},
                                                        {5, 0},       {6, 3},   {7, 3},     {8, 0}};
  auto fallback = defaults.find(attribute);
  if (size == nullptr || value == nullptr || fallback == defaults.end()) {
    return kInvalidParameter;
  }
  Guard guard(cupti().lock);
  auto set = cupti().attributes.find(attribute);
  uint64_t number = set == cupti().attributes.end() ? fallback->second : set->second;
  std::memcpy(value, &number, *size < sizeof(number) ? *size : sizeof(number));
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiActivityPushExternalCorrelationId(uint32_t kind, uint64_t id) {
  if (Result refused = enter("cuptiActivityPushExternalCorrelationId"); refused != kSuccess) {
    return refused;
  }
  return push_external(kind, id);
}

FAKE_CUPTI_EXPORT int cuptiActivityPopExternalCorrelationId(uint32_t kind, uint64_t* last) {
  if (Result refused = enter("cuptiActivityPopExternalCorrelationId"); refused != kSuccess) {
    return refused;
  }
  return pop_external(kind, last);
}

FAKE_CUPTI_EXPORT int cuptiActivityEnableLatencyTimestamps(uint8_t enable) {
  if (Result refused = enter("cuptiActivityEnableLatencyTimestamps"); refused != kSuccess) {
    return refused;
  }
  session(0).latency_timestamps.store(enable != 0);
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiActivityEnableCudaEventDeviceTimestamps(uint8_t enable) {
  if (Result refused = enter("cuptiActivityEnableCudaEventDeviceTimestamps"); refused != kSuccess) {
    return refused;
  }
  if (Result refused = refuse_beside_own_calls("cuptiActivityEnableCudaEventDeviceTimestamps");
      refused != kSuccess) {
    return refused;
  }
  cupti().event_timestamps.store(enable != 0);
  return kSuccess;
}

FAKE_CUPTI_EXPORT int cuptiActivityEnableAllSyncRecords(uint8_t /*enable*/) {
  return enter("cuptiActivityEnableAllSyncRecords");
}

// Detaches CUPTI: nothing is recorded and nobody is subscribed any more. Buffers that were not flushed are lost.
FAKE_CUPTI_EXPORT int cuptiFinalize() {
  if (Result refused = enter("cuptiFinalize", false); refused != kSuccess) {
    return refused;
  }
  refuse_thieves("cuptiFinalize", __builtin_return_address(0));
  if (session_count() > 1) {
    return kSuccess;  // does nothing while there are several
  }
  Cupti& state = cupti();
  Guard guard(state.lock);
  if (state.driver != nullptr) {
    state.driver->attach(nullptr);
  }
  for (std::atomic<bool>& kind : state.kinds) {
    kind.store(false);
  }
  record_apis(kDriverApi, false);
  record_apis(kRuntimeApi, false);
  for (Owner* owner : state.owners) {
    *owner = {};
  }
  state.pending.clear();
  state.held.clear();
  state.filled.clear();
  state.subscriber.store(nullptr);
  state.requested = nullptr;
  state.completed = nullptr;
  state.zeroed_buffers = false;
  return kSuccess;
}
