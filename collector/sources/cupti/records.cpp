// SPDX-License-Identifier: Apache-2.0
#include "collector/sources/cupti/records.hpp"

#include "collector/sources/cupti/api_calls.hpp"
#include "collector/sources/cupti/cupti_abi.hpp"
#include "collector/text.hpp"

namespace stepscope::collector::cupti {
namespace {

using abi::field;
using trace::Kind;

int64_t u32(const void* record, size_t offset) noexcept {
  return field<uint32_t>(record, offset);
}
int64_t u64(const void* record, size_t offset) noexcept {
  return static_cast<int64_t>(field<uint64_t>(record, offset));
}
int64_t u8(const void* record, size_t offset) noexcept {
  return field<uint8_t>(record, offset);
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
  void span(int64_t start, int64_t end) noexcept {
    start_ = start;
    bad_ = end < start;
    put(start);
    put(bad_ ? 0 : end - start);
  }
  void moment(int64_t start) noexcept {
    start_ = start;
    put(start);
  }
  void put(int64_t value) noexcept { event_.values[event_.count++] = value; }
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

LaneKey stream_lane(const void* record, size_t device, size_t context, size_t stream) noexcept {
  return {LaneType::kStream, field<uint32_t>(record, device), field<uint32_t>(record, context),
          field<uint32_t>(record, stream)};
}

// CUPTI does not always know the thread.
LaneKey thread_lane(uint32_t thread) noexcept {
  return {thread != 0 ? LaneType::kThread : LaneType::kProcess, 0, 0, thread};
}

Translation kernel(const void* r, Event& event) noexcept {
  namespace at = abi::kernel;
  const LaneKey lane = stream_lane(r, at::kDevice, at::kContext, at::kStream);
  Row row(event, Kind::kKernel, lane);
  row.span(u64(r, at::kStart), u64(r, at::kEnd));
  row.name(field<const char*>(r, at::kName));
  row.put(lane.device);
  row.put(lane.stream);
  row.put(u32(r, at::kCorrelation));
  row.put(u32(r, at::kGraph));
  row.put(u64(r, at::kGraphNode));
  row.put(lane.context);
  Signature signature;
  for (size_t i = 0; i < 3; ++i) {
    signature.grid[i] = field<uint32_t>(r, at::kGridX + 4 * i);
    signature.block[i] = field<uint32_t>(r, at::kBlockX + 4 * i);
  }
  signature.static_shared = field<uint32_t>(r, at::kStaticShared);
  signature.dynamic_shared = field<uint32_t>(r, at::kDynamicShared);
  signature.registers = field<uint16_t>(r, at::kRegisters);
  row.signature(signature);
  return row.done();
}

// A copy between two GPUs has the same front as any other, and the rest at places of its own.
struct CopyPlaces {
  size_t peer_device;
  size_t correlation;
  size_t graph;
  size_t graph_node;
};
constexpr CopyPlaces kCopy{abi::memcpy_record::kDevice, abi::memcpy_record::kCorrelation,
                           abi::memcpy_record::kGraph, abi::memcpy_record::kGraphNode};
constexpr CopyPlaces kPeerCopy{abi::memcpy_peer::kDstDevice, abi::memcpy_peer::kCorrelation,
                               abi::memcpy_peer::kGraph, abi::memcpy_peer::kGraphNode};
static_assert(abi::memcpy_peer::kCopyKind == abi::memcpy_record::kCopyKind &&
              abi::memcpy_peer::kSrcKind == abi::memcpy_record::kSrcKind &&
              abi::memcpy_peer::kDstKind == abi::memcpy_record::kDstKind &&
              abi::memcpy_peer::kFlags == abi::memcpy_record::kFlags &&
              abi::memcpy_peer::kBytes == abi::memcpy_record::kBytes &&
              abi::memcpy_peer::kStart == abi::memcpy_record::kStart &&
              abi::memcpy_peer::kEnd == abi::memcpy_record::kEnd &&
              abi::memcpy_peer::kDevice == abi::memcpy_record::kDevice &&
              abi::memcpy_peer::kContext == abi::memcpy_record::kContext &&
              abi::memcpy_peer::kStream == abi::memcpy_record::kStream);

Translation copy(const void* r, const CopyPlaces& places, Event& event) noexcept {
  namespace at = abi::memcpy_record;
  const LaneKey lane = stream_lane(r, at::kDevice, at::kContext, at::kStream);
  Row row(event, Kind::kMemcpy, lane);
  row.span(u64(r, at::kStart), u64(r, at::kEnd));
  row.put(u8(r, at::kCopyKind));
  row.put(u64(r, at::kBytes));
  row.put(lane.device);
  row.put(lane.stream);
  row.put(u32(r, places.correlation));
  row.put(u32(r, places.peer_device));
  row.put(lane.context);
  row.put(u8(r, at::kSrcKind));
  row.put(u8(r, at::kDstKind));
  row.put(u8(r, at::kFlags) & trace::kCopyAsync);
  row.put(u32(r, places.graph));
  row.put(u64(r, places.graph_node));
  return row.done();
}

Translation set(const void* r, Event& event) noexcept {
  namespace at = abi::memset_record;
  const LaneKey lane = stream_lane(r, at::kDevice, at::kContext, at::kStream);
  Row row(event, Kind::kMemset, lane);
  row.span(u64(r, at::kStart), u64(r, at::kEnd));
  row.put(u64(r, at::kBytes));
  row.put(lane.device);
  row.put(lane.stream);
  row.put(u32(r, at::kCorrelation));
  row.put(lane.context);
  row.put(field<uint16_t>(r, at::kMemoryKind));
  row.put(u32(r, at::kGraph));
  row.put(u64(r, at::kGraphNode));
  return row.done();
}

Translation api_call(const void* r, bool runtime, Event& event) noexcept {
  namespace at = abi::api;
  const char* name = api_call_name(runtime, field<uint32_t>(r, at::kCallbackId));
  if (name == nullptr) {
    return Translation::kFiltered;
  }
  Row row(event, Kind::kCudaApi, thread_lane(field<uint32_t>(r, at::kThread)));
  row.span(u64(r, at::kStart), u64(r, at::kEnd));
  row.name(name);
  row.put(u32(r, at::kCorrelation));
  row.put(static_cast<int32_t>(field<uint32_t>(r, at::kReturnValue)));
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

Translation overhead(const void* r, Event& event) noexcept {
  namespace at = abi::overhead;
  const bool of_thread = field<uint32_t>(r, at::kObjectKind) == at::kObjectIsThread;
  Row row(event, Kind::kOverhead, thread_lane(of_thread ? field<uint32_t>(r, at::kObjectThread) : 0));
  row.span(u64(r, at::kStart), u64(r, at::kEnd));
  row.name(overhead_name(field<uint32_t>(r, at::kOverheadKind)));
  return row.done();
}

// Has no time of its own: the decoder stamps it.
Translation external_id(const void* r, Event& event) noexcept {
  namespace at = abi::external;
  Row row(event, Kind::kExternalId, {LaneType::kProcess, 0, 0, 0});
  event.clock = trace::Clock::kMonotonicRaw;
  row.put(0);
  row.put(u32(r, at::kCorrelation));
  row.put(u32(r, at::kExternalKind));
  row.put(u64(r, at::kExternalId));
  return Translation::kEvent;
}

Translation graph_launch(const void* r, Event& event) noexcept {
  namespace at = abi::graph_trace;
  const LaneKey lane = stream_lane(r, at::kDevice, at::kContext, at::kStream);
  Row row(event, Kind::kGraphLaunch, lane);
  row.span(u64(r, at::kStart), u64(r, at::kEnd));
  row.put(u32(r, at::kGraph));
  row.put(lane.device);
  row.put(lane.stream);
  row.put(u32(r, at::kCorrelation));
  row.put(lane.context);
  row.put(0);  // nodes: the decoder knows
  return row.done();
}

Translation synchronization(const void* r, Event& event) noexcept {
  namespace at = abi::sync;
  Row row(event, Kind::kSync, {LaneType::kSync, 0, field<uint32_t>(r, at::kContext), 0});
  row.span(u64(r, at::kStart), u64(r, at::kEnd));
  row.put(u32(r, at::kType));
  row.put(0);  // device: the decoder knows it from the context
  row.put(u32(r, at::kStream));
  row.put(u32(r, at::kCorrelation));
  row.put(u32(r, at::kContext));
  row.put(u32(r, at::kEvent));
  return row.done();
}

Translation cuda_event(const void* r, const Layout& layout, Event& event) noexcept {
  namespace at = abi::cuda_event;
  if (!layout.event_timestamps) {
    return Translation::kNoTime;
  }
  const LaneKey lane = stream_lane(r, at::kDevice, at::kContext, at::kStream);
  Row row(event, Kind::kCudaEvent, lane);
  row.moment(u64(r, at::kDeviceTimestamp));
  row.put(u32(r, at::kEvent));
  row.put(lane.device);
  row.put(lane.stream);
  row.put(lane.context);
  row.put(u32(r, at::kCorrelation));
  return row.done();
}

Translation memory(const void* r, Event& event) noexcept {
  namespace at = abi::memory;
  Row row(event, Kind::kMemory, {LaneType::kMemory, field<uint32_t>(r, at::kDevice), 0, 0});
  row.moment(u64(r, at::kTimestamp));
  row.put(u32(r, at::kOperation));
  row.put(u32(r, at::kMemoryKind));
  row.put(u64(r, at::kBytes));
  row.put(u64(r, at::kAddress));
  row.put(u32(r, at::kDevice));
  row.put(u32(r, at::kContext));
  row.put(u32(r, at::kStream));
  row.put(u32(r, at::kCorrelation));
  return row.done();
}

Translation memory_pool(const void* r, Event& event) noexcept {
  namespace at = abi::memory_pool;
  Row row(event, Kind::kMemory, {LaneType::kMemory, field<uint32_t>(r, at::kDevice), 0, 0});
  row.moment(u64(r, at::kTimestamp));
  row.put(trace::kMemoryPoolOperation + u32(r, at::kOperation));
  row.put(0);
  row.put(u64(r, at::kSize));
  row.put(u64(r, at::kAddress));
  row.put(u32(r, at::kDevice));
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

Translation jit(const void* r, Event& event) noexcept {
  namespace at = abi::jit;
  Row row(event, Kind::kJit, {LaneType::kProcess, 0, 0, 0});
  row.span(u64(r, at::kStart), u64(r, at::kEnd));
  row.name(jit_name(field<uint32_t>(r, at::kEntryType), field<uint32_t>(r, at::kOperation)));
  row.put(u32(r, at::kDevice));
  row.put(u32(r, at::kCorrelation));
  row.put(u64(r, at::kCacheSize));
  return row.done();
}

// Names as the NVML source uses them; see docs/METRICS.md.
Translation environment(const void* r, Event& event) noexcept {
  namespace at = abi::environment;
  const uint32_t device = field<uint32_t>(r, at::kDevice);
  const char* name = nullptr;
  uint32_t value = 0;
  switch (field<uint32_t>(r, at::kEnvironmentKind)) {
    case at::kSpeed:
      name = "gpu.sm_clock_mhz";
      value = field<uint32_t>(r, at::kSmClock);
      break;
    case at::kTemperatureKind:
      name = "gpu.temperature_c";
      value = field<uint32_t>(r, at::kTemperature);
      break;
    case at::kPowerKind:
      name = "gpu.power_mw";
      value = field<uint32_t>(r, at::kPower);
      break;
    default:
      return Translation::kFiltered;
  }
  Row row(event, Kind::kHealth, {LaneType::kDevice, device, 0, 0});
  row.moment(u64(r, at::kTimestamp));
  row.name(name);
  const double real = value;
  int64_t bits;
  memcpy(&bits, &real, sizeof(bits));
  row.put(bits);
  row.put(device);
  return row.done();
}

}  // namespace

Translation translate(const void* record, const Layout& layout, Event& event) noexcept {
  switch (field<uint32_t>(record, abi::kKindAt)) {
    case abi::kConcurrentKernel:
      return kernel(record, event);
    case abi::kMemcpy:
      return copy(record, kCopy, event);
    case abi::kMemcpyPeer:
      return copy(record, kPeerCopy, event);
    case abi::kMemset:
      return set(record, event);
    case abi::kRuntime:
      return api_call(record, true, event);
    case abi::kDriver:
      return api_call(record, false, event);
    case abi::kOverhead:
      return overhead(record, event);
    case abi::kExternalCorrelation:
      return external_id(record, event);
    case abi::kGraphTrace:
      return graph_launch(record, event);
    case abi::kSynchronization:
      return synchronization(record, event);
    case abi::kCudaEvent:
      return cuda_event(record, layout, event);
    case abi::kMemory:
      return memory(record, event);
    case abi::kMemoryPool:
      return memory_pool(record, event);
    case abi::kJit:
      return jit(record, event);
    case abi::kEnvironment:
      return environment(record, event);
    case abi::kDevice:
    case abi::kContext:
    case abi::kStream:
    case abi::kName:
      return Translation::kMetadata;
    default:
      return Translation::kUnknown;
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
