// SPDX-License-Identifier: Apache-2.0
//
// The libcuda stand-in: devices, contexts, streams and graphs.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/fakes/cuda/cuda_state.hpp"

namespace fakecuda {
namespace {

constexpr uint32_t kNullStreamId = 7;  // as the real CUPTI calls it
constexpr uint32_t kNullStreamFlag = 3;

void told(const ResourceEvent& event) {
  if (const ProfilerHooks* profiler = hooks()) {
    profiler->resource(&event);
  }
}

uint32_t node_type(WorkType type) {
  switch (type) {
    case WorkType::kKernel:
      return 0;
    case WorkType::kMemcpy:
    case WorkType::kPeerCopy:
      return 1;
    case WorkType::kMemset:
      return 2;
  }
  return 0;
}

void launch_call(const GraphExec& graph, Stream& stream, uint32_t correlation, Execution* done) {
  std::vector<Execution> executions;
  executions.reserve(graph.nodes.size());
  uint64_t submitted = now_ns();
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    Execution execution = place(stream, graph.nodes[i], correlation, submitted);
    execution.graph_id = graph.id;
    execution.node_id = graph.first_node + i;
    executions.push_back(execution);
  }
  if (const ProfilerHooks* profiler = hooks()) {
    GraphLaunch launch{executions.data(), executions.size(), graph.id};
    profiler->graph_launch(&launch);
  }
  if (done != nullptr) {
    std::copy(executions.begin(), executions.end(), done);
  }
}

}  // namespace

uint32_t device_count() {
  const char* text = getenv("FAKE_CUDA_DEVICES");
  return text == nullptr ? 1 : static_cast<uint32_t>(strtoul(text, nullptr, 10));
}

Context* create_context(uint32_t device) {
  if (!usable() || device >= device_count()) {
    return nullptr;
  }
  auto* context = new Context;
  {
    std::lock_guard<std::mutex> guard(state().lock);
    context->info = {context, ++state().last_context, device, kNullStreamId};
    Stream& stream = context->null_stream;
    stream.info = {&stream, kNullStreamId, context->info.id, 0, kNullStreamFlag};
    stream.context = context;
    state().contexts.push_back(context);
    state().streams.push_back(&stream);
  }
  ResourceEvent event;
  event.what = Resource::kContextCreated;
  event.context = context->info;
  event.stream = context->null_stream.info;
  told(event);
  return context;
}

void destroy_context(Context* context) {
  if (!usable()) {
    return;
  }
  ResourceEvent event;
  event.what = Resource::kContextDestroyed;
  event.context = context->info;
  told(event);
  // Kept, as others may still hold it; only forgotten.
  std::lock_guard<std::mutex> guard(state().lock);
  std::erase(state().contexts, context);
}

Stream* create_stream(Context* context, uint32_t priority) {
  if (!usable() || context == nullptr) {
    return nullptr;
  }
  auto* stream = new Stream;
  {
    std::lock_guard<std::mutex> guard(state().lock);
    stream->info = {stream, ++state().last_stream, context->info.id, priority, 1};
    stream->context = context;
    state().streams.push_back(stream);
  }
  ResourceEvent event;
  event.what = Resource::kStreamCreated;
  event.context = context->info;
  event.stream = stream->info;
  told(event);
  return stream;
}

Stream* null_stream(Context* context) {
  return &context->null_stream;
}

GraphExec* instantiate(Context* context, const Work* nodes, size_t count) {
  if (!usable() || context == nullptr) {
    return nullptr;
  }
  auto* graph = new GraphExec;
  graph->context = context;
  graph->nodes.assign(nodes, nodes + count);
  {
    std::lock_guard<std::mutex> guard(state().lock);
    graph->graph.id = ++state().last_graph;
    graph->id = ++state().last_graph;
    graph->first_node = state().last_node + 1;
    state().last_node += count;
  }
  ResourceEvent event;
  event.context = context->info;
  event.graph = &graph->graph;
  for (const Work& node : graph->nodes) {
    event.what = Resource::kGraphNodeCreated;
    event.node_type = node_type(node.type);
    told(event);
  }
  event.what = Resource::kGraphExecCreated;
  event.graph_exec = graph;
  told(event);
  return graph;
}

int launch_graph(GraphExec* graph, Stream* stream, Through through, Execution* done) {
  if (!usable()) {
    return kNotInitialized;
  }
  GraphLaunchParams params = {graph, stream};
  if (through == Through::kDriver) {
    Call driver(kDriverApi, cbid::kCuGraphLaunch, "cuGraphLaunch", graph->context, nullptr, &params);
    launch_call(*graph, *stream, driver.correlation(), done);
    return 0;
  }
  Call runtime(kRuntimeApi, cbid::kCudaGraphLaunch, "cudaGraphLaunch", graph->context, nullptr, &params);
  NestedCall driver(kDriverApi, cbid::kCuGraphLaunch, "cuGraphLaunch", graph->context, nullptr, &params);
  launch_call(*graph, *stream, runtime.correlation(), done);
  return 0;
}

void destroy_graph(GraphExec* graph) {
  ResourceEvent event;
  event.what = Resource::kGraphExecDestroyed;
  event.context = graph->context->info;
  event.graph = &graph->graph;
  event.graph_exec = graph;
  told(event);
  delete graph;
}

size_t devices(DeviceInfo* out, size_t capacity) {
  size_t count = std::min<size_t>(device_count(), capacity);
  for (size_t i = 0; i < count; ++i) {
    DeviceInfo& device = out[i];
    device.id = static_cast<uint32_t>(i);
    device.name = "Fake GPU F100";
    device.memory_bytes = 80ULL << 30;
    device.multiprocessors = 132;
    for (size_t byte = 0; byte < sizeof(device.uuid); ++byte) {
      device.uuid[byte] = static_cast<uint8_t>(0x10 * (i + 1) + byte);
    }
  }
  return count;
}

size_t contexts(ContextInfo* out, size_t capacity) {
  std::lock_guard<std::mutex> guard(state().lock);
  size_t count = std::min(state().contexts.size(), capacity);
  std::transform(state().contexts.begin(), state().contexts.begin() + static_cast<ptrdiff_t>(count), out,
                 [](const Context* context) { return context->info; });
  return count;
}

size_t streams(StreamInfo* out, size_t capacity) {
  std::lock_guard<std::mutex> guard(state().lock);
  size_t count = std::min(state().streams.size(), capacity);
  std::transform(state().streams.begin(), state().streams.begin() + static_cast<ptrdiff_t>(count), out,
                 [](const Stream* stream) { return stream->info; });
  return count;
}

}  // namespace fakecuda
