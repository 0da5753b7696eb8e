// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/records.hpp"

#include "collector/sources/cupti/api_calls.hpp"
#include "collector/sources/cupti/cupti_abi.hpp"
#include "collector/sources/cupti/field_sources.hpp"
#include "collector/text.hpp"

namespace stepscope::collector::cupti {
namespace {

using trace::Kind;

int64_t number(uint64_t value) noexcept {
  return static_cast<int64_t>(value);
}
uint32_t id_of(
    uint64_t value) noexcept {  // of devices, contexts, streams, threads: 32 bits, whatever the record has
  return static_cast<uint32_t>(value);
}

// Fills an event column by column, in the order of the kind table.
class Row {
 public:
  Row(Event& event, Kind kind, LaneKey lane) noexcept : event_(event) {
    event.kind = kind;
    event.clock = trace::Clock::kCupti;
    event.lane = lane;
    event.count = 0;
    event.name_column = 0;
    event.signature_column = 0;
    event.name = nullptr;
  }

  // Start and duration. An end before the start counts as no duration.
  void span(uint64_t start_ns, uint64_t end_ns) noexcept {
    const int64_t start = number(start_ns);
    const int64_t end = number(end_ns);
    start_ = start;
    bad_ = end < start;
    put(start);
    put(bad_ ? 0 : end - start);
  }
  void moment(uint64_t start) noexcept {
    start_ = number(start);
    put(start);
  }
  template <typename Integer>
  void put(Integer value) noexcept {
    event_.values[event_.count++] = static_cast<int64_t>(value);
  }
  void name(const char* text) noexcept {
    event_.name = text;
    event_.name_column = event_.count;
    put(0);
  }
  void signature(const Signature& signature) noexcept {
    event_.signature = signature;
    event_.signature_column = event_.count;
    put(0);
  }
  [[nodiscard]] Translation done() const noexcept {
    return start_ == 0 ? Translation::kNoTime : bad_ ? Translation::kEventBadTime : Translation::kEvent;
  }

 private:
  Event& event_;
  int64_t start_ = 0;
  bool bad_ = false;
};

LaneKey stream_lane(uint64_t device, uint64_t context, uint64_t stream) noexcept {
  return {LaneType::kStream, id_of(device), id_of(context), id_of(stream)};
}

// CUPTI does not always know the thread.
LaneKey thread_lane(uint32_t thread) noexcept {
  return {thread != 0 ? LaneType::kThread : LaneType::kProcess, 0, 0, thread};
}

// A record with its fields where the compiler knows them: classic ones of the kinds that come in great numbers. The table
// costs a kernel a fifth more (tests/bench/collector/cupti_bench.cpp).
template <uint32_t kKind>
class ClassicRecord {
 public:
  explicit ClassicRecord(const void* bytes) noexcept : bytes_(bytes) {}
  [[nodiscard]] [[gnu::always_inline]] uint64_t operator[](uint8_t field) const noexcept {
    return classic_field(kKind, field).of(bytes_);
  }
  [[nodiscard]] [[gnu::always_inline]] const char* text(uint8_t field) const noexcept {
    const uintptr_t address = (*this)[field];
    return reinterpret_cast<const char*>(address);
  }

