// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/nvml/gpu_health.hpp"

#include "collector/clock.hpp"

namespace stepscope::collector::nvml {
namespace {

// What a call reads, and the loss when it fails.
struct Reading {
  const char* names;
  const char* loss;
};
constexpr Reading kReadings[] = {
    {"gpu.sm_clock_mhz", "nvml.sm_clock"},
    {"gpu.mem_clock_mhz", "nvml.mem_clock"},
    {"gpu.power_mw", "nvml.power"},
    {"gpu.temperature_c", "nvml.temperature"},
    {"gpu.utilization_pct", "nvml.utilization"},
    {"gpu.memory_used_bytes", "nvml.memory"},
    {"gpu.throttle.*", "nvml.clock_reasons"},
    {"gpu.ecc.corrected", "nvml.ecc_corrected"},
    {"gpu.ecc.uncorrected", "nvml.ecc_uncorrected"},
    {"gpu.nvlink.errors gpu.pcie.replays", "nvml.field_values"},
    {"gpu.xid", "nvml.xid"},
};

constexpr uint32_t kNvlinkFields[] = {kFieldNvlinkCrcFlit, kFieldNvlinkCrcData, kFieldNvlinkReplay,
                                      kFieldNvlinkRecovery};
constexpr size_t kPcieAt = kThrottleFieldCount;
constexpr size_t kNvlinkAt = kThrottleFieldCount + 1;

uint32_t field_id(size_t index) noexcept {
  return index < kThrottleFieldCount ? kThrottleFields[index]
         : index == kPcieAt          ? uint32_t{kFieldPcieReplays}
                                     : kNvlinkFields[index - kNvlinkAt];
}

// The GPU or this NVML does not have it: nothing failed.
bool is_not_offered(Result result) noexcept {
  return result == kNotSupported || result == kFunctionNotFound || result == kNoPermission;
}

template <size_t N>
void read_text(Result (*call)(Device, char*, uint32_t), Device device, TextBuffer<N>& text) noexcept {
  char buffer[N] = {};
  text.clear();
  if (call != nullptr && call(device, buffer, N - 1) == kSuccess) {
    text.add(buffer);
  }
}

void device_meta(trace::Spool& spool, uint32_t ordinal, const char* what, const char* value) noexcept {
  TextBuffer<48> key;
  key.add("device.").add_u64(ordinal).add('.').add(what);
  spool.meta(key.c_str(), value);
}

}  // namespace

void GpuHealth::start(const Functions& functions, trace::Spool& spool, Device device,
                      uint32_t ordinal) noexcept {
  *this = GpuHealth();
  gpu_ = device;
  if (functions.parent_of_mig != nullptr && functions.parent_of_mig(device, &gpu_) == kSuccess &&
      gpu_ != device) {
    slice_ = device;
    read_text(functions.uuid, slice_, slice_uuid_);
  } else {
    gpu_ = device;
    uint32_t current = 0;
    uint32_t pending = 0;
    mig_enabled_ = functions.mig_mode != nullptr &&
                   functions.mig_mode(device, &current, &pending) == kSuccess && current == kMigEnabled;
  }
  read_text(functions.uuid, gpu_, uuid_);
  read_text(functions.name, gpu_, name_);
  renumber(spool, ordinal);
}

void GpuHealth::renumber(trace::Spool& spool, uint32_t ordinal) noexcept {
  ordinal_ = ordinal;
  TextBuffer<24> lane;
  lane.add("GPU ").add_u64(ordinal);
  lane_ = spool.declare_lane("device", lane.c_str(), 0);
  write_facts(spool);
  noted_ = false;
}

void GpuHealth::write_facts(trace::Spool& spool) noexcept {
  if (!name_.empty()) {
    device_meta(spool, ordinal_, "name", name_.c_str());
  }
  if (!uuid_.empty()) {
    device_meta(spool, ordinal_, "uuid", uuid_.c_str());
  }
  if (slice_ != nullptr) {
    device_meta(spool, ordinal_, "mig", slice_uuid_.empty() ? "a slice" : slice_uuid_.c_str());
  } else if (mig_enabled_) {
    device_meta(spool, ordinal_, "mig", "enabled; readings are of the whole GPU");
  }
}

void GpuHealth::write_missing(trace::Spool& spool) noexcept {
  device_meta(spool, ordinal_, "health_missing", missing_.c_str());
  TextBuffer<256> sampled;
  for (int i = 0; i < kThrottleCount; ++i) {
    if ((integrated_ & (1U << i)) != 0) {
      sampled.add(sampled.empty() ? "" : " ").add(throttle_name(static_cast<Throttle>(i)));
    }
  }
  device_meta(spool, ordinal_, "health_sampled", sampled.c_str());
}

void GpuHealth::miss(const char* names) noexcept {
  missing_.add(missing_.empty() ? "" : " ").add(names);
}

bool GpuHealth::wanted(Call call, bool bound) noexcept {
  const uint32_t bit = 1U << static_cast<int>(call);
  if ((gone_ & bit) != 0 || lost_) {
    return false;
  }
  return bound || succeeded(call, kFunctionNotFound);
}

bool GpuHealth::succeeded(Call call, Result result) noexcept {
  if (result == kSuccess) {
    return true;
  }
  const Reading& reading = kReadings[static_cast<int>(call)];
  gone_ |= 1U << static_cast<int>(call);
  if (result == kGpuIsLost || result == kResetRequired) {
    lost_ = true;
    spool_->loss("nvml.gpu_lost", 1);
    device_meta(*spool_, ordinal_, "state", result_text(result));
    return false;
  }
  if (is_not_offered(result)) {
    miss(reading.names);
    return false;
  }
  spool_->loss(reading.loss, 1);
  TextBuffer<160> line;
  line.add(reading.loss).add(" of GPU ").add_u64(ordinal_).add(": ").add(result_text(result));
  spool_->log(now_, line.c_str());
  return false;
}

void GpuHealth::put(const char* name, double value) noexcept {
  int64_t bits = 0;
  memcpy(&bits, &value, sizeof(bits));
  const int64_t values[] = {now_, spool_->intern(name, strlen(name)), bits, ordinal_};
  spool_->push(ring_, trace::Kind::kHealth, lane_, values, 4);
}

void GpuHealth::sample_levels(const Functions& functions) noexcept {
  uint32_t value = 0;
  if (wanted(Call::kSmClock, functions.clock != nullptr) &&
      succeeded(Call::kSmClock, functions.clock(gpu_, kClockSm, &value))) {
    put("gpu.sm_clock_mhz", value);
  }
  if (wanted(Call::kMemClock, functions.clock != nullptr) &&
      succeeded(Call::kMemClock, functions.clock(gpu_, kClockMemory, &value))) {
    put("gpu.mem_clock_mhz", value);
  }
  if (wanted(Call::kPower, functions.power != nullptr) &&
      succeeded(Call::kPower, functions.power(gpu_, &value))) {
    put("gpu.power_mw", value);
  }
  Utilization utilization = {};
  if (wanted(Call::kUtilization, functions.utilization != nullptr) &&
      succeeded(Call::kUtilization, functions.utilization(gpu_, &utilization))) {
    put("gpu.utilization_pct", utilization.gpu);
  }
  Memory memory = {};
  if (wanted(Call::kMemory, functions.memory != nullptr) &&
      succeeded(Call::kMemory, functions.memory(slice_ != nullptr ? slice_ : gpu_, &memory))) {
    put("gpu.memory_used_bytes", static_cast<double>(memory.used));
  }
}

// NVML 13 deprecates the plain call, older ones do not have the versioned one.
void GpuHealth::sample_temperature(const Functions& functions) noexcept {
  if (!wanted(Call::kTemperature, functions.temperature_v != nullptr || functions.temperature != nullptr)) {
    return;
  }
  Temperature reading = {kTemperatureVersion, kSensorGpu, 0};
  Result result =
      functions.temperature_v == nullptr ? kFunctionNotFound : functions.temperature_v(gpu_, &reading);
  const bool other_version = result == kVersionMismatch || result == kDeprecated || is_not_offered(result);
  if (other_version && functions.temperature != nullptr) {
    uint32_t celsius = 0;
    result = functions.temperature(gpu_, kSensorGpu, &celsius);
    reading.celsius = static_cast<int32_t>(celsius);
  }
  if (succeeded(Call::kTemperature, result)) {
    put("gpu.temperature_c", reading.celsius);
  }
}

void GpuHealth::sample_ecc(const Functions& functions) noexcept {
  const bool bound = functions.ecc_errors != nullptr;
  uint64_t count = 0;
  if (wanted(Call::kCorrectedErrors, bound) &&
      succeeded(Call::kCorrectedErrors, functions.ecc_errors(gpu_, kEccCorrected, kEccVolatile, &count))) {
    put("gpu.ecc.corrected", static_cast<double>(count));
  }
  if (wanted(Call::kUncorrectedErrors, bound) &&
      succeeded(Call::kUncorrectedErrors,
                functions.ecc_errors(gpu_, kEccUncorrected, kEccVolatile, &count))) {
    put("gpu.ecc.uncorrected", static_cast<double>(count));
  }
}

// One call for all; a field that does not answer is not asked for again.
void GpuHealth::sample_fields(const Functions& functions, FieldValue (&fields)[kFieldCount]) noexcept {
  FieldValue asked[kFieldCount] = {};
  size_t at[kFieldCount] = {};
  int32_t count = 0;
  for (size_t i = 0; i < kFieldCount; ++i) {
    fields[i].result = kNotSupported;
    if ((unanswered_fields_ & (1U << i)) == 0) {
      at[count] = i;
      asked[count++].id = field_id(i);
    }
  }
  if (count == 0 || !wanted(Call::kFields, functions.field_values != nullptr) ||
      !succeeded(Call::kFields, functions.field_values(gpu_, count, asked))) {
    return;
  }
  for (int32_t i = 0; i < count; ++i) {
    fields[at[i]] = asked[i];
    if (asked[i].result != kSuccess) {
      unanswered_fields_ |= 1U << at[i];
    }
  }
}

void GpuHealth::put_throttle(const Functions& functions, const FieldValue (&fields)[kFieldCount]) noexcept {
  uint64_t reasons = 0;
  const bool known = wanted(Call::kClockReasons, functions.clock_reasons != nullptr) &&
                     succeeded(Call::kClockReasons, functions.clock_reasons(gpu_, &reasons));
  if (known) {
    integral_.add(now_, reasons);
  }
  FieldValue counters[kThrottleFieldCount];
  memcpy(counters, fields, sizeof(counters));
  for (int i = 0; i < kThrottleCount; ++i) {
    const auto reason = static_cast<Throttle>(i);
    const uint32_t bit = 1U << i;
    uint64_t ns = 0;
    // A name never changes from counted to sampled within a recording: the two have different zeros.
    if ((integrated_ & bit) == 0 && throttle_counter(counters, reason, ns)) {
      counted_ |= bit;
      put(throttle_name(reason), static_cast<double>(ns));
    } else if ((counted_ & bit) == 0 && known) {
      integrated_ |= bit;
      put(throttle_name(reason), static_cast<double>(integral_.ns(reason)));
    }
  }
}

void GpuHealth::put_errors(const FieldValue (&fields)[kFieldCount]) noexcept {
  uint64_t number = 0;
  const bool has_pcie = field_number(fields[kPcieAt], number);
  if (has_pcie) {
    put("gpu.pcie.replays", static_cast<double>(number));
  }
  uint64_t errors = 0;
  bool has_nvlink = false;
  for (size_t i = 0; i < kNvlinkFieldCount; ++i) {
    if (field_number(fields[kNvlinkAt + i], number)) {
      errors += number;
      has_nvlink = true;
    }
  }
  if (has_nvlink) {
    put("gpu.nvlink.errors", static_cast<double>(errors));
  }
  const bool answered = (gone_ & (1U << static_cast<int>(Call::kFields))) == 0;
  if (!sampled_ && answered && !has_pcie) {
    miss("gpu.pcie.replays");
  }
  if (!sampled_ && answered && !has_nvlink) {
    miss("gpu.nvlink.errors");
  }
}

void GpuHealth::sample(const Functions& functions, trace::Spool& spool, trace::Ring* ring,
                       int64_t time_ns) noexcept {
  spool_ = &spool;
  ring_ = ring;
  now_ = time_ns;
  FieldValue fields[kFieldCount] = {};
  sample_levels(functions);
  sample_temperature(functions);
  sample_ecc(functions);
  sample_fields(functions, fields);
  if (!lost_) {
    put_throttle(functions, fields);
    put_errors(fields);
  }
  sampled_ = true;
  if (!noted_) {
    noted_ = true;
    write_missing(spool);
  }
  ring_ = nullptr;
}

void GpuHealth::listen(const Functions& functions, trace::Spool& spool, EventSet set) noexcept {
  spool_ = &spool;
  now_ = now_ns();
  const bool bound =
      set != nullptr && functions.register_events != nullptr && functions.event_set_wait != nullptr;
  if (wanted(Call::kXid, bound)) {
    succeeded(Call::kXid, functions.register_events(gpu_, kEventXid, set));
  }
}

void GpuHealth::put_xid(trace::Spool& spool, trace::Ring* ring, int64_t time_ns, uint64_t xid) noexcept {
  spool_ = &spool;
  ring_ = ring;
  now_ = time_ns;
  put("gpu.xid", static_cast<double>(xid));
  ring_ = nullptr;
}

}  // namespace stepscope::collector::nvml
