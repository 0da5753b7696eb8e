// SPDX-License-Identifier: Apache-2.0
//
// The health of one GPU, read through NVML and recorded as `health` events on a lane of type "device" named "GPU 0".
//
// Levels: gpu.sm_clock_mhz gpu.mem_clock_mhz gpu.power_mw gpu.temperature_c gpu.utilization_pct gpu.memory_used_bytes.
// Cumulative: gpu.throttle.<reason>_ns (throttle.hpp says which are counted and which sampled), gpu.ecc.corrected and
// gpu.ecc.uncorrected (since the driver was loaded), gpu.nvlink.errors (CRC, replay and recovery over all links),
// gpu.pcie.replays. gpu.xid: one event per Xid, its number as value; only where the process may listen for them.
//
// A reading that the GPU does not offer is left out, and named in meta `device.<id>.health_missing`; the throttle reasons that
// had to be sampled in `device.<id>.health_sampled`. One that fails is a loss nvml.<reading>, once, and is not tried again.
// A GPU that fell off the bus is not asked any more: loss nvml.gpu_lost, meta `device.<id>.state`.
// Of a MIG slice only the memory is its own: all else is the whole GPU's, and meta `device.<id>.mig` has the slice.
//
// One thread, the one that reads NVML: every call may take milliseconds. Plain data: may be copied.
#pragma once

#include <stdint.h>

#include "collector/sources/nvml/library.hpp"
#include "collector/sources/nvml/throttle.hpp"
#include "collector/text.hpp"
#include "trace/spool_writer.hpp"

namespace stepscope::collector::nvml {

class GpuHealth {
 public:
  // `device` is a handle of NVML, of a GPU or a MIG slice; `ordinal` CUDA's number of it. Writes device.<id>.name and .uuid.
  void start(const Functions& functions, trace::Spool& spool, Device device, uint32_t ordinal) noexcept;
  // Another number: the lane and the facts are written anew.
  void renumber(trace::Spool& spool, uint32_t ordinal) noexcept;
  // Asks for Xids; what is then reported through the set is recorded by put_xid().
  void listen(const Functions& functions, trace::Spool& spool, EventSet set) noexcept;

  void sample(const Functions& functions, trace::Spool& spool, trace::Ring* ring, int64_t time_ns) noexcept;
  void put_xid(trace::Spool& spool, trace::Ring* ring, int64_t time_ns, uint64_t xid) noexcept;

  [[nodiscard]] Device handle() const noexcept { return gpu_; }
  [[nodiscard]] TextView uuid() const noexcept { return uuid_.view(); }
  [[nodiscard]] bool lost() const noexcept { return lost_; }
  // NVML counts the time of the most important reason, the power cap, itself.
  [[nodiscard]] bool has_throttle_counters() const noexcept { return counted_ != 0; }

 private:
  enum class Call : uint8_t {
    kSmClock,
    kMemClock,
    kPower,
    kTemperature,
    kUtilization,
    kMemory,
    kClockReasons,
    kCorrectedErrors,
    kUncorrectedErrors,
    kFields,
    kXid,
    kCount
  };
  static constexpr size_t kNvlinkFieldCount = 4;
  static constexpr size_t kFieldCount = kThrottleFieldCount + 1 + kNvlinkFieldCount;

  void write_facts(trace::Spool& spool) noexcept;
  void write_missing(trace::Spool& spool) noexcept;
  [[nodiscard]] bool wanted(Call call, bool bound) noexcept;
  bool succeeded(Call call, Result result) noexcept;
  void put(const char* name, double value) noexcept;
  void sample_levels(const Functions& functions) noexcept;
  void sample_temperature(const Functions& functions) noexcept;
  void sample_ecc(const Functions& functions) noexcept;
  void sample_fields(const Functions& functions, FieldValue (&fields)[kFieldCount]) noexcept;
  void put_throttle(const Functions& functions, const FieldValue (&fields)[kFieldCount]) noexcept;
  void miss(const char* names) noexcept;
  void put_errors(const FieldValue (&fields)[kFieldCount]) noexcept;

  Device gpu_ = nullptr;
  Device slice_ = nullptr;  // the MIG slice, nullptr when the process has the whole GPU
  uint32_t ordinal_ = 0;
  uint32_t lane_ = 0;
  bool lost_ = false;
  bool noted_ = false;  // the facts about what is missing are written
  bool sampled_ = false;
  bool mig_enabled_ = false;
  uint32_t gone_ = 0;               // bit per Call that is not made any more
  uint32_t unanswered_fields_ = 0;  // bit per field that is not asked for any more
  uint32_t counted_ = 0;            // bit per Throttle that NVML counts
  uint32_t integrated_ = 0;         // bit per Throttle that is sampled
  ThrottleIntegral integral_;
  TextBuffer<kUuidSize> uuid_{kZeroed};
  TextBuffer<kUuidSize> slice_uuid_{kZeroed};
  TextBuffer<kNameSize> name_{kZeroed};
  TextBuffer<512> missing_{kZeroed};  // names of readings, by blanks
  // During sample() and put_xid().
  trace::Spool* spool_ = nullptr;
  trace::Ring* ring_ = nullptr;
  int64_t now_ = 0;
};

}  // namespace stepscope::collector::nvml
