// SPDX-License-Identifier: Apache-2.0
#include "trace/kinds.hpp"

namespace stepscope::trace {
namespace {

using C = ColumnType;
using E = Encoding;

constexpr Column kStart{"start_ns", C::kTime, E::kDelta};
constexpr Column kDur{"dur_ns", C::kDuration, E::kVarint};
constexpr Column kName{"name", C::kString, E::kDict};

// One kind is one paragraph: the table is read more often than written.
// clang-format off
constexpr KindInfo kKinds[] = {
    {Kind::kKernel, "kernel", "One GPU kernel execution.", 10,
     {kStart, kDur, kName, {"device", C::kUint, E::kDict}, {"stream", C::kUint, E::kDict},
      {"correlation", C::kUint, E::kDelta}, {"graph", C::kUint, E::kDict}, {"graph_node", C::kUint, E::kDict},
      {"context", C::kUint, E::kDict}, {"signature", C::kString, E::kDict}}},
    {Kind::kMemcpy, "memcpy", "One GPU copy.", 14,
     {kStart, kDur, {"copy_kind", C::kUint, E::kDict}, {"bytes", C::kBytes, E::kDict},
      {"device", C::kUint, E::kDict}, {"stream", C::kUint, E::kDict}, {"correlation", C::kUint, E::kDelta},
      {"peer_device", C::kUint, E::kDict}, {"context", C::kUint, E::kDict}, {"src_kind", C::kUint, E::kDict},
      {"dst_kind", C::kUint, E::kDict}, {"flags", C::kUint, E::kDict}, {"graph", C::kUint, E::kDict},
      {"graph_node", C::kUint, E::kDict}}},
    {Kind::kMemset, "memset", "One GPU memset.", 10,
     {kStart, kDur, {"bytes", C::kBytes, E::kDict}, {"device", C::kUint, E::kDict},
      {"stream", C::kUint, E::kDict}, {"correlation", C::kUint, E::kDelta}, {"context", C::kUint, E::kDict},
      {"memory_kind", C::kUint, E::kDict}, {"graph", C::kUint, E::kDict}, {"graph_node", C::kUint, E::kDict}}},
    {Kind::kCudaApi, "cuda_api", "One CUDA runtime or driver call on a host thread.", 5,
     {kStart, kDur, kName, {"correlation", C::kUint, E::kDelta}, {"result", C::kInt, E::kDict}}},
    {Kind::kSync, "sync", "One CUDA synchronisation.", 8,
     {kStart, kDur, {"sync_type", C::kUint, E::kDict}, {"device", C::kUint, E::kDict},
      {"stream", C::kUint, E::kDict}, {"correlation", C::kUint, E::kDelta}, {"context", C::kUint, E::kDict},
      {"event", C::kUint, E::kDict}}},
    {Kind::kRange, "range", "A named span of host time: NVTX, C API.", 9,
     {kStart, kDur, kName, {"domain", C::kString, E::kDict}, {"category", C::kString, E::kDict},
      {"source", C::kUint, E::kDict}, {"flags", C::kUint, E::kDict}, {"payload_type", C::kUint, E::kDict},
      {"payload", C::kInt, E::kVarint}}},
    {Kind::kCollective, "collective", "One collective or point-to-point operation of this rank.", 18,
     {kStart, kDur, {"op", C::kString, E::kDict}, {"comm", C::kUint, E::kDict}, {"seq", C::kUint, E::kDelta},
      {"bytes", C::kBytes, E::kDict}, {"dtype", C::kString, E::kDict}, {"ranks", C::kUint, E::kDict},
      {"rank", C::kInt, E::kDict}, {"peer", C::kInt, E::kDict}, {"source", C::kUint, E::kDict},
      {"count", C::kUint, E::kDict}, {"algo", C::kString, E::kDict}, {"proto", C::kString, E::kDict},
      {"channels", C::kUint, E::kDict}, {"enqueue_ns", C::kTime, E::kDelta}, {"kernel", C::kUint, E::kDelta},
      {"flags", C::kUint, E::kDict}}},
    {Kind::kBatch, "batch",
     "One batch as its consumer saw it; start and dur are the consumer's wait in the iterator's next().", 15,
     {kStart, kDur, {"loader", C::kUint, E::kDict}, {"epoch", C::kUint, E::kDict}, {"task", C::kInt, E::kDelta},
      {"worker", C::kInt, E::kDict}, {"workers", C::kUint, E::kDict}, {"dispatch_ns", C::kTime, E::kDelta},
      {"arrive_ns", C::kTime, E::kDelta}, {"pin_ns", C::kDuration, E::kVarint},
      {"out_of_order", C::kUint, E::kDict}, {"fetch_ns", C::kDuration, E::kVarint},
      {"collate_ns", C::kDuration, E::kVarint}, {"items", C::kUint, E::kDict}, {"flags", C::kUint, E::kDict}}},
    {Kind::kPythonSample, "python_sample", "One sampled Python stack of the main thread.", 3,
     {kStart, kDur, {"stack", C::kString, E::kDict}}},
    {Kind::kGc, "gc", "One pause of Python's cyclic garbage collector.", 5,
     {kStart, kDur, {"generation", C::kUint, E::kDict}, {"collected", C::kUint, E::kVarint},
      {"uncollectable", C::kUint, E::kVarint}}},
    {Kind::kIo, "io", "One input or output operation.", 5,
     {kStart, kDur, {"op", C::kString, E::kDict}, {"bytes", C::kBytes, E::kVarint},
      {"path", C::kString, E::kDict}}},
    {Kind::kCounter, "counter", "One sample of a counter; the value is since the process started, or a level.", 4,
     {kStart, kName, {"value", C::kReal, E::kDelta}, {"subject", C::kUint, E::kDict}}},
    {Kind::kInstant, "instant", "A named moment: NVTX mark, C API mark.", 7,
     {kStart, kName, {"domain", C::kString, E::kDict}, {"category", C::kString, E::kDict},
      {"source", C::kUint, E::kDict}, {"payload_type", C::kUint, E::kDict}, {"payload", C::kInt, E::kVarint}}},
    {Kind::kFlow, "flow", "Ties two events by an id: launch to kernel, send to receive.", 4,
     {kStart, {"flow_kind", C::kUint, E::kDict}, {"flow_id", C::kUint, E::kDelta},
      {"direction", C::kUint, E::kDict}}},
    {Kind::kStep, "step", "A step boundary: a step runs from one boundary to the next.", 5,
     {kStart, {"index", C::kInt, E::kDelta}, {"source", C::kUint, E::kDict}, kName,
      {"micro_steps", C::kUint, E::kDict}}},
    {Kind::kPhase, "phase", "What the framework was doing: backward, optimizer, checkpoint, import, ...", 6,
     {kStart, kDur, kName, {"op", C::kUint, E::kDict}, {"source", C::kUint, E::kDict},
      {"flags", C::kUint, E::kDict}}},
    {Kind::kHealth, "health", "One reading of a device's health: clock, temperature, power, throttle reason.", 4,
     {kStart, kName, {"value", C::kReal, E::kDelta}, {"device", C::kUint, E::kDict}}},
    {Kind::kExit, "exit", "How the process ended, when it could still say so.", 3,
     {kStart, {"code", C::kInt, E::kDict}, {"how", C::kString, E::kDict}}},
    {Kind::kBatchFetch, "batch_fetch",
     "One batch as its worker made it; dur spans fetch and collate.", 16,
     {kStart, kDur, {"loader", C::kUint, E::kDict}, {"epoch", C::kUint, E::kDict}, {"task", C::kInt, E::kDelta},
      {"worker", C::kInt, E::kDict}, {"collate_ns", C::kDuration, E::kVarint},
      {"received_ns", C::kTime, E::kDelta}, {"put_ns", C::kTime, E::kDelta},
      {"cpu_ns", C::kDuration, E::kVarint}, {"runq_ns", C::kDuration, E::kVarint},
      {"read_bytes", C::kBytes, E::kVarint}, {"major_faults", C::kUint, E::kVarint},
      {"items", C::kUint, E::kDict}, {"throttled_ns", C::kDuration, E::kVarint}, {"tokens", C::kUint, E::kDict}}},
    {Kind::kOverhead, "overhead", "Time that recording itself took inside CUDA, as CUPTI reports it.", 3,
     {kStart, kDur, kName}},
    {Kind::kGraphLaunch, "graph_launch", "One launch of a CUDA graph whose nodes are not recorded one by one.", 8,
     {kStart, kDur, {"graph", C::kUint, E::kDict}, {"device", C::kUint, E::kDict}, {"stream", C::kUint, E::kDict},
      {"correlation", C::kUint, E::kDelta}, {"context", C::kUint, E::kDict}, {"nodes", C::kUint, E::kDict}}},
    {Kind::kCudaEvent, "cuda_event", "One record of a CUDA event into a stream.", 6,
     {kStart, {"event", C::kUint, E::kDict}, {"device", C::kUint, E::kDict}, {"stream", C::kUint, E::kDict},
      {"context", C::kUint, E::kDict}, {"correlation", C::kUint, E::kDelta}}},
    {Kind::kExternalId, "external_id", "Ties the CUDA calls of a thread to an id that another tool pushed around them.", 4,
     {kStart, {"correlation", C::kUint, E::kDelta}, {"external_kind", C::kUint, E::kDict},
      {"external_id", C::kUint, E::kDelta}}},
    {Kind::kMemory, "memory", "One allocation or release of device or pinned memory.", 9,
     {kStart, {"operation", C::kUint, E::kDict}, {"memory_kind", C::kUint, E::kDict},
      {"bytes", C::kBytes, E::kDict}, {"address", C::kUint, E::kDelta}, {"device", C::kUint, E::kDict},
      {"context", C::kUint, E::kDict}, {"stream", C::kUint, E::kDict}, {"correlation", C::kUint, E::kDelta}}},
    {Kind::kJit, "jit", "One compilation or cache access of the CUDA driver's just-in-time compiler.", 6,
     {kStart, kDur, kName, {"device", C::kUint, E::kDict}, {"correlation", C::kUint, E::kDelta},
      {"cache_bytes", C::kBytes, E::kVarint}}},
    {Kind::kCommunicator, "communicator", "The set-up of one communicator by this rank.", 10,
     {kStart, kDur, kName, {"comm", C::kUint, E::kDict}, {"ranks", C::kUint, E::kDict}, {"rank", C::kInt, E::kDict},
      {"nodes", C::kUint, E::kDict}, {"transport", C::kString, E::kDict}, {"source", C::kUint, E::kDict},
      {"dur_source", C::kUint, E::kDict}}},
    {Kind::kStepWork, "step_work", "How much work the program did in the step under way; a step's rows add up.", 3,
     {kStart, {"samples", C::kUint, E::kDict}, {"tokens", C::kUint, E::kDict}}},
};
// clang-format on

}  // namespace

const KindInfo* kinds_begin() noexcept {
  return kKinds;
}

const KindInfo* kinds_end() noexcept {
  return kKinds + sizeof(kKinds) / sizeof(kKinds[0]);
}

const KindInfo* find_kind(uint16_t id) noexcept {
  for (const KindInfo& kind : kKinds) {
    if (static_cast<uint16_t>(kind.id) == id) {
      return &kind;
    }
  }
  return nullptr;
}

}  // namespace stepscope::trace