 private:
  const void* bytes_;
};

// read(record), of the one type or the other.
template <uint32_t kKind, typename Read>
Translation read_either(const void* record, const RecordLayouts& layouts, const Read& read) noexcept {
  if (layouts.are_classic()) {
    return read(ClassicRecord<kKind>(record));
  }
  return read(Record(record, layouts.of(kKind)));
}

template <typename AnyRecord>
Translation kernel(const AnyRecord& r, Event& event) noexcept {
  namespace f = kernel_field;
  const LaneKey lane = stream_lane(r[f::kDevice], r[f::kContext], r[f::kStream]);
  Row row(event, Kind::kKernel, lane);
  row.span(r[f::kStart], r[f::kEnd]);
  row.name(r.text(f::kName));
  row.put(lane.device);
  row.put(lane.stream);
  row.put(r[f::kCorrelation]);
  row.put(r[f::kGraph]);
  row.put(r[f::kGraphNode]);
  row.put(lane.context);
  Signature signature;
  signature.grid[0] = static_cast<uint32_t>(r[f::kGridX]);
  signature.grid[1] = static_cast<uint32_t>(r[f::kGridY]);
  signature.grid[2] = static_cast<uint32_t>(r[f::kGridZ]);
  signature.block[0] = static_cast<uint32_t>(r[f::kBlockX]);
  signature.block[1] = static_cast<uint32_t>(r[f::kBlockY]);
  signature.block[2] = static_cast<uint32_t>(r[f::kBlockZ]);
  signature.static_shared = static_cast<uint32_t>(r[f::kStaticShared]);
  signature.dynamic_shared = static_cast<uint32_t>(r[f::kDynamicShared]);
  signature.registers = static_cast<uint32_t>(r[f::kRegisters]);
  row.signature(signature);
  return row.done();
}

template <typename AnyRecord>
Translation copy(const AnyRecord& r, Event& event) noexcept {
  namespace f = copy_field;
  const LaneKey lane = stream_lane(r[f::kDevice], r[f::kContext], r[f::kStream]);
  Row row(event, Kind::kMemcpy, lane);
  row.span(r[f::kStart], r[f::kEnd]);
  row.put(r[f::kCopyKind]);
  row.put(r[f::kBytes]);
  row.put(lane.device);
  row.put(lane.stream);
  row.put(r[f::kCorrelation]);
  row.put(r[f::kPeerDevice]);
  row.put(lane.context);
  row.put(r[f::kSrcKind]);
  row.put(r[f::kDstKind]);
  row.put(number(r[f::kFlags]) & trace::kCopyAsync);
  row.put(r[f::kGraph]);
  row.put(r[f::kGraphNode]);
  return row.done();
}

template <typename AnyRecord>
Translation set(const AnyRecord& r, Event& event) noexcept {
  namespace f = set_field;
  const LaneKey lane = stream_lane(r[f::kDevice], r[f::kContext], r[f::kStream]);
  Row row(event, Kind::kMemset, lane);
  row.span(r[f::kStart], r[f::kEnd]);
  row.put(r[f::kBytes]);
  row.put(lane.device);
  row.put(lane.stream);
  row.put(r[f::kCorrelation]);
  row.put(lane.context);
  row.put(r[f::kMemoryKind]);
  row.put(r[f::kGraph]);
  row.put(r[f::kGraphNode]);
  return row.done();
}

template <typename AnyRecord>
Translation api_call(const AnyRecord& r, bool runtime, Event& event) noexcept {
  namespace f = api_field;
  const char* name = api_call_name(runtime, id_of(r[f::kCallbackId]));
  if (name == nullptr) {
    return Translation::kFiltered;
  }
  Row row(event, Kind::kCudaApi, thread_lane(id_of(r[f::kThread])));
  row.span(r[f::kStart], r[f::kEnd]);
  row.name(name);
  row.put(r[f::kCorrelation]);
  row.put(static_cast<int32_t>(r[f::kReturnValue]));
  return row.done();
}

const char* overhead_name(uint32_t kind) noexcept {
  switch (kind) {
    case 1:
      return "driver compiler";
    case 1U << 16:
      return "CUPTI buffer flush";
    case 2U << 16:
      return "CUPTI instrumentation";
    case 3U << 16:
      return "CUPTI resources";
    case 4U << 16:
      return "module loading by the runtime";
    case 5U << 16:
      return "lazy function loading";
    case 6U << 16:
      return "command buffer full";
    case 7U << 16:
      return "CUPTI buffer request";
    case 8U << 16:
      return "UVM set-up";
    default:
      return "other overhead";
  }
}

Translation overhead(const Record& r, Event& event) noexcept {
  namespace f = overhead_field;
  // User-defined records have the thread of an overhead and nothing of other objects.
  const bool of_thread = !r.has(f::kObjectKind) || r[f::kObjectKind] == abi::overhead::kObjectIsThread;
  Row row(event, Kind::kOverhead, thread_lane(of_thread ? id_of(r[f::kThread]) : 0));
  row.span(r[f::kStart], r[f::kEnd]);
  row.name(overhead_name(static_cast<uint32_t>(r[f::kOverheadKind])));
  return row.done();
}

// Has no time of its own: the decoder stamps it.
Translation external_id(const Record& r, Event& event) noexcept {
  namespace f = external_field;
  Row row(event, Kind::kExternalId, {LaneType::kProcess, 0, 0, 0});
  event.clock = trace::Clock::kMonotonicRaw;
  row.put(0);
  row.put(r[f::kCorrelation]);
  row.put(r[f::kExternalKind]);
  row.put(r[f::kExternalId]);
  return Translation::kEvent;
}

Translation graph_launch(const Record& r, Event& event) noexcept {
  namespace f = graph_field;
  const LaneKey lane = stream_lane(r[f::kDevice], r[f::kContext], r[f::kStream]);
  Row row(event, Kind::kGraphLaunch, lane);
  row.span(r[f::kStart], r[f::kEnd]);
  row.put(r[f::kGraph]);
  row.put(lane.device);
  row.put(lane.stream);
  row.put(r[f::kCorrelation]);
  row.put(lane.context);
  row.put(0);  // nodes: the decoder knows
  return row.done();
}

Translation synchronization(const Record& r, Event& event) noexcept {
  namespace f = sync_field;
  Row row(event, Kind::kSync, {LaneType::kSync, 0, id_of(r[f::kContext]), 0});
  row.span(r[f::kStart], r[f::kEnd]);
  row.put(r[f::kType]);
  row.put(0);  // device: the decoder knows it from the context
  row.put(r[f::kStream]);
  row.put(r[f::kCorrelation]);
  row.put(r[f::kContext]);
  row.put(r[f::kEvent]);
  return row.done();
}

// Without device timestamps there is no time: see RecordLayouts::Tail.
Translation cuda_event(const Record& r, Event& event) noexcept {
  namespace f = event_field;
  const LaneKey lane = stream_lane(r[f::kDevice], r[f::kContext], r[f::kStream]);
  Row row(event, Kind::kCudaEvent, lane);
  row.moment(r[f::kDeviceTimestamp]);
  row.put(r[f::kEvent]);
  row.put(lane.device);
  row.put(lane.stream);
  row.put(lane.context);
  row.put(r[f::kCorrelation]);
  return row.done();
}

Translation memory(const Record& r, Event& event) noexcept {
  namespace f = memory_field;
  Row row(event, Kind::kMemory, {LaneType::kMemory, id_of(r[f::kDevice]), 0, 0});
  row.moment(r[f::kTimestamp]);
  row.put(r[f::kOperation]);
  row.put(r[f::kMemoryKind]);
  row.put(r[f::kBytes]);
  row.put(r[f::kAddress]);
  row.put(r[f::kDevice]);
  row.put(r[f::kContext]);
  row.put(r[f::kStream]);
  row.put(r[f::kCorrelation]);
  return row.done();
}

Translation memory_pool(const Record& r, Event& event) noexcept {
  namespace f = pool_field;
  Row row(event, Kind::kMemory, {LaneType::kMemory, id_of(r[f::kDevice]), 0, 0});
  row.moment(r[f::kTimestamp]);
  row.put(trace::kMemoryPoolOperation + number(r[f::kOperation]));
  row.put(0);
  row.put(r[f::kSize]);
  row.put(r[f::kAddress]);
  row.put(r[f::kDevice]);
  row.put(0);
  row.put(0);
  row.put(0);
  return row.done();
}

const char* jit_name(uint32_t entry, uint32_t operation) noexcept {
  const bool ptx = entry == 1;
  switch (operation) {
    case 1:
      return ptx ? "load from cache: PTX to cubin" : "load from cache: NVVM to PTX";
    case 2:
      return ptx ? "store in cache: PTX to cubin" : "store in cache: NVVM to PTX";
    case 3:
      return ptx ? "compile: PTX to cubin" : "compile: NVVM to PTX";
    default:
      return "just-in-time compiler";
  }
}

Translation jit(const Record& r, Event& event) noexcept {
  namespace f = jit_field;
  Row row(event, Kind::kJit, {LaneType::kProcess, 0, 0, 0});
  row.span(r[f::kStart], r[f::kEnd]);
  row.name(jit_name(static_cast<uint32_t>(r[f::kEntryType]), static_cast<uint32_t>(r[f::kOperation])));
  row.put(r[f::kDevice]);
  row.put(r[f::kCorrelation]);
  row.put(r[f::kCacheSize]);
  return row.done();
}

// Names as the NVML source uses them; see docs/METRICS.md.
Translation environment(const Record& r, Event& event) noexcept {
  namespace f = environment_field;
  namespace kinds = abi::environment;
  const uint32_t device = id_of(r[f::kDevice]);
  const char* name = nullptr;
  switch (r[f::kEnvironmentKind]) {
    case kinds::kSpeed:
      name = "gpu.sm_clock_mhz";
      break;
    case kinds::kTemperatureKind:
      name = "gpu.temperature_c";
      break;
    case kinds::kPowerKind:
      name = "gpu.power_mw";
      break;
    default:
      return Translation::kFiltered;
  }
  Row row(event, Kind::kHealth, {LaneType::kDevice, device, 0, 0});
  row.moment(r[f::kTimestamp]);
  row.name(name);
  const auto real = static_cast<double>(r[f::kValue]);
  int64_t bits;
  memcpy(&bits, &real, sizeof(bits));
  row.put(bits);
  row.put(device);
  return row.done();
}

}  // namespace

Translation translate(const void* record, const RecordLayouts& layouts, Event& event) noexcept {
  const auto kind = abi::field<uint32_t>(record, abi::kKindAt);
  const Field* fields = layouts.of(kind);
  if (fields == nullptr) {
    return RecordLayouts::is_read(kind) ? Translation::kUndescribed : Translation::kUnknown;
  }
  const Record r(record, fields);
  switch (kind) {
    case abi::kConcurrentKernel:
      return read_either<abi::kConcurrentKernel>(record, layouts,
                                                 [&](const auto& any) { return kernel(any, event); });
    case abi::kMemcpy:
      return read_either<abi::kMemcpy>(record, layouts, [&](const auto& any) { return copy(any, event); });
    case abi::kMemcpyPeer:
      return copy(r, event);
    case abi::kMemset:
      return read_either<abi::kMemset>(record, layouts, [&](const auto& any) { return set(any, event); });
    case abi::kRuntime:
      return read_either<abi::kRuntime>(record, layouts,
                                        [&](const auto& any) { return api_call(any, true, event); });
    case abi::kDriver:
      return read_either<abi::kDriver>(record, layouts,
                                       [&](const auto& any) { return api_call(any, false, event); });
    case abi::kOverhead:
      return overhead(r, event);
    case abi::kExternalCorrelation:
      return external_id(r, event);
    case abi::kGraphTrace:
      return graph_launch(r, event);
    case abi::kSynchronization:
      return synchronization(r, event);
    case abi::kCudaEvent:
      return cuda_event(r, event);
    case abi::kMemory:
      return memory(r, event);
    case abi::kMemoryPool:
      return memory_pool(r, event);
    case abi::kJit:
      return jit(r, event);
    case abi::kEnvironment:
      return environment(r, event);
    default:  // kDevice, kContext, kStream
      return Translation::kMetadata;
  }
}

size_t format_signature(const Signature& signature, char* out, size_t capacity) noexcept {
  TextBuffer<128> text;
  const auto dimensions = [&text](const char* label, const uint32_t* three) {
    text.add(label).add_u64(three[0]).add('x').add_u64(three[1]).add('x').add_u64(three[2]);
  };
  dimensions("grid ", signature.grid);
  dimensions(" block ", signature.block);
  text.add(" regs ").add_u64(signature.registers);
  text.add(" smem ").add_u64(signature.static_shared).add('+').add_u64(signature.dynamic_shared);
  const size_t length = text.size() < capacity - 1 ? text.size() : capacity - 1;
  memcpy(out, text.c_str(), length);
  out[length] = '\0';
  return length;
}

}  // namespace stepscope::collector::cupti
